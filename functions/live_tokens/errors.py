"""Why a live token was not issued: a closed family, one leaf per reason, no HTTP.

    TokenNotIssued
    ├── BadRequest              the call itself is wrong
    │   ├── MalformedRequest
    │   │   ├── MethodNotAllowed
    │   │   └── BodyTooSlow
    │   ├── UnknownProfile
    │   └── InvalidResumptionHandle
    ├── NotSignedIn             sign in again
    │   ├── IdTokenMissing
    │   ├── IdTokenInvalid
    │   ├── IdTokenExpired
    │   ├── IdTokenRevoked
    │   ├── UserDisabled
    │   ├── AppCheckMissing
    │   ├── AppCheckInvalid
    │   └── AppCheckReplayed
    ├── NotAllowed              signed in, and still not for this user, or not now
    │   ├── UserNotAllowed
    │   ├── ProfileNotAllowed
    │   ├── ServicePaused
    │   ├── UserBlocked
    │   └── SessionEnded
    ├── QuotaExceeded           has had enough for now
    │   ├── HourlyQuotaExceeded
    │   ├── DailyQuotaExceeded
    │   ├── MinutesExceeded
    │   └── TooManySessions
    ├── Unavailable             an outage: try again later
    │   ├── IdentityUnavailable
    │   ├── AppCheckUnavailable
    │   ├── QuotaUnavailable
    │   ├── ApiKeyUnavailable
    │   ├── ApiKeyRejected
    │   ├── GeminiUnavailable
    │   └── GeminiRateLimited
    └── InternalFault           a fault of ours

The four that App Check causes are an AppCheckFault as well.

`reason` and `message` go to the caller; `diagnosis` goes to the audit log only. Neither ever holds a credential or
the words of an upstream service: those can quote a token. Where `for_user` is set, an app may show `message` to its
user; what a developer should do about the reason is in docs/contract.md.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal

AppCheckState = Literal["missing", "invalid", "replayed", "unavailable"]
"""What can be wrong with the App Check token of a call."""


class TokenNotIssued(Exception):
    """A request that ended without a live token.

    Args:
        diagnosis: the private cause for the audit log, such as `"ServerError 503"`. Never a credential.

    Attributes:
        message: English; for the user of the app, or else for its developer.
        for_user: whether it is for the user.
        retry_after: how long the caller should wait before another call, if that is known.
    """

    reason: ClassVar[str]
    message: str
    for_user: ClassVar[bool] = False
    retry_after: timedelta | None = None

    def __init__(self, diagnosis: str | None = None) -> None:
        super().__init__(self.reason)
        self.diagnosis = diagnosis


class BadRequest(TokenNotIssued):
    """The caller sent something that can never succeed as it is."""


class MalformedRequest(BadRequest):
    """The request is not a callable request as this function understands it.

    Args:
        message: what is wrong and what would be right, for the caller.
        diagnosis: the private cause. Nothing of what was sent.
    """

    reason = "MALFORMED_REQUEST"

    def __init__(self, message: str, diagnosis: str | None = None) -> None:
        super().__init__(diagnosis)
        self.message = message


class MethodNotAllowed(MalformedRequest):
    """Something other than POST or OPTIONS."""


class BodyTooSlow(MalformedRequest):
    """The body did not arrive in time."""


class UnknownProfile(BadRequest):
    """What was sent as `profile` cannot be the name of one."""

    reason = "UNKNOWN_PROFILE"
    message = "`profile` must be lower-case letters, digits and hyphens. Leave it out to use the default one."


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
    message = "Send an ID token of this Firebase project: what getIdToken() returns, not a token of Google or Apple."


class IdTokenExpired(NotSignedIn):
    """An ID token past its hour."""

    reason = "ID_TOKEN_EXPIRED"
    message = "The ID token has expired. Refresh it with getIdToken(true) and try once more."


class IdTokenRevoked(NotSignedIn):
    """The user signed out everywhere, changed the password, or was deleted."""

    reason = "ID_TOKEN_REVOKED"
    message = "You have been signed out. Sign in again."
    for_user = True


class UserDisabled(NotSignedIn):
    """The operator disabled the account."""

    reason = "USER_DISABLED"
    message = "This account is disabled."
    for_user = True


class AppCheckFault(TokenNotIssued):
    """App Check found something: what kind of thing is in `state`, as in `Attestation`."""

    state: ClassVar[AppCheckState]


class AppCheckMissing(NotSignedIn, AppCheckFault):
    """No `X-Firebase-AppCheck`, and App Check is enforced."""

    reason = "APP_CHECK_MISSING"
    state: ClassVar[AppCheckState] = "missing"
    message = "Send an App Check token as `X-Firebase-AppCheck`. Firebase's SDKs do it once App Check is set up."


class AppCheckInvalid(NotSignedIn, AppCheckFault):
    """Not an App Check token of this project, or of an app that is not allowed."""

    reason = "APP_CHECK_INVALID"
    state: ClassVar[AppCheckState] = "invalid"
    message = "The App Check token is not a valid one for this app. Get a new one and try once more."


class AppCheckReplayed(NotSignedIn, AppCheckFault):
    """A limited-use App Check token that was used before."""

    reason = "APP_CHECK_REPLAYED"
    state: ClassVar[AppCheckState] = "replayed"
    message = "This App Check token was used before. Call with `limitedUseAppCheckTokens: true`."


class NotAllowed(TokenNotIssued):
    """The caller is known and may not have what they ask for."""

    for_user = True


class UserNotAllowed(NotAllowed):
    """A verified user whom this service does not serve.

    Args:
        message: what the user can do, or that there is nothing.
        diagnosis: which rule says so.
    """

    reason = "USER_NOT_ALLOWED"

    def __init__(self, message: str, diagnosis: str | None = None) -> None:
        super().__init__(diagnosis)
        self.message = message


class ProfileNotAllowed(NotAllowed):
    """There is no profile of that name, or it is not for this user: the caller is not told which."""

    reason = "PROFILE_NOT_ALLOWED"
    message = "This is not available for your account."


class ServicePaused(NotAllowed):
    """The operator stopped the service, or this profile.

    Args:
        message: the operator's words for the caller, or None.
        retry_after: until it goes on by itself, or None.
        diagnosis: which switch.
    """

    reason = "SERVICE_PAUSED"

    def __init__(self, message: str | None, retry_after: timedelta | None, diagnosis: str) -> None:
        super().__init__(diagnosis)
        self.message = message or "Conversations are paused at the moment. Try again later."
        self.retry_after = retry_after


class UserBlocked(NotAllowed):
    """The operator stopped this user.

    Args:
        message: the operator's words for the caller, or None.
        retry_after: until the block ends by itself, or None.
    """

    reason = "USER_BLOCKED"

    def __init__(self, message: str | None, retry_after: timedelta | None) -> None:
        super().__init__()
        self.message = message or "This account cannot start conversations at the moment."
        self.retry_after = retry_after


class QuotaExceeded(TokenNotIssued):
    """The caller has taken all live tokens of a period.

    Args:
        retry_after: until the next one.
        due: aware time of the next one.
    """

    for_user = True
    _all_used: str
    _moment: ClassVar[str]

    def __init__(self, retry_after: timedelta, due: datetime) -> None:
        super().__init__()
        self.retry_after = retry_after
        # Minutes are enough for a person; rounded up, so that the next one is there by then.
        minute = (due + timedelta(minutes=1) - timedelta(microseconds=1)).astimezone(UTC)
        self.message = f"{self._all_used} Try again {minute:{self._moment}}."


class HourlyQuotaExceeded(QuotaExceeded):
    """The limit per hour."""

    reason = "HOURLY_QUOTA_EXCEEDED"
    _all_used = "All conversations of this hour are used."
    _moment = "at %H:%M UTC"


class DailyQuotaExceeded(QuotaExceeded):
    """The limit per day."""

    reason = "DAILY_QUOTA_EXCEEDED"
    _all_used = "All conversations of this day are used."
    _moment = "on %d %B at %H:%M UTC"


class MinutesExceeded(QuotaExceeded):
    """The caller's minutes of talk are granted.

    Args:
        retry_after: until the shortest lease is due.
        due: aware time of that.
        period: whose minutes.
    """

    reason = "MINUTES_EXCEEDED"
    _moment = "on %d %B at %H:%M UTC"

    def __init__(self, retry_after: timedelta, due: datetime, period: Literal["day", "month"] = "day") -> None:
        self._all_used = f"All minutes of this {period} are used."
        super().__init__(retry_after, due)
        self.period = period


class TooManySessions(QuotaExceeded):
    """The caller has as many sessions as may be open at once.

    Args:
        retry_after: until a slot is free, if no session is renewed.
        due: aware time of that.
        open_sessions: their ids. An app that has lost the id of a session ends it with one of these.
    """

    reason = "TOO_MANY_SESSIONS"
    _all_used = "Another conversation is open. End it first."
    _moment = "at %H:%M UTC"

    def __init__(self, retry_after: timedelta, due: datetime, open_sessions: tuple[str, ...] = ()) -> None:
        super().__init__(retry_after, due)
        self.open_sessions = open_sessions


class SessionEnded(NotAllowed):
    """There is no such session, or it is another's, or it is over: the caller is not told which.

    Args:
        diagnosis: which of them.
    """

    reason = "SESSION_ENDED"
    message = "This conversation has ended. Start a new one."


class Unavailable(TokenNotIssued):
    """Something this service needs is not there at the moment; the caller did nothing wrong.

    Args:
        diagnosis: the private cause.
        retry_after: when it is worth another call, if that is known.
    """

    for_user = True

    def __init__(self, diagnosis: str | None = None, retry_after: timedelta | None = None) -> None:
        super().__init__(diagnosis)
        self.retry_after = retry_after


class IdentityUnavailable(Unavailable):
    """Firebase Authentication or its certificates could not be asked."""

    reason = "IDENTITY_UNAVAILABLE"
    message = "Your sign-in could not be checked at the moment. Try again shortly."


class AppCheckUnavailable(Unavailable, AppCheckFault):
    """App Check could not be asked, and it is enforced."""

    reason = "APP_CHECK_UNAVAILABLE"
    state: ClassVar[AppCheckState] = "unavailable"
    message = "This app could not be checked at the moment. Try again shortly."


class QuotaUnavailable(Unavailable):
    """The store of quotas and stop switches could not be asked, or too many calls of one user met in it."""

    reason = "QUOTA_UNAVAILABLE"
    message = "Conversations are not available at the moment. Try again shortly."


class ApiKeyUnavailable(Unavailable):
    """The Gemini API key could not be read from Secret Manager."""

    reason = "API_KEY_UNAVAILABLE"
    message = "Conversations are not available at the moment. Try again shortly."


class ApiKeyRejected(Unavailable):
    """Gemini refuses the API key, also after it was read again."""

    reason = "API_KEY_REJECTED"
    message = "Conversations are not available at the moment. Try again later."


class GeminiUnavailable(Unavailable):
    """Gemini did not answer, or not with a token."""

    reason = "GEMINI_UNAVAILABLE"
    message = "Conversations are not available at the moment. Try again shortly."


class GeminiRateLimited(Unavailable):
    """Gemini issues no more tokens to this project for the moment."""

    reason = "GEMINI_RATE_LIMITED"
    message = "Too many people are talking at the moment. Try again later."


class InternalFault(TokenNotIssued):
    """A fault of this service: a bug, or a profile that Gemini does not accept."""

    reason = "INTERNAL"
    message = "Something went wrong. Try again later."
    for_user = True
