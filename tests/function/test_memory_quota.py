"""`memory_quota`: one process's quotas and stop switches, exact under parallel calls."""

import json
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from weakref import WeakSet

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function.made_up import AMPLE, CALLER, ISSUED_AT, PROFILE
from live_tokens.errors import (
    HourlyQuotaExceeded,
    QuotaExceeded,
    QuotaUnavailable,
    ServicePaused,
    SessionEnded,
    TokenNotIssued,
    TooManySessions,
    UserBlocked,
)
from live_tokens.issuing import Caller, Profile, Quota, QuotaState, SessionCall
from live_tokens.memory_quota import MemoryQuotaStore
from live_tokens.quota import spend
from support.conversations import Conversations, Subject

TWO = replace(PROFILE, quota=Quota(per_hour=2))
TWENTY = replace(PROFILE, quota=Quota(per_hour=20))
TUTOR = replace(TWO, name="tutor")
ANOTHER = replace(CALLER, uid="user-2")


class WallClock:
    """Aware UTC time that a test sets."""

    def __init__(self) -> None:
        self.now = ISSUED_AT

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


@pytest.fixture
def store(clock: WallClock) -> MemoryQuotaStore:
    return MemoryQuotaStore(now=clock)


@pytest.fixture
def switches(tmp_path: Path) -> Path:
    return tmp_path / "switches.json"


@pytest.fixture
def switched(switches: Path, clock: WallClock) -> MemoryQuotaStore:
    """A store with a file of switches, which is not there yet."""
    return MemoryQuotaStore(switches, clock)


# --- sessions

ONE_AT_ONCE = replace(PROFILE, quota=Quota(sessions_at_once=1))


def test_a_session_holds_its_slot_until_the_caller_ends_it(store: MemoryQuotaStore) -> None:
    lease = store.spend(CALLER, ONE_AT_ONCE, SessionCall(), AMPLE).lease
    assert lease is not None
    with pytest.raises(TooManySessions) as refusal:
        store.spend(CALLER, ONE_AT_ONCE, SessionCall(), AMPLE)
    assert refusal.value.open_sessions == (lease.session,)
    store.end(ANOTHER, lease.session, AMPLE)
    with pytest.raises(TooManySessions):
        store.spend(CALLER, ONE_AT_ONCE, SessionCall(), AMPLE)
    store.end(CALLER, lease.session, AMPLE)
    assert store.spend(CALLER, ONE_AT_ONCE, SessionCall(), AMPLE).lease is not None


def test_a_session_is_of_its_caller_and_profile(store: MemoryQuotaStore) -> None:
    lease = store.spend(CALLER, ONE_AT_ONCE, SessionCall(), AMPLE).lease
    assert lease is not None
    call = SessionCall(lease.session, resumes=True)
    for caller, profile in [(ANOTHER, ONE_AT_ONCE), (CALLER, replace(ONE_AT_ONCE, name="tutor"))]:
        with pytest.raises(SessionEnded):
            store.spend(caller, profile, call, AMPLE)
    again = store.spend(CALLER, ONE_AT_ONCE, call, AMPLE).lease
    assert again is not None
    assert again.kind == "reconnect"


# --- quotas


def test_it_counts_as_quota_does(store: MemoryQuotaStore) -> None:
    assert store.spend(CALLER, TWO, SessionCall(), AMPLE).quota == QuotaState(1, ISSUED_AT + timedelta(minutes=30))
    assert store.spend(CALLER, TWO, SessionCall(), AMPLE).quota == QuotaState(0, ISSUED_AT + timedelta(hours=1))
    with pytest.raises(HourlyQuotaExceeded) as refusal:
        store.spend(CALLER, TWO, SessionCall(), AMPLE)
    assert refusal.value.retry_after == timedelta(minutes=30)


