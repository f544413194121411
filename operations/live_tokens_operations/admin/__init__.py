"""The operator's command: stop and go on without a deployment, see today's heaviest callers, forget a quota."""
