"""A function that grants leases by the real rules, on a clock that can be moved, and mints at Gemini's stand-in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import requests

from live_tokens.errors import QuotaExceeded, SessionEnded
from live_tokens.issuing import Lease, Profile, Quota, SessionCall
from live_tokens.sessions import Account, end, grant
from live_tokens_operations.client.mint_client import Answer

KEY = "local-gemini-key"
MODEL = "models/gemini-3.8-live"
PROFILE = Profile(
    "leased",
    MODEL,
    start_within=timedelta(seconds=60),
    session=timedelta(seconds=3600),
    lease=timedelta(seconds=600),
    config={},
    quota=Quota(sessions_at_once=1),
)
SETUP = {
    "model": MODEL,
    "generationConfig": {"responseModalities": ["AUDIO"]},
    "outputAudioTranscription": {},
    "sessionResumption": {},
}


@dataclass(slots=True)
class MadeUpFunction:
    """Answers the calls of one user.

    Attributes:
        gemini: `host:port` of the stand-in.
        later: what its clock is ahead of the time.
        blocked: whether it refuses.
        outages: how many of the next calls fail.
        window: from `renewAfter` to `renewBefore`, if another than the real one.
        calls: the `data` of each call.
        kinds: of the leases.
    """

    gemini: str
    later: timedelta = timedelta()
    blocked: bool = False
    outages: int = 0
    window: timedelta | None = None
    calls: list[dict[str, str]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    _account: Account = field(default_factory=Account)
    _ids: count = field(default_factory=count)  # type: ignore[type-arg]

    @property
    def open_sessions(self) -> int:
        return len(self._account.sessions)

    def call(self, data: Mapping[str, str]) -> Answer:
        self.calls.append(dict(data))
        if "end" in data:
            self._account = end(self._account, data["end"])
            return _answer(200, {"result": {"ended": data["end"]}})
        if self.outages:
            self.outages -= 1
            return _refusal("GEMINI_UNAVAILABLE", 503)
        if self.blocked:
            return _refusal("USER_BLOCKED")
        now = datetime.now(UTC) + self.later
        session_call = SessionCall(data.get("session"), "resumptionHandle" in data)
        try:
            self._account, granted = grant(PROFILE, session_call, self._account, now, f"session-{next(self._ids)}")
        except (QuotaExceeded, SessionEnded) as error:
            return _refusal(error.reason)
        assert granted.lease is not None
        self.kinds.append(granted.lease.kind)
        return _answer(200, {"result": self._result(granted.lease, data.get("resumptionHandle"), now)})

    def _result(self, lease: Lease, handle: str | None, now: datetime) -> dict[str, Any]:
        token = self._mint(handle)
        method = "google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContentConstrained"
        assert lease.renew_after is not None
        renew_before = lease.renew_before if self.window is None else lease.renew_after + self.window
        assert renew_before is not None
        return {
            "token": token,
            "websocketUrl": f"ws://{self.gemini}/ws/{method}?access_token={token}",
            "setup": {"model": MODEL},
            "issuedAt": now.replace(microsecond=0).isoformat(),
            "expireTime": lease.ends.isoformat(),
            "session": {
                "id": lease.session,
                "renewAfter": lease.renew_after.isoformat(),
                "renewBefore": renew_before.isoformat(),
            },
        }

    def _mint(self, handle: str | None) -> str:
        setup = SETUP | {"sessionResumption": {"handle": handle} if handle else {}}
        response = requests.post(
            f"http://{self.gemini}/v1beta/auth_tokens",
            json={"uses": 1, "bidiGenerateContentSetup": setup},
            headers={"x-goog-api-key": KEY},
            timeout=10,
        )
        response.raise_for_status()
        token: str = response.json()["name"]
        return token


def _refusal(reason: str, status: int = 403) -> Answer:
    error = {"status": "PERMISSION_DENIED", "message": "No.", "details": {"reason": reason}}
    return _answer(status, {"error": error})


def _answer(status: int, body: dict[str, Any]) -> Answer:
    now = datetime.now(UTC)
    return Answer(status, {}, body, now, now)
