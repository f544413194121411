"""`gemini_minter`: the real google-genai against a server that answers as Gemini does, and as it should not."""

import dataclasses
import gc
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import trustme

from function.fake_http_server import Answer, FakeHttpServer, Received, answer_json
from function.made_up import AMPLE, CALLER, HANDLE, KEY, LEASE, NEW_KEY, PROFILE
from function.transports import upstream
from live_tokens.deadline import Deadline
from live_tokens.errors import ApiKeyRejected, GeminiRateLimited, GeminiUnavailable, InternalFault, TokenNotIssued
from live_tokens.gemini_lock import IncompleteLockError, find_config_faults, proved_as
from live_tokens.gemini_minter import GeminiMinter, silence_experimental_warning
from live_tokens.issuing import LiveToken
from live_tokens.profiles import ProfileFile
from support.loaded_profiles import load_profiles

GEMINI = "generativelanguage.googleapis.com"
SHIPPED_PROFILES = Path(__file__).parents[2] / "functions" / "profiles"
SHIPPED_SETUP = {
    "model": "models/gemini-3.8-live",
    "generationConfig": {
        "responseModalities": ["AUDIO"],
        "speechConfig": {"voice_config": {"prebuilt_voice_config": {"voice_name": "Kore"}}},
    },
    "systemInstruction": {
        "parts": [
            {
                "text": "You are a friendly assistant in a mobile app. Answer in one or two short spoken sentences.",
            }
        ],
        "role": "user",
    },
    "inputAudioTranscription": {},
    "outputAudioTranscription": {},
    "contextWindowCompression": {"trigger_tokens": 25000, "sliding_window": {"target_tokens": 8000}},
}

NOW = datetime(2026, 11, 22, 15, 0, 0, 123_456, tzinfo=UTC)
MINTED = answer_json({"name": "auth_tokens/0123abc"})
UPSTREAM_WORDS = f"upstream words with {KEY.value} in them"


NO_NAMES: list[object] = [
    *(None, "", 7, ["auth_tokens/x"], {}, True),
    *("tokens/x", "auth_tokens/", "auth_tokens", "/auth_tokens/x", "Auth_tokens/x"),
    *("auth_tokens/a/b", "auth_tokens/a b", "auth_tokens/a&b=c", "auth_tokens/a#b", "auth_tokens/x\n", "auth_tokens/é"),
]


