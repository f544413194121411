"""Verifies App Check tokens with firebase-admin, and spends them.

Source: https://firebase.google.com/docs/app-check/custom-resource-backend
"""

from __future__ import annotations

import uuid

import firebase_admin
import jwt
from firebase_admin import app_check
from google.auth.exceptions import GoogleAuthError

from live_tokens.deadline import Deadline
from live_tokens.errors import (
    AppCheckFault,
    AppCheckInvalid,
    AppCheckMissing,
    AppCheckReplayed,
    AppCheckUnavailable,
)
from live_tokens.firebase_backend import BackendError, FirebaseBackend, Uncredentialed
from live_tokens.issuing import AppCheck, Attestation

_APP_CHECK = "firebaseappcheck.googleapis.com"

# Fetching the keys cannot be given a deadline (the library takes 30 s), so the whole verification has one.
_VERIFICATION_SECONDS = 6
_LONGEST_TOKEN = 8_192
_THREADS = 32


class AppCheckOff:
    """An `AppCheck` that asks nobody."""

    def attest(self, token: str | None) -> Attestation:  # noqa: ARG002  # as the port has it
        """See `AppCheck.attest`."""
        return Attestation("off")


class FirebaseAppCheck:
    """An `AppCheck` that accepts the App Check tokens of one Firebase project.

    Args:
        project_id: the Firebase project.
        consume: spend limited-use tokens: a token is good for one call. Costs a request to App Check for each.
        allowed_app_ids: Firebase app ids, or empty for all apps of the project.
    """

    def __init__(self, project_id: str, *, consume: bool, allowed_app_ids: frozenset[str]) -> None:
        self._consume = consume
        self._allowed_app_ids = allowed_app_ids
        # The library finds its apps by a name that is unique in the process.
        self._app = firebase_admin.initialize_app(
            Uncredentialed(), {"projectId": project_id}, name=f"app-check-{uuid.uuid4().hex}"
        )
        self._deadline = Deadline(_VERIFICATION_SECONDS, _THREADS)
        self._backend = FirebaseBackend(emulated=False)
        self._consume_url = f"https://{_APP_CHECK}/v1beta/projects/{project_id}:verifyAppCheckToken"

    def attest(self, token: str | None) -> Attestation:
        """See `AppCheck.attest`."""
        if token is None:
            raise AppCheckMissing
        if len(token) > _LONGEST_TOKEN or token.count(".") != 2:
            raise AppCheckInvalid("not a JWT")
        try:
            return Attestation("valid", self._deadline.run(lambda: self._attested_app_id(token)))
        except TimeoutError as error:
            raise AppCheckUnavailable("deadline") from error

    def _attested_app_id(self, token: str) -> str:
        app_id = self._verified_app_id(token)
        if self._allowed_app_ids and app_id not in self._allowed_app_ids:
            raise AppCheckInvalid("app not in APP_CHECK_ALLOWED_APP_IDS")
        if self._consume and self._was_consumed(token):
            raise AppCheckReplayed
        return app_id

    def _verified_app_id(self, token: str) -> str:
        try:
            app_id = app_check.verify_token(token, self._app)["app_id"]
        except jwt.PyJWKClientError as error:
            # An unknown key id is the token's fault; all else of this class is about fetching the keys.
            if str(error).startswith("Unable to find a signing key"):
                raise AppCheckInvalid("unknown key id") from error
            raise AppCheckUnavailable(f"keys: {type(error).__name__}") from error
        except (jwt.PyJWTError, GoogleAuthError, OSError, TypeError) as error:
            raise AppCheckUnavailable(f"keys: {type(error).__name__}") from error
        except AttributeError as error:  # the library takes for granted that the issuer is a text
            raise AppCheckInvalid(type(error).__name__) from error
        except ValueError as error:
            # json's and UTF-8's own errors come from unreadable keys; those of a bad token are plain.
            if type(error) is not ValueError:
                raise AppCheckUnavailable(f"keys: {type(error).__name__}") from error
            raise AppCheckInvalid(type(error.__cause__ or error).__name__) from error
        if not isinstance(app_id, str) or not app_id:
            raise AppCheckInvalid("no app")
        return app_id

    def _was_consumed(self, token: str) -> bool:
        """Spend a token, in one attempt, and return whether it was spent before.

        The library's own way retries, and a second attempt finds spent what the first one spent.

        Source: https://firebase.google.com/docs/reference/appcheck/rest/v1beta/projects/verifyAppCheckToken
        """
        try:
            answer = self._backend.post(self._consume_url, {"app_check_token": token})
        except BackendError as error:
            raise AppCheckUnavailable(f"consumption: {error}") from error
        return bool(answer.get("alreadyConsumed"))


class MonitoredAppCheck:
    """An `AppCheck` that tells what another one says, and refuses nobody.

    Args:
        app_check: the one that would refuse.
    """

    def __init__(self, app_check: AppCheck) -> None:
        self._app_check = app_check

    def attest(self, token: str | None) -> Attestation:
        """See `AppCheck.attest`."""
        try:
            return self._app_check.attest(token)
        except AppCheckFault as error:
            return Attestation(error.state)