def test_the_next_is_due_when_it_was_told(store: MemoryQuotaStore, clock: WallClock) -> None:
    for _ in range(2):
        store.spend(CALLER, TWO, SessionCall(), AMPLE)
    clock.now += timedelta(minutes=30) - timedelta(microseconds=1)
    with pytest.raises(HourlyQuotaExceeded):
        store.spend(CALLER, TWO, SessionCall(), AMPLE)
    clock.now += timedelta(microseconds=1)
    assert store.spend(CALLER, TWO, SessionCall(), AMPLE).quota == QuotaState(0, clock.now + timedelta(hours=1))


@pytest.mark.parametrize(("caller", "profile"), [(ANOTHER, TWO), (CALLER, TUTOR)], ids=["caller", "profile"])
def test_another_caller_and_another_profile_have_a_quota_of_their_own(
    store: MemoryQuotaStore, caller: Caller, profile: Profile
) -> None:
    for _ in range(2):
        store.spend(CALLER, TWO, SessionCall(), AMPLE)
    assert store.spend(caller, profile, SessionCall(), AMPLE).quota == QuotaState(1, ISSUED_AT + timedelta(minutes=30))


class Uid(str):
    """A text that a test can see vanish."""


def test_callers_whose_quota_is_as_new_are_forgotten(store: MemoryQuotaStore, clock: WallClock) -> None:
    uids = [Uid(f"user-{number}") for number in range(200)]
    kept = WeakSet(uids)
    for uid in uids:
        store.spend(replace(CALLER, uid=uid), TWO, SessionCall(), AMPLE)
    del uid, uids
    assert len(kept) == 200
    clock.now += timedelta(hours=2)
    for number in range(400):
        store.spend(replace(CALLER, uid=f"later-{number}"), TWO, SessionCall(), AMPLE)
    assert len(kept) == 0


def test_a_profile_without_a_quota_is_not_counted(store: MemoryQuotaStore) -> None:
    assert [store.spend(CALLER, PROFILE, SessionCall(), AMPLE).quota for _ in range(3)] == [None, None, None]
    assert store.spend(CALLER, TWO, SessionCall(), AMPLE).quota == QuotaState(1, ISSUED_AT + timedelta(minutes=30))


def test_a_profile_that_had_a_quota_before_keeps_what_was_taken(store: MemoryQuotaStore) -> None:
    store.spend(CALLER, TWO, SessionCall(), AMPLE)
    store.spend(CALLER, PROFILE, SessionCall(), AMPLE)
    assert store.spend(CALLER, TWO, SessionCall(), AMPLE).quota == QuotaState(0, ISSUED_AT + timedelta(hours=1))


def test_a_clock_that_goes_back_stands_still(store: MemoryQuotaStore, clock: WallClock) -> None:
    for _ in range(2):
        store.spend(CALLER, TWO, SessionCall(), AMPLE)
    clock.now -= timedelta(days=1)
    with pytest.raises(HourlyQuotaExceeded) as refusal:
        store.spend(CALLER, TWO, SessionCall(), AMPLE)
    assert refusal.value.retry_after == timedelta(minutes=30)
    assert store.spend(ANOTHER, TWO, SessionCall(), AMPLE).quota == QuotaState(1, ISSUED_AT + timedelta(minutes=30))


def test_without_a_clock_it_looks_at_the_real_one() -> None:
    store = MemoryQuotaStore()
    state = store.spend(CALLER, TWO, SessionCall(), AMPLE).quota
    assert state is not None
    assert state.reset_time.tzinfo is not None
    assert state.reset_time > ISSUED_AT - timedelta(days=4_000)


callers = st.sampled_from([CALLER, ANOTHER])
profiles = st.sampled_from([TWO, TUTOR, TWENTY, PROFILE])
steps = st.timedeltas(timedelta(hours=-1), timedelta(hours=2))


