"""The order of the checks, then the data types and ports they use.

`callable_endpoint` decides first: a request with a wrong method, Authorization or Content-Length is refused before its
body is read. Then `TokenIssuer.issue` decides in this order, which is the security argument: user, app, profile, stop
switches, quota; then the key, then the mint. `QuotaStore.spend` checks the stop switches before the quota. A refused
caller spends nothing, and causes no read of the key and no call to Gemini. Quota is spent before anything that costs
money: a failed mint costs one token of quota, and two parallel calls cannot both take the last one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from live_tokens.deadline import Deadline
from live_tokens.errors import ApiKeyRejected, AppCheckState

DEFAULT_PROFILE = "default"

Step = Literal["readBody", "verify", "attest", "findProfile", "spend", "readKey", "mint", "total"]

STEP_SECONDS: Mapping[Step, float] = {
    "readBody": 2.0,
    "verify": 6.5,
    "attest": 3.5,
    "spend": 3.5,
    "readKey": 3.0,
    "mint": 6.5,
}
"""How long each step may take, in seconds. Together they fit into a call; a second mint takes what is left."""

CALL_SECONDS = 25.0
"""Default time limit of a call. Shorter than the limits of the SDKs and of Cloud Run."""


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Decides requests for live tokens."""

    identity: Identity
    app_check: AppCheck
    profiles: Profiles
    quota_store: QuotaStore
    api_keys: ApiKeys
    minter: Minter

    def issue(self, request: IssueRequest, record: Record) -> LiveToken:
        """Return a live token for the request, or raise the `TokenNotIssued` that says why there is none."""
        record.requested_profile = request.profile
        record.resumes = request.resumption_handle is not None

        with record.step("verify") as deadline:
            record.caller = self.identity.verify(request.id_token, deadline)
        with record.step("attest") as deadline:
            record.attestation = self.app_check.attest(request.app_check_token, deadline)
        with record.step("findProfile"):
            record.profile = self.profiles.for_caller(request.profile, record.caller, request.choices)
        with record.step("spend") as deadline:
            granted = self.quota_store.spend(record.caller, record.profile, request.session_call, deadline)
            record.quota, record.lease = granted.quota, granted.lease
        with record.step("readKey") as deadline:
            key = self.api_keys.current(deadline)
        record.live_token = self._mint(key, record.profile, request.resumption_handle, record)
        return record.live_token

    def end(self, request: EndRequest, record: Record) -> None:
        """Give the slot of a session back, or raise the `TokenNotIssued` that says why not.

        A session that is not this caller's, or that there is not, is ended already. A paused service or a blocked user
        is no reason to keep one open.
        """
        record.ends_session = request.session
        with record.step("verify") as deadline:
            record.caller = self.identity.verify(request.id_token, deadline)
        with record.step("attest") as deadline:
            record.attestation = self.app_check.attest(request.app_check_token, deadline)
        with record.step("spend") as deadline:
            self.quota_store.end(record.caller, request.session, deadline)

    def _mint(self, key: ApiKey, profile: Profile, resumption_handle: str | None, record: Record) -> LiveToken:
        record.secret_version = key.version
        try:
            with record.step("mint") as deadline:
                return self.minter.mint(key, profile, resumption_handle, record.lease, deadline)
        except ApiKeyRejected:
            with record.step("readKey") as deadline:
                replacement = self.api_keys.replacement_for(key, deadline)
            if replacement.value == key.value:
                raise
        record.secret_version = replacement.version
        with record.step("mint") as deadline:
            return self.minter.mint(replacement, profile, resumption_handle, record.lease, deadline)


@dataclass(frozen=True, slots=True)
class IssueRequest:
    """What a caller sends.

    Attributes:
        id_token: the Firebase ID token as it came. Unverified.
        app_check_token: the App Check token as it came, or None. Unverified.
        profile: the name of the profile asked for.
        resumption_handle: the last `sessionResumptionUpdate.newHandle` of the session to go on with, or None.
        choices: what is chosen of the profile, as it came, or None. Only the profile knows what it offers.
        session: the id of the session that goes on, or None for a new one.
    """

    id_token: str = field(repr=False)
    app_check_token: str | None = field(default=None, repr=False)
    profile: str = DEFAULT_PROFILE
    resumption_handle: str | None = field(default=None, repr=False)
    choices: object = field(default=None, repr=False)
    session: str | None = None

    @property
    def session_call(self) -> SessionCall:
        return SessionCall(self.session, self.resumption_handle is not None)