def refusal(status: int, reason: str | None = None) -> Answer:
    """Return an error as Google's APIs give it."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    details = [{"@type": "type.googleapis.com/google.rpc.Help"}, info] if reason else []
    return answer_json({"error": {"code": status, "message": UPSTREAM_WORDS, "details": details}}, status)


@pytest.fixture(autouse=True)
def _without_the_experimental_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        silence_experimental_warning()
        yield


@pytest.fixture(scope="module")
def shared_minter(_running_server: FakeHttpServer) -> GeminiMinter:
    """One minter for the tests that only look at answers: its TLS contexts are the slow part."""
    return GeminiMinter("v1beta", upstream(), _running_server.host_and_port, now=lambda: NOW)


def first_choices(file: ProfileFile) -> Mapping[str, str]:
    """Return what a caller gets who chooses nothing."""
    return next(file.variants()).chosen


def fails(minter: GeminiMinter, deadline: Deadline = AMPLE) -> TokenNotIssued:
    with pytest.raises(TokenNotIssued) as failure:
        minter.mint(KEY, PROFILE, None, None, deadline)
    return failure.value


# --- what is asked


@pytest.mark.parametrize(("handle", "resumption"), [(None, {}), (HANDLE, {"handle": HANDLE})])
def test_the_shipped_default_profile_is_posted_as_a_full_single_use_lock(
    server: FakeHttpServer, shared_minter: GeminiMinter, handle: str | None, resumption: dict[str, str]
) -> None:
    server.answer_with(MINTED)
    default = load_profiles(SHIPPED_PROFILES, find_config_faults).for_caller("default", CALLER)
    shared_minter.mint(KEY, default, handle, replace(LEASE, ends=NOW + timedelta(seconds=600)), AMPLE)
    (request,) = server.received
    assert request.json() == {
        "uses": 1,
        "expireTime": "2026-11-22T15:10:00.123456+00:00",
        "newSessionExpireTime": "2026-11-22T15:01:00+00:00",
        "bidiGenerateContentSetup": SHIPPED_SETUP | {"sessionResumption": resumption},
    }


@pytest.mark.parametrize("handle", [None, HANDLE])
@pytest.mark.parametrize("name", [file.stem for file in SHIPPED_PROFILES.glob("*.toml")])
def test_a_setup_that_was_proved_at_the_start_is_sent_in_the_same_bytes(
    server: FakeHttpServer, shared_minter: GeminiMinter, name: str, handle: str | None
) -> None:
    server.answer_with(MINTED)
    proved: dict[str, Mapping[str, object]] = {}
    profiles = load_profiles(SHIPPED_PROFILES, partial(find_config_faults, proved=proved))
    profile = profiles.files[name].with_choices(first_choices(profiles.files[name]))
    assert proved_as(profile) in proved
    proving = GeminiMinter("v1beta", upstream(), server.host_and_port, now=lambda: NOW, proved=proved)
    for minter in (shared_minter, proving):
        minter.mint(KEY, profile, handle, None, AMPLE)
    made, kept = server.received
    assert kept.body == made.body


def test_a_proved_setup_that_is_no_full_lock_does_not_leave_the_house(server: FakeHttpServer) -> None:
    server.answer_with(MINTED)
    proved: dict[str, Mapping[str, object]] = {proved_as(PROFILE): {"model": PROFILE.model}}
    minter = GeminiMinter("v1beta", upstream(), server.host_and_port, proved=proved)
    with pytest.raises(IncompleteLockError):
        minter.mint(KEY, PROFILE, None, None, AMPLE)
    assert server.received == []


def test_nothing_of_a_caller_is_kept(server: FakeHttpServer) -> None:
    server.answer_with(MINTED)
    config = {"response_modalities": ["AUDIO"], "system_instruction": "Greet {claim:nick}."}
    of_file = dataclasses.replace(PROFILE, config=config)
    of_caller = dataclasses.replace(PROFILE, config=config | {"system_instruction": "Greet Ada."})
    proved: dict[str, Mapping[str, object]] = {}
    assert find_config_faults(of_file, proved) == []
    minter = GeminiMinter("v1beta", upstream(), server.host_and_port, proved=proved)
    minter.mint(KEY, of_caller, None, None, AMPLE)
    assert "Greet Ada." in str(server.received[0].json())
    assert proved.keys() == {proved_as(of_file)}


@pytest.mark.parametrize("version", ["v1alpha", "v1beta"])
def test_the_version_is_that_of_the_mint_and_of_the_connection(server: FakeHttpServer, version: str) -> None:
    server.answer_with(MINTED)
    live_token = GeminiMinter(version, upstream(), server.host_and_port).mint(KEY, PROFILE, None, None, AMPLE)
    (request,) = server.received
    assert (request.method, request.path) == ("POST", f"/{version}/auth_tokens")
    assert live_token.api_version == version
    assert live_token.websocket_url == (
        f"ws://{server.host_and_port}/ws/google.ai.generativelanguage.{version}."
        "GenerativeService.BidiGenerateContentConstrained?access_token=auth_tokens/0123abc"
    )


@pytest.mark.parametrize(
    ("lease_seconds", "expire_time", "new_session_expire_time"),
    [(600, "2026-11-22T15:10:00+00:00", "2026-11-22T15:01:00+00:00"), (30, *("2026-11-22T15:00:30+00:00",) * 2)],
)
def test_a_token_ends_with_its_lease_and_is_opened_before(
    server: FakeHttpServer,
    shared_minter: GeminiMinter,
    lease_seconds: int,
    expire_time: str,
    new_session_expire_time: str,
) -> None:
    server.answer_with(MINTED)
    lease = dataclasses.replace(LEASE, ends=NOW.replace(microsecond=0) + timedelta(seconds=lease_seconds))
    shared_minter.mint(KEY, PROFILE, HANDLE, lease, AMPLE)
    (request,) = server.received
    body = request.json()
    assert (body["expireTime"], body["newSessionExpireTime"]) == (expire_time, new_session_expire_time)
    assert body["bidiGenerateContentSetup"]["sessionResumption"] == {"handle": HANDLE}


def test_the_key_travels_in_its_header_and_nowhere_else(server: FakeHttpServer, shared_minter: GeminiMinter) -> None:
    server.answer_with(MINTED)
    shared_minter.mint(KEY, PROFILE, None, None, AMPLE)
    (request,) = server.received
    assert [name for name, value in request.headers.items() if KEY.value in value] == ["x-goog-api-key"]
    assert request.headers["x-goog-api-key"] == KEY.value
    assert KEY.value not in request.path
    assert KEY.value.encode() not in request.body


# --- what comes of it


def test_a_token_comes_with_all_that_is_needed_to_use_it(server: FakeHttpServer, shared_minter: GeminiMinter) -> None:
    server.answer_with(MINTED)
    whole_second = NOW.replace(microsecond=0)
    assert shared_minter.mint(KEY, PROFILE, None, None, AMPLE) == LiveToken(
        token="auth_tokens/0123abc",
        websocket_url=f"ws://{server.host_and_port}/ws/google.ai.generativelanguage.v1beta."
        "GenerativeService.BidiGenerateContentConstrained?access_token=auth_tokens/0123abc",
        api_version="v1beta",
        profile=PROFILE,
        issued_at=whole_second,
        new_session_expire_time=whole_second + timedelta(seconds=60),
        expire_time=whole_second + timedelta(seconds=900),
    )


def test_without_a_clock_of_its_own_it_tells_aware_utc_in_whole_seconds(server: FakeHttpServer) -> None:
    server.answer_with(MINTED)
    before = datetime.now(UTC).replace(microsecond=0)
    live_token = GeminiMinter("v1beta", upstream(), server.host_and_port).mint(KEY, PROFILE, None, None, AMPLE)
    for time in (live_token.issued_at, live_token.new_session_expire_time, live_token.expire_time):
        assert time.utcoffset() == timedelta(0)
        assert time.microsecond == 0
    assert before <= live_token.issued_at <= datetime.now(UTC)


# --- refusals and failures


@pytest.mark.parametrize(
    ("answer", "kind", "diagnosis"),
    [
        (refusal(400, "API_KEY_INVALID"), ApiKeyRejected, "ClientError 400 API_KEY_INVALID"),
        (
            refusal(401, "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
            ApiKeyRejected,
            "ClientError 401 ACCESS_TOKEN_TYPE_UNSUPPORTED",
        ),
        (refusal(401), ApiKeyRejected, "ClientError 401"),
        (refusal(403), ApiKeyRejected, "ClientError 403"),
        (refusal(400), InternalFault, "ClientError 400"),
        (refusal(400, "SOMETHING_ELSE"), InternalFault, "ClientError 400 SOMETHING_ELSE"),
        (refusal(404), InternalFault, "ClientError 404"),
        (refusal(429), GeminiRateLimited, "ClientError 429"),
        (refusal(501), GeminiUnavailable, "ServerError 501"),
        (answer_json({"error": {"status": "NOT_FOUND"}}, 404), InternalFault, "ClientError 404 NOT_FOUND"),
        (
            answer_json({"error": {"status": "FAILED_PRECONDITION", "details": [{"reason": "SOME_REASON"}]}}, 400),
            InternalFault,
            "ClientError 400 FAILED_PRECONDITION SOME_REASON",
        ),
        *(
            (answer_json({"error": {"status": status}}, 400), InternalFault, "ClientError 400")
            for status in (UPSTREAM_WORDS, "not_found", "A" * 64, 7, ["NOT_FOUND"])
        ),
        (answer_json({"error": {"details": "odd"}}, 400), InternalFault, "ClientError 400"),
        (answer_json({"error": {"details": ["odd", {"reason": 7}]}}, 400), InternalFault, "ClientError 400"),
        *(
            (answer_json({"error": {"details": [{"reason": reason}]}}, 400), InternalFault, "ClientError 400")
            for reason in ("A" * 64, "api_key", "A KEY", "", "A\n", UPSTREAM_WORDS)
        ),
        (answer_json(["odd"], 403), ApiKeyRejected, "ClientError 403"),
        (Answer(403, UPSTREAM_WORDS.encode()), ApiKeyRejected, "ClientError 403"),
        (answer_json({"name": "auth_tokens/0123abc"}, 201), GeminiUnavailable, "APIError 201"),
        (Answer(204), GeminiUnavailable, "APIError 204"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refusal_is_what_its_status_and_reason_mean_and_is_not_asked_for_again(
    server: FakeHttpServer, shared_minter: GeminiMinter, answer: Answer, kind: type[TokenNotIssued], diagnosis: str
) -> None:
    server.answer_with(answer)
    failure = fails(shared_minter)
    assert type(failure) is kind
    assert failure.diagnosis == diagnosis
    assert len(server.received) == 1


UNKNOWN = "Invalid JSON payload received. Unknown name"
SETUP = "auth_token.bidi_generate_content_setup"


def says(message: str, *fields: object, reason: str | None = None) -> Answer:
    """Return a 400 as Google words it, with the fields of google.rpc.BadRequest."""
    details: list[object] = [{"reason": reason}] if reason else []
    details.append({"fieldViolations": [{"field": field, "description": UPSTREAM_WORDS} for field in fields]})
    return answer_json({"error": {"code": 400, "message": message, "details": details}}, 400)


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (
            says(f"{UNKNOWN} \"mcpServers\" at '{SETUP}.tools[0]': Cannot find field.", SETUP),
            f"{SETUP}.tools[0].mcpServers",
        ),
        (says(f'{UNKNOWN} "liveConnectConstraints": Cannot find field.'), "liveConnectConstraints"),
        (says(f"Invalid value at '{SETUP}.seed' (TYPE_INT32), \"{UPSTREAM_WORDS}\""), f"{SETUP}.seed"),
        (says(UPSTREAM_WORDS, f"{SETUP}.model"), f"{SETUP}.model"),
        (says(UPSTREAM_WORDS, "a", "b", "c", "d"), "a, b, c"),
        (says(UPSTREAM_WORDS, "a", reason="SOME_REASON"), "SOME_REASON a"),
        (says("".join(f"{UNKNOWN} \"{name}\" at 'x': Cannot find field.\n" for name in "abcd")), "x.a, x.b, x.c"),
        (says(UPSTREAM_WORDS, "two words", "a" * 300, "", 7, None, "a\nb", "ключ"), ""),
        (says(f"{UNKNOWN} \"two words\" at 'x': Cannot find field."), ""),
        (says(f"{UNKNOWN} \"{'a' * 65}\" at 'x': Cannot find field."), ""),
        (
            answer_json(
                {"error": {"message": ["odd"], "details": [{"fieldViolations": "odd"}, {"fieldViolations": [7]}]}}, 400
            ),
            "",
        ),
    ],
)
def test_a_profile_that_gemini_refuses_is_diagnosed_with_its_fields_and_none_of_its_values(
    server: FakeHttpServer, shared_minter: GeminiMinter, answer: Answer, named: str
) -> None:
    server.answer_with(answer)
    failure = fails(shared_minter)
    assert type(failure) is InternalFault
    assert failure.diagnosis == f"ClientError 400 {named}".rstrip()


def test_only_a_400_is_about_the_profile(server: FakeHttpServer, shared_minter: GeminiMinter) -> None:
    server.answer_with(answer_json({"error": {"message": f"{UNKNOWN} \"x\" at 'y': Cannot find field."}}, 404))
    assert fails(shared_minter).diagnosis == "ClientError 404"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, f"<html>{UPSTREAM_WORDS}</html>".encode(), {"Content-Type": "text/html"}),
        Answer(200, b"\xff"),
        Answer(200),
        answer_json({}),
        answer_json({"token": "auth_tokens/0123abc"}),
        Answer(200, b"[" * 60_000),
        Answer(200, b" " * 70_000),
        *(answer_json({"name": name}) for name in NO_NAMES),
    ],
    ids=lambda answer: answer.body[:40].decode(errors="replace").strip() or "empty",
)
def test_an_answer_without_a_proper_token_is_an_outage(
    server: FakeHttpServer, shared_minter: GeminiMinter, answer: Answer
) -> None:
    server.answer_with(answer)
    failure = fails(shared_minter)
    assert type(failure) is GeminiUnavailable
    assert UPSTREAM_WORDS not in str(failure.diagnosis)
    assert len(server.received) == 1


@pytest.mark.parametrize("answer", [answer_json(["auth_tokens/x"]), answer_json("auth_tokens/x")])
def test_an_answer_that_is_no_object_is_an_outage(
    server: FakeHttpServer, shared_minter: GeminiMinter, answer: Answer
) -> None:
    server.answer_with(answer)
    assert type(fails(shared_minter)) is GeminiUnavailable


def test_what_may_pass_is_asked_twice_and_no_more(
    server: FakeHttpServer, shared_minter: GeminiMinter, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at once, since each waits between. The answer depends on the model asked for."""
    scripts = {
        "recovers": [refusal(500), MINTED],
        "busy-then-the-key": [refusal(503), refusal(401)],
        **{f"always-{status}": [refusal(status)] * 9 for status in (408, 500, 502, 503, 504)},
    }
    asked: list[str] = []

    def answer(request: Received) -> Answer:
        model = request.json()["bidiGenerateContentSetup"]["model"].removeprefix("models/")
        asked.append(model)
        return scripts[model].pop(0)

    def outcome_of(minter: GeminiMinter, model: str) -> str:
        try:
            return minter.mint(KEY, dataclasses.replace(PROFILE, model=f"models/{model}"), None, None, AMPLE).token
        except TokenNotIssued as failure:
            return f"{failure.reason} {failure.diagnosis}"

    server.answer_with(answer)
    server.certificate = trustme.CA().issue_cert(GEMINI)  # an authority that nobody trusts
    monkeypatch.setenv("HTTPS_PROXY", f"http://{server.host_and_port}")
    minters = {
        **dict.fromkeys(scripts, shared_minter),
        "refused": GeminiMinter("v1beta", upstream(), nobody),
        "impostor": GeminiMinter("v1beta", upstream()),
    }
    with ThreadPoolExecutor(len(minters)) as pool:
        outcomes = dict(zip(minters, pool.map(outcome_of, minters.values(), minters), strict=True))
    assert outcomes == {
        "recovers": "auth_tokens/0123abc",
        "busy-then-the-key": "API_KEY_REJECTED ClientError 401",
        "always-408": "GEMINI_UNAVAILABLE ClientError 408",
        "always-500": "GEMINI_UNAVAILABLE ServerError 500",
        "always-502": "GEMINI_UNAVAILABLE ServerError 502",
        "always-503": "GEMINI_UNAVAILABLE ServerError 503",
        "always-504": "GEMINI_UNAVAILABLE ServerError 504",
        "refused": "GEMINI_UNAVAILABLE ConnectError",
        "impostor": "GEMINI_UNAVAILABLE ConnectError",
    }
    assert Counter(asked) == dict.fromkeys(scripts, 2)
    assert [request.method for request in server.received].count("CONNECT") == 2