@given(st.lists(st.tuples(steps, callers, profiles), max_size=30))
def test_whatever_is_asked_when_the_model_agrees(
    asked: list[tuple[timedelta, Caller, Profile]],
) -> None:
    """The model remembers everything, and reads a clock that never goes back."""
    clock, latest = WallClock(), ISSUED_AT - timedelta(days=400)
    store = MemoryQuotaStore(now=clock)
    stored: dict[tuple[str, str], dict[str, int]] = {}
    for step, caller, profile in asked:
        clock.now += step
        latest = max(latest, clock.now)
        holder = (caller.uid, profile.name)
        expected: QuotaState | QuotaExceeded | None
        try:
            stored[holder], expected = spend(profile.quota, stored.get(holder, {}), latest)
        except QuotaExceeded as refusal:
            expected = refusal
        if isinstance(expected, QuotaExceeded):
            with pytest.raises(type(expected)) as told:
                store.spend(caller, profile, SessionCall(), AMPLE)
            assert told.value.retry_after == expected.retry_after
        else:
            assert store.spend(caller, profile, SessionCall(), AMPLE).quota == expected


@pytest.fixture
def restless_threads() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("restless_threads")
def test_fifty_parallel_calls_share_twenty_and_never_twenty_one(store: MemoryQuotaStore) -> None:
    start = threading.Barrier(50)

    def call(_: int) -> int | None:
        start.wait()
        try:
            state = store.spend(CALLER, TWENTY, SessionCall(), AMPLE).quota
        except HourlyQuotaExceeded:
            return None
        return state.remaining if state else None

    with ThreadPoolExecutor(50) as threads:
        outcomes = list(threads.map(call, range(50)))
    assert sorted(left for left in outcomes if left is not None) == list(range(20))
    assert outcomes.count(None) == 30


# --- switches


def refusal_of(store: MemoryQuotaStore) -> TokenNotIssued:
    with pytest.raises(TokenNotIssued) as refusal:
        store.spend(CALLER, TWO, SessionCall(), AMPLE)
    return refusal.value


@pytest.mark.parametrize(
    ("content", "kind", "diagnosis"),
    [
        ({"service": {}}, ServicePaused, "switch: service"),
        ({"profiles": {"default": {}}}, ServicePaused, "switch: profile"),
        ({"users": {"user-1": {}}}, UserBlocked, None),
    ],
    ids=["service", "profile", "user"],
)
def test_a_switch_is_effective_for_the_next_call_and_no_longer_once_cleared(
    switched: MemoryQuotaStore, switches: Path, content: object, kind: type[TokenNotIssued], diagnosis: str | None
) -> None:
    assert switched.spend(CALLER, TWO, SessionCall(), AMPLE).quota == QuotaState(1, ISSUED_AT + timedelta(minutes=30))
    switches.write_text(json.dumps(content))
    refusal = refusal_of(switched)
    assert (type(refusal), refusal.diagnosis) == (kind, diagnosis)
    switches.write_text("{}")
    assert switched.spend(CALLER, TWO, SessionCall(), AMPLE).quota == QuotaState(0, ISSUED_AT + timedelta(hours=1))


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"service": None, "profiles": {}, "users": {}},
        {"profiles": {"tutor": {}}, "users": {"user-2": {}}},
        {"profiles": {"user-1": {}}, "users": {"default": {}}},
        {"service": {"until": "2026-11-22T15:00:00Z"}},
        {"users": {"user-1": {"until": "2026-11-22T16:00:00+01:00"}}},
    ],
)
def test_what_concerns_others_or_has_ended_stops_nobody(
    switched: MemoryQuotaStore, switches: Path, content: object
) -> None:
    switches.write_text(json.dumps(content))
    assert switched.spend(CALLER, TWO, SessionCall(), AMPLE).quota is not None


def test_a_switch_has_words_and_an_end(switched: MemoryQuotaStore, switches: Path, clock: WallClock) -> None:
    switches.write_text(json.dumps({"service": {"message": "Zurück um neun.", "until": "2026-11-22T15:00:09Z"}}))
    refusal = refusal_of(switched)
    assert (refusal.message, refusal.retry_after) == ("Zurück um neun.", timedelta(seconds=9))
    clock.now += timedelta(seconds=9)
    assert switched.spend(CALLER, TWO, SessionCall(), AMPLE).quota is not None


