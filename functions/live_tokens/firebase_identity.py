"""Tells who a caller is: the claims of their ID token, and whether Firebase still stands by the sign-in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from live_tokens.deadline import Deadline
from live_tokens.errors import IdentityUnavailable, IdTokenInvalid, IdTokenRevoked, UserDisabled, UserNotAllowed
from live_tokens.firebase_id_tokens import IdTokens
from live_tokens.issuing import Caller
from live_tokens.upstream import Upstream
from live_tokens.upstream_errors import UpstreamError

LOOK_UP_SECONDS = 2.0

# What a look-up answers with, users or none. Believed of Google, and not measured: the live smoke test asks.
# Source: https://cloud.google.com/identity-platform/docs/reference/rest/v1/GetAccountInfoResponse
LOOK_UP_KIND = "identitytoolkit#GetAccountInfoResponse"

_IDENTITY_TOOLKIT = "identitytoolkit.googleapis.com"
_SECONDS = re.compile(r"[0-9]{1,12}")


class FirebaseIdentity:
    """An `Identity` that accepts the ID tokens of one Firebase project.

    Args:
        look_up: asked, for every call, if the user was deleted, disabled or signed out everywhere; None to not ask.
        emulator_host: `host:port` of the Auth emulator, or None for Google.
    """

    def __init__(
        self,
        project_id: str,
        id_tokens: IdTokens,
        look_up: Upstream | None,
        emulator_host: str | None = None,
    ) -> None:
        self._id_tokens = id_tokens
        self._look_up = look_up
        # The emulator takes this word for the credentials of an administrator.
        self._headers = {"Authorization": "Bearer owner"} if emulator_host else {}
        host = f"http://{emulator_host}/{_IDENTITY_TOOLKIT}" if emulator_host else f"https://{_IDENTITY_TOOLKIT}"
        self._look_up_url = f"{host}/v1/projects/{project_id}/accounts:lookup"

    def verify(self, id_token: str, deadline: Deadline) -> Caller:
        claims = self._id_tokens.claims_of(id_token, deadline)
        firebase = claims.get("firebase", {})
        if not isinstance(firebase, dict) or not isinstance(firebase.get("sign_in_provider", ""), str):
            raise IdTokenInvalid("firebase claim of another form")
        if "tenant" in firebase:
            raise UserNotAllowed("This account cannot be used here.", "user of a tenant")
        if self._look_up is not None:
            _refuse_ended_sign_in(claims, self._standing(self._look_up, claims["sub"], deadline))
        return Caller(
            uid=claims["sub"],
            sign_in_provider=firebase.get("sign_in_provider", "unknown"),
            email_verified=claims.get("email_verified") is True,
            claims=claims,
        )

    def _standing(self, look_up: Upstream, uid: str, deadline: Deadline) -> _Standing | None:
        """Look the user up; None if there is no such user.

        firebase-admin asks the same, but it retries, and sleeps between for as long as a Retry-After says.

        Source: https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts/lookup
        """
        try:
            answer = look_up.ask("POST", self._look_up_url, deadline, self._headers, {"localId": [uid]})
            return _standing_in(answer.json_object(), uid)
        except UpstreamError as error:
            raise IdentityUnavailable(f"user look-up: {error}", error.retry_after) from error


@dataclass(frozen=True, slots=True)
class _Standing:
    """Whether a user may go on. `valid_since` is in seconds since the epoch; older sign-ins have ended."""

    disabled: bool
    valid_since: int


def _refuse_ended_sign_in(claims: Mapping[str, Any], standing: _Standing | None) -> None:
    if standing is None:
        raise IdTokenRevoked("user deleted")
    if standing.disabled:
        raise UserDisabled
    if claims["iat"] < standing.valid_since:
        raise IdTokenRevoked


def _standing_in(answer: Mapping[str, object], uid: str) -> _Standing | None:
    """Read a look-up's answer.

    Raises:
        UpstreamError: the answer has another form. If in doubt, report an outage, never an ended sign-in.
    """
    if answer.get("kind") != LOOK_UP_KIND:
        raise UpstreamError("an answer of another kind")
    match answer.get("users", []):
        case []:
            return None
        case [{"localId": local_id, **user}] if local_id == uid:
            disabled, valid_since = user.get("disabled", False), user.get("validSince", "0")
            if isinstance(disabled, bool) and isinstance(valid_since, str) and _SECONDS.fullmatch(valid_since):
                return _Standing(disabled, int(valid_since))
    raise UpstreamError("unreadable user")
