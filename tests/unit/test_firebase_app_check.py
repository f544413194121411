"""`firebase_app_check`, as far as it needs no network. Signatures, keys and replays are in `tests/integration`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from live_tokens.errors import AppCheckInvalid, AppCheckMissing
from live_tokens.firebase_app_check import AppCheckOff, FirebaseAppCheck, MonitoredAppCheck
from live_tokens.issuing import Attestation
from unit.fake_http_server import FakeHttpServer
from unit.made_up import APP_CHECK_TOKEN, APP_ID, PROJECT

NO_JWT = ["", " ", "x", "a.b", "a.b.c.d", "a b c", "...", f"a.{'b' * 8_190}.c", "." * 9_000]


@pytest.fixture
def proxied(server: FakeHttpServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHttpServer]:
    """A proxy that would see every request, and no credentials."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://{server.host_and_port}")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    before = server.connections
    yield server
    assert server.connections == before


@pytest.fixture(params=[True, False], ids=["consume", "reuse"])
def app_check(request: pytest.FixtureRequest, proxied: FakeHttpServer) -> FirebaseAppCheck:
    return FirebaseAppCheck(PROJECT, consume=request.param, allowed_app_ids=frozenset({APP_ID}))


@pytest.mark.parametrize("token", [None, "", APP_CHECK_TOKEN])
def test_off_asks_nobody_about_anything(token: str | None) -> None:
    assert AppCheckOff().attest(token) == Attestation("off", None)


def test_no_token_is_a_missing_one(app_check: FirebaseAppCheck) -> None:
    with pytest.raises(AppCheckMissing):
        app_check.attest(None)


@pytest.mark.parametrize("no_jwt", NO_JWT, ids=lambda value: repr(value[:12]))
def test_what_is_no_jwt_is_refused_before_anything_connects(app_check: FirebaseAppCheck, no_jwt: str) -> None:
    with pytest.raises(AppCheckInvalid) as refusal:
        app_check.attest(no_jwt)
    assert refusal.value.diagnosis == "not a JWT"


@given(st.text(max_size=40))
def test_whatever_has_not_three_parts_is_invalid_and_never_quoted(text: str) -> None:
    assume(text.count(".") != 2)
    with pytest.raises(AppCheckInvalid) as refusal:
        FirebaseAppCheck(PROJECT, consume=False, allowed_app_ids=frozenset()).attest(text)
    assert f"{refusal.value} {refusal.value.diagnosis}" == "APP_CHECK_INVALID not a JWT"


def test_monitoring_tells_what_was_found_and_refuses_nobody(app_check: FirebaseAppCheck) -> None:
    monitored = MonitoredAppCheck(app_check)
    assert monitored.attest(None) == Attestation("missing", None)
    assert monitored.attest("no JWT") == Attestation("invalid", None)


def test_many_of_them_live_side_by_side() -> None:
    for project in (PROJECT, PROJECT, "another-app"):
        with pytest.raises(AppCheckMissing):
            FirebaseAppCheck(project, consume=False, allowed_app_ids=frozenset()).attest(None)