def test_a_switch_whose_end_names_no_zone_stays_set(switched: MemoryQuotaStore, switches: Path) -> None:
    switches.write_text(json.dumps({"service": {"until": "2020-01-01T00:00:00"}}))
    assert refusal_of(switched).retry_after is None


def test_who_is_stopped_is_told_so_and_not_about_the_quota(switched: MemoryQuotaStore, switches: Path) -> None:
    for _ in range(2):
        switched.spend(CALLER, TWO, SessionCall(), AMPLE)
    switches.write_text(json.dumps({"users": {"user-1": {}}}))
    assert type(refusal_of(switched)) is UserBlocked


def test_a_profile_without_a_quota_is_stopped_too(switched: MemoryQuotaStore, switches: Path) -> None:
    switches.write_text(json.dumps({"service": {}}))
    with pytest.raises(ServicePaused):
        switched.spend(CALLER, PROFILE, SessionCall(), AMPLE)


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "secret words", "null", "[]", '"service"', "7"),
        *('{"service": true}', '{"service": []}', '{"service": "secret words"}', '{"service": 7}'),
        *('{"profiles": null}', '{"profiles": []}', '{"profiles": {"default": true}}'),
        *('{"users": null}', '{"users": "user-1"}', '{"users": {"user-1": "secret words"}}'),
        *('{"service": {"until": "secret words"}}', '{"service": {"until": 7}}', '{"service": {"until": null}}'),
    ],
)
def test_a_file_that_cannot_be_understood_stops_everybody_as_an_outage(
    switched: MemoryQuotaStore, switches: Path, content: str
) -> None:
    switches.write_text(content)
    refusal = refusal_of(switched)
    assert type(refusal) is QuotaUnavailable
    assert (refusal.diagnosis or "").startswith("switches file: ")
    assert "secret words" not in f"{refusal!r} {refusal} {refusal.diagnosis} {refusal.message}"


@pytest.mark.parametrize(
    ("content", "diagnosis"),
    [
        ({"servce": {}}, "“servce” is not one of service, profiles, users"),
        ({"user-1": {}}, "“user-1” is not one of service, profiles, users"),
        ({"service": {"mesage": "Back at nine."}}, "“mesage” is not one of message, until"),
        ({"profiles": {"default": {"for": "30m"}}}, "“for” is not one of message, until"),
        ({"users": {"another": {"Until": "2026-11-22T15:00:00Z"}}}, "“Until” is not one of message, until"),
        ({"m" * 100: {}}, f"“{'m' * 20}” is not one of service, profiles, users"),
    ],
)
def test_a_name_that_nothing_reads_stops_everybody_and_is_named(
    switched: MemoryQuotaStore, switches: Path, content: object, diagnosis: str
) -> None:
    switches.write_text(json.dumps(content))
    refusal = refusal_of(switched)
    assert type(refusal) is QuotaUnavailable
    assert refusal.diagnosis == f"switches file: {diagnosis}"


def test_a_file_that_cannot_be_read_stops_everybody_as_an_outage(switched: MemoryQuotaStore, switches: Path) -> None:
    switches.mkdir()
    assert type(refusal_of(switched)) is QuotaUnavailable
    switches.rmdir()
    switches.write_bytes(b'{"service": "\xff"}')
    assert type(refusal_of(switched)) is QuotaUnavailable


# --- sessions, in any history


class InMemory(Conversations):
    def make_subjects(self) -> list[Subject]:
        self.folder = tempfile.TemporaryDirectory()
        switches = Path(self.folder.name) / "switches.json"

        def block(on: bool) -> None:
            switches.write_text(json.dumps({"users": {CALLER.uid: {}} if on else {}}))

        return [Subject(MemoryQuotaStore(switches, lambda: self.now), CALLER, block, stands_still=True)]

    def teardown(self) -> None:
        self.folder.cleanup()


InMemory.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestAnyHistoryOfSessions = InMemory.TestCase
