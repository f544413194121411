"""Stop and resume the service without a deployment, list today's heaviest callers, reset a quota."""