def test_an_incomplete_lock_does_not_leave_the_house(server: FakeHttpServer, shared_minter: GeminiMinter) -> None:
    server.answer_with(MINTED)
    empty = dataclasses.replace(PROFILE, config={})
    with pytest.raises(IncompleteLockError):
        shared_minter.mint(KEY, empty, None, None, AMPLE)
    assert server.received == []


# --- where the key goes


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(
    server: FakeHttpServer, elsewhere: FakeHttpServer, shared_minter: GeminiMinter, status: int
) -> None:
    elsewhere.answer_with(MINTED)
    server.answer_with(Answer(status, headers={"Location": f"http://{elsewhere.host_and_port}/v1beta/auth_tokens"}))
    assert type(fails(shared_minter)) is GeminiUnavailable
    assert len(server.received) == 1
    assert elsewhere.received == []


def test_the_environment_does_not_change_where_the_key_goes(
    server: FakeHttpServer, elsewhere: FakeHttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.answer_with(MINTED)
    server.answer_with(MINTED)
    for name, value in {
        "GOOGLE_GEMINI_BASE_URL": f"http://{elsewhere.host_and_port}",
        "GOOGLE_VERTEX_BASE_URL": f"http://{elsewhere.host_and_port}",
        "GOOGLE_GENAI_API_VERSION": "v9",
        "GOOGLE_GENAI_USE_VERTEXAI": "true",
        "GOOGLE_GENAI_USE_ENTERPRISE": "true",
        "GOOGLE_CLOUD_PROJECT": "another-project",
        "GEMINI_API_KEY": "key-of-the-environment",
        "GOOGLE_API_KEY": "key-of-the-environment",
    }.items():
        monkeypatch.setenv(name, value)
    GeminiMinter("v1beta", upstream(), server.host_and_port).mint(KEY, PROFILE, None, None, AMPLE)
    (request,) = server.received
    assert (request.path, request.headers["x-goog-api-key"]) == ("/v1beta/auth_tokens", KEY.value)
    assert "key-of-the-environment" not in str(request.headers)
    assert elsewhere.received == []


def test_without_an_emulator_the_key_goes_to_google_over_tls(
    server: FakeHttpServer, elsewhere: FakeHttpServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The server is a proxy here: what is asked of it is where the request would have gone."""
    authority = trustme.CA()
    server.certificate = authority.issue_cert(GEMINI)
    server.answer_with(MINTED)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("HTTPS_PROXY", f"http://{server.host_and_port}")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", f"http://{elsewhere.host_and_port}")
    live_token = GeminiMinter("v1beta", upstream()).mint(KEY, PROFILE, None, None, AMPLE)
    to_proxy, through_it = server.received
    assert (to_proxy.method, to_proxy.path) == ("CONNECT", f"{GEMINI}:443")
    assert KEY.value not in str(to_proxy.headers)
    assert through_it.headers["host"] == GEMINI
    assert through_it.headers["x-goog-api-key"] == KEY.value
    assert live_token.websocket_url == (
        "wss://generativelanguage.googleapis.com/ws/google.ai.generativelanguage.v1beta."
        "GenerativeService.BidiGenerateContentConstrained?access_token=auth_tokens/0123abc"
    )


def test_a_stand_in_over_tls_is_reached_over_tls(
    server: FakeHttpServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The server is a proxy here too."""
    authority = trustme.CA()
    server.certificate = authority.issue_cert("stand-in.example")
    server.answer_with(MINTED)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("HTTPS_PROXY", f"http://{server.host_and_port}")
    minter = GeminiMinter("v1beta", upstream(), "https://stand-in.example:8443")
    live_token = minter.mint(KEY, PROFILE, None, None, AMPLE)
    to_proxy, through_it = server.received
    assert to_proxy.path == "stand-in.example:8443"
    assert through_it.headers["host"] == "stand-in.example:8443"
    assert live_token.websocket_url.startswith("wss://stand-in.example:8443/ws/")


# --- connections


def test_keys_share_a_connection_and_each_request_has_its_own(server: FakeHttpServer) -> None:
    server.answer_with(MINTED)
    minter = GeminiMinter("v1beta", upstream(), server.host_and_port)
    for key in (KEY, KEY, NEW_KEY, KEY, NEW_KEY):
        minter.mint(key, PROFILE, None, None, AMPLE)
    sent = [request.headers["x-goog-api-key"] for request in server.received]
    assert sent == [KEY.value, KEY.value, NEW_KEY.value, KEY.value, NEW_KEY.value]
    assert server.connections == 1


def test_nothing_connects_before_the_first_mint(server: FakeHttpServer) -> None:
    GeminiMinter("v1beta", upstream(), server.host_and_port)
    assert server.connections == 0


def test_a_third_key_ends_no_connection_of_the_others(server: FakeHttpServer) -> None:
    server.answer_with(MINTED)
    minter = GeminiMinter("v1beta", upstream(), server.host_and_port)
    for number in range(5):
        minter.mint(dataclasses.replace(KEY, value=f"made-up-key-{number}"), PROFILE, None, None, AMPLE)
        gc.collect()
    assert server.connections == 1


# --- time


def test_a_gemini_that_is_silent_costs_what_the_call_has_left(silent: str) -> None:
    failure = fails(GeminiMinter("v1beta", upstream(), silent), Deadline.after(0.2))
    assert type(failure) is GeminiUnavailable
    assert failure.diagnosis == "ReadTimeout"


def test_no_try_begins_when_the_time_is_up(server: FakeHttpServer, shared_minter: GeminiMinter) -> None:
    server.answer_with(MINTED)
    assert type(fails(shared_minter, Deadline.after(-1))) is GeminiUnavailable
    assert server.received == []
