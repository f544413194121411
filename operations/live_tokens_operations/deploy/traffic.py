"""Whether what was deployed serves."""

from __future__ import annotations

from dataclasses import dataclass

from live_tokens_operations.checks.deployment import look_at_service
from live_tokens_operations.checks.traffic import Traffic
from live_tokens_operations.deploy.errors import HeldBackError, ProgramError
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Found, Looks, Unseen
from live_tokens_operations.remedies import command, release


@dataclass(frozen=True, slots=True)
class Service:
    """The Cloud Run service under the function."""

    api: Looks
    name: str
    project: str
    region: str

    def require_newest_to_serve(self) -> None:
        """Make sure that all traffic goes to the newest revision that is ready.

        Raises:
            HeldBackError: some goes to another one.
            ProgramError: nobody could see.
        """
        look = look_at_service(self.api, self.project, self.region, self.name)
        if not isinstance(look, Found):
            why = f"{look.why}\n{look.remedy}".rstrip() if isinstance(look, Unseen) else "there is no such service"
            raise ProgramError(f"Which revision of {self.name} serves could not be looked at: {why}")
        traffic = Traffic.of(look.body)
        if traffic.shares != {traffic.ready: 100}:
            raise HeldBackError(self._held_back(traffic))

    def _held_back(self, traffic: Traffic) -> str:
        held = ", ".join(f"{revision} ({percent} %)" for revision, percent in sorted(traffic.shares.items()))
        return (
            f"The settings are applied, but they are in {traffic.ready}, and traffic is held on {held or 'nothing'}: "
            "a release has failed, or somebody went back to an older revision. The smoke test was not made.\n"
            f"To try the code of this checkout with these settings, and move traffic if it passes: "
            f"{release(self.project, self.region)}\n"
            "If you only went back, and the newest revision is good: "
            f"{command(gcloud_commands.move_traffic_to_latest(self.project, self.region, self.name))}"
        )
