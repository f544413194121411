"""What an app gets whose user has changed its code: seconds of talk, and the seconds that they are charged.

The order of checks, the store of quotas, the mint and the stand-in are real, on one clock that the test moves. The
table in docs/threat-model.md has a row for each of these tests.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from httpx2 import create_ssl_context

from gemini_live_stand_in.refusals import HANDLE_IN_USE, TOKEN_EXPIRED, TOKEN_EXPIRED_RUNNING, TOKEN_USED_UP
from live_tokens.bounded_transport import BoundedTransport
from live_tokens.deadline import Deadline
from live_tokens.errors import TokenNotIssued
from live_tokens.gemini_minter import MINT_SECONDS, GeminiMinter, silence_experimental_warning
from live_tokens.issuing import (
    ApiKey,
    Attestation,
    Caller,
    EndRequest,
    IssueRequest,
    Lease,
    LiveToken,
    Profile,
    Quota,
    Record,
    TokenIssuer,
)
from live_tokens.memory_quota import MemoryQuotaStore
from live_tokens.upstream import Upstream
from stand_ins.gemini_client import KEY, MODEL, Clock, Gemini, Live

LEASE, SESSION, WINDOW = 60, 180, 20
PROFILE = Profile(
    name="default",
    model=MODEL,
    start_within=timedelta(seconds=60),
    session=timedelta(seconds=SESSION),
    lease=timedelta(seconds=LEASE),
    config={"response_modalities": ["AUDIO"]},
    quota=Quota(per_hour=6, minutes_per_day=10, sessions_at_once=1),
)


class Everything:
    """The ports that are not what this is about: the ID token is the uid, the profile and the key are there."""

    def verify(self, id_token: str, _deadline: Deadline) -> Caller:
        return Caller(uid=id_token, sign_in_provider="password")

    def attest(self, _token: str | None, _deadline: Deadline) -> Attestation:
        return Attestation("off")

    def for_caller(self, _name: str, _caller: Caller, _choices: object) -> Profile:
        return PROFILE

    def current(self, _deadline: Deadline) -> ApiKey:
        return ApiKey(KEY, "versions/1")

    def replacement_for(self, refused: ApiKey, _deadline: Deadline) -> ApiKey:
        return refused


@dataclass
class Line:
    """An open connection."""

    live: Live
    handle: str
    opened: datetime
    expires: datetime
    closing: ExitStack


class ModifiedApp:
    """Calls the function as it likes, and counts.

    Attributes:
        talked: seconds of all connections together.
        charged: seconds taken from the minutes.
    """

    def __init__(self, gemini: Gemini, issuer: TokenIssuer, switches: Path, uid: str) -> None:
        self._gemini, self._issuer, self._switches, self.uid = gemini, issuer, switches, uid
        self._start = gemini.clock.time
        self._lines: list[Line] = []
        self.talked = self.charged = 0

    @property
    def talked_and_charged(self) -> tuple[int, int]:
        return self.talked, self.charged

    def at(self, second: int) -> "ModifiedApp":
        self._gemini.clock.time = self._start + timedelta(seconds=second)
        return self

    def call(self, session: str | None = None, handle: str | None = None) -> tuple[LiveToken, Lease]:
        record = Record()
        token = self._issuer.issue(IssueRequest(self.uid, session=session, resumption_handle=handle), record)
        assert record.lease is not None
        self.charged += record.lease.charged
        return token, record.lease

    def refusal(self, session: str | None = None, handle: str | None = None) -> str:
        with pytest.raises(TokenNotIssued) as refused:
            self.call(session, handle)
        return refused.value.reason

    def end(self, session: str) -> None:
        self._issuer.end(EndRequest(self.uid, None, session), Record())

    def block(self) -> None:
        self._switches.write_text(json.dumps({"users": {self.uid: {}}}))

    def connect(self, token: LiveToken) -> Line:
        closing = ExitStack()
        live = closing.enter_context(self._gemini.connect(token.token))
        assert live.start() == {"setupComplete": {}}
        handle = live.receive()["sessionResumptionUpdate"]["newHandle"]
        line = Line(live, handle, self._gemini.clock.time, token.expire_time, closing)
        self._lines.append(line)
        return line

    def closing_of(self, token: LiveToken) -> str:
        """The reason for which the server refuses a connection."""
        return self._gemini.closing_of(token.token)[1]

    def hang_up(self, line: Line) -> None:
        line.closing.close()
        self._lines.remove(line)
        self.talked += int((self._gemini.clock.time - line.opened).total_seconds())

    def talk_until_cut_off(self) -> None:
        """Talk on every connection until the server closes it, which is when its token ends and no sooner."""
        for expires in sorted({line.expires for line in self._lines}):
            ending = [line for line in self._lines if line.expires == expires]
            self._gemini.clock.time = max(self._gemini.clock.time, expires - timedelta(seconds=1))
            assert all(line.live.ask() for line in ending)
            self._gemini.clock.time = expires
            for line in ending:
                assert line.live.closing() == (TOKEN_EXPIRED_RUNNING.code, TOKEN_EXPIRED_RUNNING.text)
                self.hang_up(line)

    def leave(self) -> None:
        for line in list(self._lines):
            self.hang_up(line)


@pytest.fixture
def app(gemini: Gemini, clock: Clock, tmp_path: Path) -> Iterator[ModifiedApp]:
    silence_experimental_warning()
    anything, switches = Everything(), tmp_path / "switches.json"
    transport = BoundedTransport(1, create_ssl_context(), None, lambda _: True)
    minter = GeminiMinter("v1beta", Upstream(transport, MINT_SECONDS), gemini.address, clock)
    store = MemoryQuotaStore(switches, clock)
    app = ModifiedApp(gemini, TokenIssuer(anything, anything, anything, store, anything, minter), switches, "user-1")
    yield app
    app.leave()
    transport.close()


def another_user(app: ModifiedApp) -> ModifiedApp:
    return ModifiedApp(app._gemini, app._issuer, app._switches, "user-2")


def test_an_app_as_it_was_written_talks_as_long_as_it_is_charged(app: ModifiedApp) -> None:
    token, lease = app.call()
    for second in (50, 110):
        line = app.connect(token)
        app.at(second).hang_up(line)
        token, lease = app.call(lease.session, line.handle)
    app.connect(token)
    app.talk_until_cut_off()
    assert app.talked_and_charged == (180, 180)


def test_a_session_that_is_never_ended_keeps_its_slot_until_its_lease_ends(app: ModifiedApp) -> None:
    app.connect(app.call()[0])
    assert app.at(30).refusal() == "TOO_MANY_SESSIONS"
    app.talk_until_cut_off()
    assert app.talked_and_charged == (60, 60)
    assert app.call()[1].kind == "first"


def test_sessions_that_are_ended_while_their_sockets_stay_open_are_each_paid(app: ModifiedApp) -> None:
    for _ in range(6):
        token, lease = app.call()
        app.connect(token)
        app.end(lease.session)
    assert app.refusal() == "HOURLY_QUOTA_EXCEEDED"
    app.talk_until_cut_off()
    assert app.talked_and_charged == (360, 360)


def test_a_token_that_is_used_again_opens_nothing(app: ModifiedApp) -> None:
    token, _ = app.call()
    app.connect(token)
    assert app.closing_of(token) == TOKEN_USED_UP.text
    app.talk_until_cut_off()
    assert app.closing_of(token) == TOKEN_EXPIRED.text
    assert app.talked_and_charged == (60, 60)


def test_a_token_with_a_handle_opens_its_conversation_again_and_none_beside_it(app: ModifiedApp) -> None:
    token, lease = app.call()
    line = app.connect(token)
    app.at(10).hang_up(line)
    token, _ = app.call(lease.session, line.handle)
    line = app.connect(token)
    assert app.closing_of(token) == HANDLE_IN_USE.text
    app.at(20).hang_up(line)
    app.connect(token)
    app.talk_until_cut_off()
    assert app.talked_and_charged == (60, 60)


def test_an_old_handle_is_another_conversation_for_one_lease_and_one_token(app: ModifiedApp) -> None:
    handles = []
    for _ in range(3):
        token, lease = app.call()
        handles.append(app.connect(token).handle)
        app.talk_until_cut_off()
    token, lease = app.call(handle=handles[0])
    app.connect(token)
    for handle in handles[1:]:
        app.connect(app.call(lease.session, handle)[0])
    assert app.refusal(lease.session, handles[0]) == "HOURLY_QUOTA_EXCEEDED"
    app.talk_until_cut_off()
    assert app.talked_and_charged == (360, 240)


def test_a_reconnect_without_a_handle_is_a_second_conversation_once(app: ModifiedApp) -> None:
    token, lease = app.call()
    app.connect(token)
    app.connect(app.call(lease.session)[0])
    assert app.refusal(lease.session) == "SESSION_ENDED"
    app.talk_until_cut_off()
    assert app.talked_and_charged == (120, 60)


def test_a_renewal_without_a_handle_overlaps_with_its_session_for_the_renewal_window(app: ModifiedApp) -> None:
    token, lease = app.call()
    app.connect(token)
    app.connect(app.at(LEASE - WINDOW).call(lease.session)[0])
    app.talk_until_cut_off()
    assert app.talked_and_charged == (140, 120)


def test_a_renewal_is_not_resumed_beside_the_connection_that_it_follows(app: ModifiedApp) -> None:
    token, lease = app.call()
    line = app.connect(token)
    renewed, _ = app.at(LEASE - WINDOW).call(lease.session, line.handle)
    assert app.closing_of(renewed) == HANDLE_IN_USE.text
    app.talk_until_cut_off()
    app.connect(renewed)
    app.talk_until_cut_off()
    assert app.talked_and_charged == (120, 120)


def test_renewing_again_and_again_gets_the_same_window(app: ModifiedApp) -> None:
    token, lease = app.call()
    line = app.connect(token)
    renewals = [app.at(second).call(lease.session, line.handle)[1] for second in (40, 41, 50, 59)]
    assert [renewal.kind for renewal in renewals] == ["renewal", "reconnect", "reconnect", "reconnect"]
    assert {renewal.ends for renewal in renewals} == {lease.ends + timedelta(seconds=LEASE)}
    app.talk_until_cut_off()
    assert app.talked_and_charged == (60, 120)


def test_no_renewal_goes_beyond_the_end_of_its_session(app: ModifiedApp) -> None:
    token, lease = app.call()
    for second in (50, 110):
        line = app.connect(token)
        app.at(second).hang_up(line)
        token, _ = app.call(lease.session, line.handle)
    line = app.connect(token)
    app.talk_until_cut_off()
    assert app.refusal(lease.session, line.handle) == "SESSION_ENDED"
    app.connect(app.call(handle=line.handle)[0])
    app.talk_until_cut_off()
    assert app.talked_and_charged == (240, 240)


def test_a_user_who_is_blocked_right_after_a_renewal_talks_for_a_lease_and_the_renewal_window(
    app: ModifiedApp,
) -> None:
    token, lease = app.call()
    line = app.connect(token)
    app.at(LEASE - WINDOW).hang_up(line)
    app.connect(app.call(lease.session, line.handle)[0])
    app.block()
    before = app.talked
    assert app.refusal() == app.refusal(lease.session, line.handle) == "USER_BLOCKED"
    app.talk_until_cut_off()
    assert app.talked - before == LEASE + WINDOW
    assert app.refusal() == "USER_BLOCKED"
    assert app.talked_and_charged == (120, 120)


def test_somebody_elses_session_is_neither_continued_nor_ended(app: ModifiedApp) -> None:
    victim = another_user(app)
    token, lease = victim.call()
    line = victim.connect(token)
    assert app.refusal(lease.session, line.handle) == "SESSION_ENDED"
    app.end(lease.session)
    assert victim.refusal() == "TOO_MANY_SESSIONS"
    victim.leave()
    assert app.talked_and_charged == (0, 0)
