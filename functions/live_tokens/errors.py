"""Why a live token was not issued: a closed family, one leaf per reason, no HTTP.

    TokenNotIssued
    ├── BadRequest              the call itself is wrong
    │   ├── MalformedRequest
    │   │   └── MethodNotAllowed
    │   ├── UnknownProfile
    │   └── InvalidResumptionHandle
    ├── NotSignedIn             sign in again
    │   ├── IdTokenMissing
    │   ├── IdTokenInvalid
    │   ├── IdTokenExpired
    │   ├── IdTokenRevoked
    │   └── UserDisabled
    ├── NotAllowed              signed in, and still not for this user
    │   └── UserNotAllowed
    ├── Unavailable             an outage: try again later
    │   ├── IdentityUnavailable
    │   ├── ApiKeyUnavailable
    │   ├── ApiKeyRejected
    │   ├── GeminiUnavailable
    │   └── GeminiRateLimited
    └── InternalFault           a fault of ours

`reason` and `message` go to the caller; `diagnosis` goes to the audit log only. Neither ever holds a credential or
the words of an upstream service: those can quote a token.
"""

from __future__ import annotations

from typing import ClassVar


class TokenNotIssued(Exception):
    """A request that ended without a live token.

    Args:
        diagnosis: the private cause for the audit log, such as `"ServerError 503"`. Never a credential.
    """

    reason: ClassVar[str]
    message: str

    def __init__(self, diagnosis: str | None = None) -> None:
        super().__init__(self.reason)
        self.diagnosis = diagnosis


class BadRequest(TokenNotIssued):
    """The caller sent something that can never succeed as it is."""


class MalformedRequest(BadRequest):
    """The request is not a callable request as this function understands it.

    Args:
        message: what is wrong and what would be right, for the caller.
    """

    reason = "MALFORMED_REQUEST"

    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message


class MethodNotAllowed(MalformedRequest):
    """Something other than POST or OPTIONS."""


class UnknownProfile(BadRequest):
    """No profile of that name."""

    reason = "UNKNOWN_PROFILE"
    message = "There is no profile of this name. Leave `profile` out to use the default one."


class InvalidResumptionHandle(BadRequest):
    """The resumption handle cannot be one that Gemini issued."""

    reason = "INVALID_RESUMPTION_HANDLE"
    message = "`resumptionHandle` must be a handle from a sessionResumptionUpdate, unchanged."


class NotSignedIn(TokenNotIssued):
    """The caller did not prove who they are."""


class IdTokenMissing(NotSignedIn):
    """No `Authorization: Bearer <ID token>`."""

    reason = "ID_TOKEN_MISSING"
    message = "Sign in with Firebase and send its ID token as `Authorization: Bearer <ID token>`."


class IdTokenInvalid(NotSignedIn):
    """Not an ID token of this Firebase project: form, signature, audience or issuer are wrong."""

    reason = "ID_TOKEN_INVALID"
    message = "The ID token is not a valid one for this Firebase project. Get a new one and try once more."


class IdTokenExpired(NotSignedIn):
    """An ID token past its hour."""

    reason = "ID_TOKEN_EXPIRED"
    message = "The ID token has expired. Refresh it with getIdToken(true) and try once more."


class IdTokenRevoked(NotSignedIn):
    """The user signed out everywhere, changed the password, or was deleted."""

    reason = "ID_TOKEN_REVOKED"
    message = "This sign-in was ended. Sign in again."


class UserDisabled(NotSignedIn):
    """The operator disabled the account."""

    reason = "USER_DISABLED"
    message = "This account is disabled."


class NotAllowed(TokenNotIssued):
    """The caller is known and may not have what they ask for."""


class UserNotAllowed(NotAllowed):
    """A verified user whom this service does not serve."""

    reason = "USER_NOT_ALLOWED"
    message = "This account may not take live tokens."


class Unavailable(TokenNotIssued):
    """Something this service needs is not there at the moment; the caller did nothing wrong."""


class IdentityUnavailable(Unavailable):
    """Firebase Authentication or its certificates could not be asked."""

    reason = "IDENTITY_UNAVAILABLE"
    message = "The sign-in could not be checked at the moment. Try again shortly; do not sign the user out."


class ApiKeyUnavailable(Unavailable):
    """The Gemini API key could not be read from Secret Manager."""

    reason = "API_KEY_UNAVAILABLE"
    message = "Live tokens are not available at the moment. Try again shortly."


class ApiKeyRejected(Unavailable):
    """Gemini refuses the API key, also after it was read again."""

    reason = "API_KEY_REJECTED"
    message = "Live tokens are not available at the moment. Try again later."


class GeminiUnavailable(Unavailable):
    """Gemini did not answer, or not with a token."""

    reason = "GEMINI_UNAVAILABLE"
    message = "Gemini is not available at the moment. Try again shortly."


class GeminiRateLimited(Unavailable):
    """Gemini issues no more tokens to this project for the moment."""

    reason = "GEMINI_RATE_LIMITED"
    message = "Gemini takes no more sessions at the moment. Try again later."


class InternalFault(TokenNotIssued):
    """A fault of this service: a bug, or a profile that Gemini does not accept."""

    reason = "INTERNAL"
    message = "The service failed. Report the requestId to its operator."
