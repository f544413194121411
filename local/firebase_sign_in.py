"""Signs users up and in at the Auth emulator over REST, as an app's SDK does.

Source: https://cloud.google.com/identity-platform/docs/use-rest-api
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import requests

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """A signed-in user of the Auth emulator.

    Attributes:
        email: None for an anonymous user.
        id_token: unsigned. Only the emulator accepts it.
    """

    uid: str
    email: str | None
    id_token: str = field(repr=False)


def sign_up(auth_host: str, *, anonymous: bool = False) -> SignedInUser:
    """Create a user with a random e-mail address and password, or an anonymous one, and sign it in.

    Args:
        auth_host: `host:port` of the Auth emulator.
    """
    email = None if anonymous else f"{uuid.uuid4().hex[:8]}@example.com"
    account = {} if anonymous else {"email": email, "password": uuid.uuid4().hex}
    response = requests.post(
        f"http://{auth_host}/identitytoolkit.googleapis.com/v1/accounts:signUp",
        params={"key": "any"},
        json={"returnSecureToken": True, **account},
        timeout=_TIMEOUT_SECONDS,
    )
    response.raise_for_status()
    user = response.json()
    return SignedInUser(uid=user["localId"], email=email, id_token=user["idToken"])
