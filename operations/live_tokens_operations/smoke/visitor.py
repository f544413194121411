"""Who calls: a user made for this run, gone at its end, or one whose ID token was given."""

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
    """A way to sign somebody in who was not there before."""

    def sign_in(self, name: str, report: Report) -> str:
        """Return the ID token of a new user.

        Args:
            report: told of every credential, so that it shows none.

        Raises:
            SigningError: nobody signs.
            SignInError: nobody was signed in.
        """


@dataclass(frozen=True, slots=True)
class CustomTokenUser:
    """Signed in by a service account, whatever ways to sign in the project has.

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
    """Signed up with e-mail and password, as an app does: nobody need sign for it."""

    identity_toolkit: IdentityToolkit

    def sign_in(self, name: str, report: Report) -> str:
        """Sign up with the name as the address, in a domain without mail."""
        password = secrets.token_urlsafe(24)
        report.hide(password)
        return self.identity_toolkit.sign_up(f"{name}@example.com", password)


@contextmanager
def throw_away_user(identity_toolkit: IdentityToolkit, new_user: NewUser, report: Report) -> Iterator[IdToken]:
    """Sign a new user in, and delete it at the end, however it comes.

    Raises:
        SigningError: nobody signs.
        SignInError: nobody was signed in.
    """
    # A new name each time: a full quota for each run, and never anybody's own account.
    name = f"smoke-test-{secrets.token_hex(8)}"
    id_token = _id_token(new_user.sign_in(name, report))
    report.hide(id_token.text)
    report.good(f"Signed in as {name}, a user made for this run")
    try:
        yield id_token
    finally:
        # The time of the run may be over; this has its own deadline.
        signal.setitimer(signal.ITIMER_REAL, 0)
        _delete(identity_toolkit, id_token, name, report)


def _id_token(text: str) -> IdToken:
    try:
        return IdToken.read(text)
    except NoIdTokenError as error:
        raise SignInError("Firebase Authentication answered with something else than an ID token.") from error


def _delete(identity_toolkit: IdentityToolkit, id_token: IdToken, name: str, report: Report) -> None:
    try:
        identity_toolkit.delete(id_token.text)
    except SignInError as error:
        report.bad(f"The user {name} is still there: {error}. Firebase console → Authentication → Users deletes it.")
    else:
        report.good("The user is deleted again")
