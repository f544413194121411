"""The second half of the demo: who is refused, quotas, and stop switches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.narrator import Narrator
from firebase_sign_in import sign_up
from live_tokens_operations.client.mint_client import MintClient

TWO_PER_HOUR_PROFILE = "two-per-hour"
TWO_PER_HOUR_TOML = """
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 60
session_seconds = 60
[quota]
per_hour = 2
[config]
response_modalities = ["AUDIO"]
"""


@dataclass(frozen=True, slots=True)
class RefusalsAndQuotas:
    """Runs these steps.

    Args:
        auth_host: `host:port` of the Auth emulator.
        switches_file: where the local stack looks for stop switches.
    """

    auth_host: str
    narrator: Narrator
    mint: MintClient
    switches_file: Path

    def run(self) -> None:
        """Run all steps.

        Raises:
            UnexpectedBehaviourError: a step did not behave as described.
        """
        self._refuse_an_anonymous_caller()
        self._keep_a_profile_to_itself()
        self._run_out_of_quota()
        self._pause()
        self._block()

    def _refuse_an_anonymous_caller(self) -> None:
        self.narrator.step("An anonymous user calls")
        refusal = self.mint.refusal(sign_up(self.auth_host, anonymous=True).id_token, {})
        self.narrator.expect(refusal.reason == "USER_NOT_ALLOWED", f"{refusal}: {refusal.message}")

    def _keep_a_profile_to_itself(self) -> None:
        self.narrator.step("A user asks for “tutor”, a profile of another plan, and for a profile that does not exist")
        user = sign_up(self.auth_host)
        tutor, unknown = (self.mint.refusal(user.id_token, {"profile": name}) for name in ("tutor", "no-such-profile"))
        self.narrator.expect(tutor == unknown, f"Both get the same answer, which reveals no names: {tutor}")

    def _run_out_of_quota(self) -> None:
        self.narrator.step(f"A user calls three times with the profile “{TWO_PER_HOUR_PROFILE}”")
        user = sign_up(self.auth_host)
        for _ in range(2):
            remaining = self.mint.token(user.id_token, {"profile": TWO_PER_HOUR_PROFILE})["quota"]["remaining"]
            self.narrator.good(f"a token, {remaining} left")
        refusal = self.mint.refusal(user.id_token, {"profile": TWO_PER_HOUR_PROFILE})
        as_described = refusal.reason == "HOURLY_QUOTA_EXCEEDED" and refusal.retry_after_seconds is not None
        self.narrator.expect(as_described, f"{refusal}: the exact wait for the next token")

    def _pause(self) -> None:
        self.narrator.step("The operator pauses the service")
        user = sign_up(self.auth_host)
        self._switch({"service": {"message": "We are back at nine."}})
        refusal = self.mint.refusal(user.id_token, {})
        self.narrator.expect(refusal.reason == "SERVICE_PAUSED", f"{refusal}: {refusal.message}")
        self._switch({})
        self.narrator.expect("token" in self.mint.token(user.id_token, {}), "Resumed: the next call gets a token")

    def _block(self) -> None:
        self.narrator.step("The operator blocks one user")
        blocked, other = sign_up(self.auth_host), sign_up(self.auth_host)
        self._switch({"users": {blocked.uid: {}}})
        refusal = self.mint.refusal(blocked.id_token, {})
        self.narrator.expect(refusal.reason == "USER_BLOCKED", f"{refusal}: {refusal.message}")
        self.narrator.expect("token" in self.mint.token(other.id_token, {}), "Everybody else gets a token")
        self._switch({})

    def _switch(self, switches: Mapping[str, object]) -> None:
        self.switches_file.write_text(json.dumps(switches), encoding="utf-8")
