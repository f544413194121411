"""Reads the ID tokens of the Auth emulator, which does not sign them.

`main` imports this file, and firebase-admin with it, in front of the emulator only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import firebase_admin
from firebase_admin import auth, credentials
from firebase_admin.exceptions import FirebaseError
from google.auth.credentials import AnonymousCredentials

from live_tokens.deadline import Deadline
from live_tokens.errors import IdTokenInvalid
from live_tokens.firebase_jwt import UNREADABLE


class EmulatedIdTokens:
    """`IdTokens` of one project in the emulator.

    firebase-admin knows how to read them; it finds the emulator in FIREBASE_AUTH_EMULATOR_HOST by itself.
    """

    def __init__(self, project_id: str) -> None:
        # An App of our own, unregistered: initialize_app() would claim a name for the whole process.
        self._verifier = auth.Client(firebase_admin.App("live-tokens", _Uncredentialed(), {"projectId": project_id}))

    def claims_of(self, id_token: str, deadline: Deadline) -> Mapping[str, Any]:  # noqa: ARG002  # makes no request
        """Read the claims. There is nothing to verify but whom they are for."""
        try:
            claims: Mapping[str, Any] = self._verifier.verify_id_token(id_token)
        except (FirebaseError, *UNREADABLE) as error:
            raise IdTokenInvalid(type(error).__name__) from error
        return claims


class _Uncredentialed(credentials.Base):  # type: ignore[misc]  # published without types
    """For firebase-admin, which wants a credential even for what needs none."""

    def get_credential(self) -> AnonymousCredentials:
        """Return what is never used."""
        return AnonymousCredentials()  # type: ignore[no-untyped-call]  # google-auth leaves it untyped
