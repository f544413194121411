"""Stop and resume the service without a deployment, show what callers take and have left, reset a quota."""