@dataclass(frozen=True, slots=True)
class EndRequest:
    """What a caller sends to end a session.

    Attributes:
        id_token: the Firebase ID token as it came. Unverified.
        app_check_token: the App Check token as it came, or None. Unverified.
    """

    id_token: str = field(repr=False)
    app_check_token: str | None = field(repr=False)
    session: str


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified Firebase user. Only an `Identity` makes one, so whoever holds one has been verified.

    Attributes:
        sign_in_provider: how the user signed in: `password`, `google.com`, `anonymous`, …
        email_verified: whether the user has an e-mail address that Firebase knows to be theirs.
        claims: all claims of the ID token, the operator's custom ones among them.
    """

    uid: str
    sign_in_provider: str
    email_verified: bool = False
    claims: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Attestation:
    """What App Check says of the app that calls.

    Attributes:
        state: what was found, or `off` where App Check is not asked.
    """

    state: Literal["off", "valid"] | AppCheckState
    app_id: str | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """How many live tokens, minutes and sessions a caller may have with one profile. None is no such limit.

    Attributes:
        per_hour: live tokens in an hour.
        per_day: live tokens in a day.
        minutes_per_day: minutes of talk granted in a day.
        minutes_per_month: minutes of talk granted in 30 days.
        sessions_at_once: sessions whose lease is not over.
    """

    per_hour: int | None = None
    per_day: int | None = None
    minutes_per_day: int | None = None
    minutes_per_month: int | None = None
    sessions_at_once: int | None = None


NO_QUOTA = Quota()


@dataclass(frozen=True, slots=True)
class QuotaState:
    """What is left of a quota after a token was taken.

    Attributes:
        remaining: how many more tokens may be taken at once, or None where they have no limit.
        reset_time: aware UTC time at which all may be taken again.
        seconds_left: how many more seconds of talk may be granted at once, or None where they have no limit.
    """

    remaining: int | None
    reset_time: datetime
    seconds_left: int | None = None

    @property
    def minutes_left(self) -> float | None:
        """Minutes of talk, rounded down to a tenth, or None where they have no limit."""
        return None if self.seconds_left is None else self.seconds_left // 6 / 10


@dataclass(frozen=True, slots=True)
class SessionCall:
    """What a call says of its session.

    Attributes:
        session: the id of the session that goes on, or None for a new one.
        resumes: whether a resumption handle came with it.
    """

    session: str | None = None
    resumes: bool = False


@dataclass(frozen=True, slots=True)
class Lease:
    """What one token grants: so many seconds of a session. All times are aware UTC in whole seconds.

    Attributes:
        session: id of the session.
        kind: `first`, `renewal` (the next window) or `reconnect` (what is left of a window, not charged again).
        ends: when the window ends, and with it the token.
        seconds: how long the window is.
        charged: how many of its seconds this call has taken from the minutes.
        session_ends: no renewal goes beyond.
        renew_after: from then on a call is a renewal; None in the last window.
        renew_before: the latest time for a renewal without a gap; None in the last window.
    """

    session: str
    kind: Literal["first", "renewal", "reconnect"]
    ends: datetime
    seconds: int
    charged: int
    session_ends: datetime
    renew_after: datetime | None
    renew_before: datetime | None


@dataclass(frozen=True, slots=True)
class Grant:
    """What the store of quotas gives to a call.

    Attributes:
        quota: what is left, or None where there is no limit.
        lease: None for a profile without sessions.
    """

    quota: QuotaState | None
    lease: Lease | None = None

    @property
    def counts(self) -> bool:
        """Whether there is anything to store. A profile without any limit has nothing."""
        return self.quota is not None or self.lease is not None


@dataclass(frozen=True, slots=True)
class Profile:
    """What a token is locked to.

    Attributes:
        name: the name of its file without `.toml`.
        model: resource name of the model, `models/…`.
        start_within: how long after the mint a session may be opened.
        session: how long a session may run, over all its leases.
        lease: how long one token may run, or None for the whole session.
        config: fields of google-genai's `LiveConnectConfig` in snake_case, checked at start.
        quota: how many tokens the caller may take with it.
        config_digest: the first 12 hex digits of the SHA-256 of model, lifetimes, config and choices in the file.
        chosen: name → value of every choice that the profile offers; the values are in `config`.
        diagnosis: what the operator should know of how the profile's rules fit the caller, or None.
    """

    name: str
    model: str
    start_within: timedelta
    session: timedelta
    config: Mapping[str, object] = field(repr=False)
    quota: Quota = NO_QUOTA
    config_digest: str = ""
    lease: timedelta | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)
    diagnosis: str | None = None

    @property
    def has_sessions(self) -> bool:
        """Whether sessions are kept: for leases, minutes, or a number at once."""
        quota = self.quota
        limits = (self.lease, quota.minutes_per_day, quota.minutes_per_month, quota.sessions_at_once)
        return any(limit is not None for limit in limits)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """The Gemini API key.

    Attributes:
        value: the key itself, kept out of `repr`.
        version: resource name of the secret version it was read from.
    """

    value: str = field(repr=False)
    version: str


@dataclass(frozen=True, slots=True)
class LiveToken:
    """An ephemeral token, and what is needed to connect with it.

    Attributes:
        token: `auth_tokens/…`, good for one session.
        api_version: `v1alpha` or `v1beta`, the same for mint and connection.
        issued_at: our time of the mint, whole seconds, UTC.
        new_session_expire_time: no session can be opened after it.
        expire_time: a running session ends at it.
    """

    token: str = field(repr=False)
    websocket_url: str = field(repr=False)
    api_version: str
    profile: Profile
    issued_at: datetime
    new_session_expire_time: datetime
    expire_time: datetime


class Identity(Protocol):
    """Tells who a caller is. This port and the others give up when their deadline has come, and say so."""

    def verify(self, id_token: str, deadline: Deadline) -> Caller:
        """Return the user whom the ID token proves.

        Raises:
            NotSignedIn: the token proves nothing, or no longer.
            NotAllowed: it proves a user whom this service does not serve.
            IdentityUnavailable: it could not be checked. Never raised for a bad token, nor NotSignedIn for an outage.
        """


class AppCheck(Protocol):
    """Tells which app calls."""

    def attest(self, token: str | None, deadline: Deadline) -> Attestation:
        """Return what the token says; a caller without a good one is refused only where App Check is enforced.

        Raises:
            NotSignedIn: no token, a bad one, or one that was used before.
            AppCheckUnavailable: it could not be checked.
        """


class Profiles(Protocol):
    """Knows what tokens can be locked to."""

    def for_caller(self, name: str, caller: Caller, choices: object) -> Profile:
        """Return the profile of that name, with the caller's quota and choices, and with placeholders filled.

        Raises:
            UnknownProfile: that can be no profile's name.
            NotAllowed: there is none, or it is not for this caller.
            MalformedRequest: it is for this caller, and `choices` asks for what it does not offer.
        """


class QuotaStore(Protocol):
    """Counts what callers take, and knows what the operator has stopped."""

    def spend(self, caller: Caller, profile: Profile, call: SessionCall, deadline: Deadline) -> Grant:
        """Take one live token and the seconds of its lease, atomically.

        Raises:
            NotAllowed: a stop switch is set, or the session that is named cannot go on.
            QuotaExceeded: nothing was left, and nothing has been taken.
            QuotaUnavailable: it could not be told. Nothing may be issued then.
        """

    def end(self, caller: Caller, session: str, deadline: Deadline) -> None:
        """Give the slot of a session of this caller back, if there is such a session.

        Raises:
            QuotaUnavailable: it could not be done.
        """


class ApiKeys(Protocol):
    """Holds the Gemini API key."""

    def current(self, deadline: Deadline) -> ApiKey:
        """Return the key to use.

        Raises:
            ApiKeyUnavailable: it could not be read.
        """

    def replacement_for(self, refused: ApiKey, deadline: Deadline) -> ApiKey:
        """Read the key again because Gemini refused this one; return the stored key, even if it is unchanged.

        Raises:
            ApiKeyUnavailable: it could not be read.
        """


class Minter(Protocol):
    """Makes ephemeral tokens."""

    def mint(
        self, key: ApiKey, profile: Profile, resumption_handle: str | None, lease: Lease | None, deadline: Deadline
    ) -> LiveToken:
        """Return a token for one connection, locked to the profile; with a handle, for going on with that conversation.

        It ends with the lease; without one, it runs for the whole session of the profile.

        Raises:
            ApiKeyRejected: Gemini refuses this key.
            GeminiRateLimited: Gemini refuses for now.
            GeminiUnavailable: Gemini did not answer, or not with a token.
            InternalFault: Gemini refuses what was asked; asking again changes nothing.
        """


@dataclass(slots=True)
class Record:
    """What became known while one request was decided. Filled as it goes, so that a refusal leaves its trace too.

    Attributes:
        resumes: whether a resumption handle came with the request.
        ends_session: the id of the session to end, where the call asks for that.
        deadline: when the whole call has to be answered.
    """

    requested_profile: str | None = None
    resumes: bool = False
    caller: Caller | None = None
    attestation: Attestation | None = None
    profile: Profile | None = None
    quota: QuotaState | None = None
    lease: Lease | None = None
    ends_session: str | None = None
    secret_version: str | None = None
    live_token: LiveToken | None = None
    milliseconds: dict[Step, float] = field(default_factory=dict)
    deadline: Deadline = field(default_factory=lambda: Deadline.after(CALL_SECONDS), compare=False)

    @contextmanager
    def step(self, name: Step) -> Iterator[Deadline]:
        """Yield the deadline of a step, and add the time spent inside to `milliseconds[name]`, even if it fails.

        A step has its share of the call, and never more than the call has left.
        """
        started = time.perf_counter()
        try:
            yield self.deadline.within(STEP_SECONDS.get(name, CALL_SECONDS))
        finally:
            spent = (time.perf_counter() - started) * 1000
            self.milliseconds[name] = self.milliseconds.get(name, 0.0) + spent
