"""A user that the test creates for its run, and deletes at the end."""

from __future__ import annotations

import secrets
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from live_tokens_operations.smoke.id_tokens import IdToken, NoIdTokenError
from live_tokens_operations.smoke.identity_toolkit import IdentityToolkit, SignInError
from live_tokens_operations.smoke.report import Report
from live_tokens_operations.smoke.signers import Signer

# Source: https://firebase.google.com/docs/auth/admin/create-custom-tokens
_AUDIENCE = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"
_LIFETIME_SECONDS = 300


class NewUser(Protocol):
    """Signs in a new user."""

    def sign_in(self, name: str, report: Report) -> str:
        """Return the ID token of a new user.

        Args:
            report: hides the credentials that are used.

        Raises:
            SigningError: no signer is available.
            SignInError: the user was not signed in.
        """


@dataclass(frozen=True, slots=True)
class CustomTokenUser:
    """A user with a custom token of a service account. It works with every sign-in configuration.

    Attributes:
        claims: custom claims of the user, for profiles with rules.
    """

    identity_toolkit: IdentityToolkit
    signer: Signer
    claims: Mapping[str, object]

    def sign_in(self, name: str, report: Report) -> str:
        """Sign in with the name as the uid."""
        now = int(time.time())
        payload: dict[str, object] = {
            "iss": self.signer.email,
            "sub": self.signer.email,
            "aud": _AUDIENCE,
            "iat": now,
            "exp": now + _LIFETIME_SECONDS,
            "uid": name,
        }
        token = self.signer.sign(payload | ({"claims": dict(self.claims)} if self.claims else {}))
        report.hide(token)
        return self.identity_toolkit.sign_in(token)


@dataclass(frozen=True, slots=True)
class PasswordUser:
    """A user who signs up with e-mail and password, as in an app. It needs no signer."""

    identity_toolkit: IdentityToolkit

    def sign_in(self, name: str, report: Report) -> str:
        """Sign up with the name as the address, in a domain without mail."""
        password = secrets.token_urlsafe(24)
        report.hide(password)
        return self.identity_toolkit.sign_up(f"{name}@example.com", password)


@contextmanager
def temporary_user(identity_toolkit: IdentityToolkit, new_user: NewUser, report: Report) -> Iterator[IdToken]:
    """Sign in a new user, and delete it at the end of the block, after an error too.

    Raises:
        SigningError: no signer is available.
        SignInError: the user was not signed in.
    """
    # A new name for each run has the full quota, and cannot be the account of a real user.
    name = f"smoke-test-{secrets.token_hex(8)}"
    id_token = _id_token(new_user.sign_in(name, report))
    try:
        report.hide(id_token.text)
        report.good(f"Signed in as {name}, a user created for this run")
        yield id_token
    finally:
        # The time limit of the run may have passed. The deletion has its own deadline.
        signal.setitimer(signal.ITIMER_REAL, 0)
        _delete(identity_toolkit, id_token, name, report)


def _id_token(text: str) -> IdToken:
    try:
        return IdToken.read(text)
    except NoIdTokenError as error:
        raise SignInError("Firebase Authentication answered with a text that is not an ID token.") from error


def _delete(identity_toolkit: IdentityToolkit, id_token: IdToken, name: str, report: Report) -> None:
    try:
        identity_toolkit.delete(id_token.text)
    except SignInError as error:
        report.bad(f"The user {name} still exists: {error}. Delete it in Firebase console → Authentication → Users.")
    else:
        report.good("The user is deleted")
