"""Whether the new revision gets the traffic."""

from __future__ import annotations

from live_tokens_operations.checks.deployment import look_at_service
from live_tokens_operations.checks.traffic import Traffic
from live_tokens_operations.deploy.errors import HeldBackError, UnansweredError
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Found, Looks, Unseen
from live_tokens_operations.remedies import command, release


def require_newest_to_serve(api: Looks, project: str, region: str, service: str) -> None:
    """Check that all traffic goes to the newest revision that is ready.

    Raises:
        HeldBackError: some traffic goes to another revision.
        UnansweredError: the traffic could not be read.
    """
    look = look_at_service(api, project, region, service)
    if not isinstance(look, Found):
        why = f"{look.why}\n{look.remedy}".rstrip() if isinstance(look, Unseen) else "there is no such service"
        raise UnansweredError(f"The traffic of {service} could not be read: {why}")
    traffic = Traffic.of(look.body)
    if traffic.shares == {traffic.ready: 100}:
        return
    held = ", ".join(f"{revision} ({percent} %)" for revision, percent in sorted(traffic.shares.items()))
    raise HeldBackError(
        f"The settings are applied to {traffic.ready}, but traffic is pinned to {held or 'nothing'}. "
        "Either a release failed, or an operator rolled back. The smoke test did not run.\n"
        f"To test the code of this checkout with these settings, and move traffic if it passes: "
        f"{release(project, region)}\n"
        "If this was a rollback, and the newest revision works: "
        f"{command(gcloud_commands.move_traffic_to_latest(project, region, service))}"
    )
