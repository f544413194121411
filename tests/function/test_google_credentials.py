"""Access tokens of the function's own: fetched with a key file or from the metadata server, in time, or not at all."""

import json
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from function.fake_http_server import Answer, FakeHttpServer, Received, answer_json
from function.made_up import AMPLE
from function.raw_server import Peer, RawServer, Script
from live_tokens.bounded_transport import BoundedTransport
from live_tokens.deadline import Deadline
from live_tokens.google_credentials import AccessToken, GoogleCredentials
from live_tokens.single_flight import Outcome
from live_tokens.upstream import Upstream
from live_tokens.upstream_errors import CutShortError, UpstreamError, UpstreamTimeoutError

TOKEN = "made-up-access-token-one"
OTHER_TOKEN = "made-up-access-token-two"
EMAIL = "live-tokens@my-app-1a2b.iam.gserviceaccount.com"
HOUR = 3600
SHORT_SECONDS = 0.3
WAIT_SECONDS = 20
CALLERS = 8
METADATA = {"Metadata-Flavor": "Google"}
ACCOUNTS = "/computeMetadata/v1/instance/service-accounts"
TOKEN_PATHS = ("/token", f"{ACCOUNTS}/default/token")
ACCOUNT_PATHS = (f"{ACCOUNTS}/default/", f"{ACCOUNTS}/{EMAIL}/")


def granted(token: object = TOKEN, **more: object) -> Answer:
    """Return the answer with an access token."""
    return answer_json({"access_token": token, "token_type": "Bearer", "expires_in": HOUR} | more)


def written(text: str) -> Answer:
    """Return an answer of JSON that `json` would not write."""
    return Answer(200, text.encode(), {"Content-Type": "application/json"})


# --- where credentials come from


class AtServer(httpx2.BaseTransport):
    """Finds every host of the metadata server at one address.

    google-auth reads its environment when it is imported, which is too early for a test.
    """

    def __init__(self, transport: httpx2.BaseTransport, host_and_port: str) -> None:
        self._transport = transport
        self._host, _, self._port = host_and_port.partition(":")

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert request.url.host in ("metadata.google.internal", "169.254.169.254")
        url = request.url.copy_with(host=self._host, port=int(self._port))
        there = httpx2.Request(
            request.method, url, headers=request.headers, content=request.content, extensions=request.extensions
        )
        return self._transport.handle_request(there)


ACCOUNT = answer_json({"aliases": ["default"], "email": EMAIL, "scopes": []})


def of_metadata(token: Answer, account: Answer = ACCOUNT) -> Callable[[Received], Answer]:
    """Play the metadata server. Each part of it says who it is.

    Source: https://cloud.google.com/run/docs/container-contract#metadata-server
    """

    def reply(request: Received) -> Answer:
        assert request.headers["metadata-flavor"] == "Google"
        path = urlsplit(request.path).path
        if path == "/":
            return Answer(200, b"computeMetadata/\n", METADATA)
        if path == "/computeMetadata/v1/project/project-id":
            return Answer(200, b"my-app-1a2b", METADATA | {"Content-Type": "text/plain"})
        if path in ACCOUNT_PATHS:
            return account
        return token

    return reply


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def transport() -> Iterator[BoundedTransport]:
    with BoundedTransport(CALLERS, httpx2.create_ssl_context()) as made:
        yield made


@pytest.fixture(autouse=True)
def _no_gcloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the credentials of whoever runs the tests."""
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))


@pytest.fixture
def with_key_file(
    transport: BoundedTransport,
    private_key: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Callable[[str], GoogleCredentials]:
    """Make credentials of a service account whose tokens are granted at a `host:port`."""

    def make(host_and_port: str) -> GoogleCredentials:
        file = tmp_path / "key.json"
        file.write_text(
            json.dumps(
                {
                    "type": "service_account",
                    "project_id": "my-app-1a2b",
                    "private_key_id": "made-up-key-id",
                    "private_key": private_key,
                    "client_email": EMAIL,
                    "client_id": "1",
                    "token_uri": f"http://{host_and_port}/token",
                }
            )
        )
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
        return GoogleCredentials(Upstream(transport, 30.0))

    return make


@pytest.fixture
def with_metadata(transport: BoundedTransport) -> Callable[[str], GoogleCredentials]:
    """Make credentials that are found at a metadata server at a `host:port`."""
    return lambda host_and_port: GoogleCredentials(Upstream(AtServer(transport, host_and_port), 30.0))


@pytest.fixture(params=["key file", "metadata server"])
def make(
    request: pytest.FixtureRequest,
    with_key_file: Callable[[str], GoogleCredentials],
    with_metadata: Callable[[str], GoogleCredentials],
) -> Callable[[str], GoogleCredentials]:
    """Make credentials of either kind."""
    return with_key_file if request.param == "key file" else with_metadata


@pytest.fixture
def credentials(make: Callable[[str], GoogleCredentials], server: FakeHttpServer) -> GoogleCredentials:
    """Credentials of either kind, for which the server is there."""
    return make(server.host_and_port)


def answer_tokens(server: FakeHttpServer, *tokens: Answer) -> None:
    """Give these in turn where an access token is asked for, and the last one again and again."""
    left = list(tokens)

    def reply(request: Received) -> Answer:
        if not is_for_token(request):
            return of_metadata(Answer(500))(request)
        return left.pop(0) if len(left) > 1 else left[0]

    server.answer_with(reply)


def is_for_token(request: Received) -> bool:
    return urlsplit(request.path).path in TOKEN_PATHS


def fetches(server: FakeHttpServer) -> int:
    return len([request for request in server.received if is_for_token(request)])


# --- a token


def test_nothing_is_asked_before_a_token_is_needed(credentials: GoogleCredentials, server: FakeHttpServer) -> None:
    answer_tokens(server, granted())
    assert repr(credentials)
    assert server.connections == 0


def test_a_token_is_fetched_once_and_used_while_it_is_good_for_a_while(
    credentials: GoogleCredentials, server: FakeHttpServer
) -> None:
    answer_tokens(server, granted(), granted(OTHER_TOKEN))
    before = datetime.now(UTC)
    token = credentials.access_token(AMPLE)
    assert token.value == TOKEN
    assert before <= token.expiry - timedelta(seconds=HOUR) <= datetime.now(UTC) + timedelta(seconds=1)
    asked = len(server.received)
    for _ in range(5):
        assert credentials.access_token(AMPLE) is token
        assert credentials.authorization(AMPLE) == {"Authorization": f"Bearer {TOKEN}"}
    assert len(server.received) == asked


@pytest.mark.parametrize("seconds", [1, 60, 224])
def test_a_token_that_ends_soon_is_used_once(
    credentials: GoogleCredentials, server: FakeHttpServer, seconds: int
) -> None:
    answer_tokens(server, granted(expires_in=seconds), granted(OTHER_TOKEN))
    assert credentials.access_token(AMPLE).value == TOKEN
    assert credentials.access_token(AMPLE).value == OTHER_TOKEN
    assert credentials.access_token(AMPLE).value == OTHER_TOKEN
    assert fetches(server) == 2


@pytest.mark.parametrize(("seconds", "fresh"), [(HOUR, True), (240, True), (220, False), (1, False), (-1, False)])
def test_a_token_is_not_used_near_its_end(seconds: int, fresh: bool) -> None:
    assert AccessToken(TOKEN, datetime.now(UTC) + timedelta(seconds=seconds)).fresh is fresh


def test_credentials_are_looked_for_once(
    with_metadata: Callable[[str], GoogleCredentials], server: FakeHttpServer
) -> None:
    answer_tokens(server, granted(expires_in=1))
    credentials = with_metadata(server.host_and_port)
    for _ in range(3):
        credentials.access_token(AMPLE)
    paths = [urlsplit(request.path).path for request in server.received]
    assert paths.count("/") == 1
    assert paths.count(TOKEN_PATHS[1]) == 3


def test_a_key_file_signs_for_the_scopes_that_are_needed_and_stays_here(
    with_key_file: Callable[[str], GoogleCredentials], server: FakeHttpServer, private_key: str
) -> None:
    answer_tokens(server, granted())
    with_key_file(server.host_and_port).access_token(AMPLE)
    (request,) = server.received
    assert (request.method, request.path) == ("POST", "/token")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    form = parse_qs(request.body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert form["assertion"][0].count(".") == 2
    assert private_key.splitlines()[1] not in request.body.decode()


def test_many_at_once_fetch_one_token(credentials: GoogleCredentials, server: FakeHttpServer) -> None:
    freed, asked = threading.Event(), threading.Event()

    def held(request: Received) -> Answer:
        if is_for_token(request):
            asked.set()
            freed.wait(WAIT_SECONDS)
        return of_metadata(granted())(request) if not is_for_token(request) else granted()

    server.answer_with(held)
    with ThreadPoolExecutor(CALLERS) as threads:
        tokens = [threads.submit(credentials.access_token, AMPLE) for _ in range(CALLERS)]
        assert asked.wait(WAIT_SECONDS)
        freed.set()
        assert {token.result(WAIT_SECONDS).value for token in tokens} == {TOKEN}
    assert fetches(server) == 1


# --- no token

DEEP = '{"access_token": %s}' % ("[" * 30_000 + "]" * 30_000)  # as deep as 64 KiB can be
BAD = {
    "no end": answer_json({"access_token": "made-up-bad", "token_type": "Bearer"}),
    "an end of null": granted("made-up-bad", expires_in=None),
    "an end beyond numbers": written('{"access_token": "made-up-bad", "expires_in": 1e400}'),
    "an end beyond time": granted("made-up-bad", expires_in=10**15),
    "an end beyond any day": granted("made-up-bad", expires_in=10**18),
    "an end before all time": granted("made-up-bad", expires_in=-(10**11)),
    "an end at the beginning of time": granted("made-up-bad", expires_in=-63_931_348_644),
    "an end that was": granted("made-up-bad", expires_in=-1),
    "an end at once": granted("made-up-bad", expires_in=0),
    "an end in thirty years": granted("made-up-bad", expires_in=10**9),
    "a wish to be asked again": answer_json({"error": "server_error"}, 400),
    "an end that is no number": written('{"access_token": "made-up-bad", "expires_in": NaN}'),
    "an end soon": granted("made-up-bad", expires_in="soon"),
    "an end of nothing": granted("made-up-bad", expires_in=""),
    "a list for an end": granted("made-up-bad", expires_in=[HOUR]),
    "an object for an end": granted("made-up-bad", expires_in={"made": "up"}),
    "an end of too many digits": written('{"access_token": "made-up-bad", "expires_in": %s}' % ("9" * 5000)),
    "no token": answer_json({"expires_in": HOUR}),
    "null for a token": granted(None),
    "a number for a token": granted(1),
    "a list for a token": granted(["made-up-bad"]),
    "an object for a token": granted({"made": "up"}),
    "an empty token": granted(""),
    "a token of two lines": granted("made-up\r\nX-Made: up"),
    "a token that no header can hold": granted("made-up-bäd"),
    "nothing": written(""),
    "null": written("null"),
    "a list": written("[]"),
    "a text": written('"made up"'),
    "a number": written("1"),
    "no object at all": written("{}"),
    "nested": written(DEEP),
    "no UTF-8": Answer(200, b"\xff\xfe", {"Content-Type": "application/json"}),
    "HTML": Answer(200, b"<html>made up</html>", {"Content-Type": "text/html"}),
    "of no type": Answer(200, b"made up"),
    "400": answer_json({"error": "invalid_grant", "error_description": "made up"}, 400),
    "400 of another form": answer_json(["made up"], 400),
    "401": answer_json({"error": {"code": 401, "message": "made up"}}, 401),
    "403": Answer(403, b"made up"),
    "404": Answer(404, b"<html>made up</html>"),
    "a redirect": Answer(302, headers={"Location": "http://made-up.invalid/"}),
    "429": Answer(429, b"made up"),
    "500": Answer(500, b"made up"),
    "502": Answer(502, b"<html>made up</html>"),
    "503": answer_json({"error": "made up"}, 503),
    "too large": Answer(200, b" " * 70_000),
    "compressed": Answer(200, b"made up", {"Content-Encoding": "gzip"}),
    "cut short": Answer(200, b"{", cut_short=True),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())
def test_a_bad_answer_is_an_outage_and_the_next_good_one_is_good(
    credentials: GoogleCredentials, server: FakeHttpServer, answer: Answer
) -> None:
    answer_tokens(server, answer)
    for _ in range(2):
        with pytest.raises(UpstreamError, match=r"^access token: ") as failure:
            credentials.access_token(AMPLE)
        assert "made" not in f"{failure.value!r} {failure.value}"
    answer_tokens(server, granted())
    assert credentials.access_token(AMPLE).value == TOKEN


@pytest.mark.parametrize("answer", [BAD["no end"], BAD["500"], BAD["null for a token"]])
def test_a_bad_answer_after_a_good_one_is_an_outage_too(
    credentials: GoogleCredentials, server: FakeHttpServer, answer: Answer
) -> None:
    answer_tokens(server, granted(expires_in=1), answer)
    credentials.access_token(AMPLE)
    with pytest.raises(UpstreamError):
        credentials.access_token(AMPLE)
    answer_tokens(server, granted(OTHER_TOKEN))
    assert credentials.access_token(AMPLE).value == OTHER_TOKEN


def test_a_credential_never_goes_where_a_redirect_leads(
    credentials: GoogleCredentials, server: FakeHttpServer, elsewhere: FakeHttpServer
) -> None:
    for status in (301, 302, 303, 307, 308):
        answer_tokens(server, Answer(status, headers={"Location": f"http://{elsewhere.host_and_port}/token"}))
        with pytest.raises(UpstreamError):
            credentials.access_token(AMPLE)
    assert elsewhere.connections == 0


def test_who_stumbles_is_asked_once_more(credentials: GoogleCredentials, server: FakeHttpServer) -> None:
    answer_tokens(server, Answer(503), granted())
    assert credentials.access_token(AMPLE).value == TOKEN
    assert fetches(server) == 2


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_who_goes_on_stumbling_is_not_asked_a_third_time(
    credentials: GoogleCredentials, server: FakeHttpServer, status: int
) -> None:
    answer_tokens(server, Answer(status))
    with pytest.raises(UpstreamError):
        credentials.access_token(AMPLE)
    assert fetches(server) <= 2


@pytest.mark.parametrize(
    "bad",
    [
        Answer(200, b"another server"),
        Answer(404),
        Answer(500),
        Answer(302, headers={"Location": "http://made-up.invalid/"}),
        Answer(200, b"computeMetadata/", {"Metadata-Flavor": "made up"}),
    ],
    ids=["another server", "404", "500", "a redirect", "another flavor"],
)
def test_who_is_no_metadata_server_gives_no_token_and_is_asked_again(
    with_metadata: Callable[[str], GoogleCredentials], server: FakeHttpServer, bad: Answer
) -> None:
    server.answer_with(bad)
    credentials = with_metadata(server.host_and_port)
    with pytest.raises(UpstreamError, match=r"^access token: "):
        credentials.access_token(AMPLE)
    answer_tokens(server, granted())
    assert credentials.access_token(AMPLE).value == TOKEN


@pytest.mark.parametrize(
    "account",
    [answer_json({}), answer_json([]), answer_json(None), written("made up"), written("[" * 60_000), Answer(404)],
    ids=["{}", "[]", "null", "no JSON", "nested", "404"],
)
def test_an_account_that_is_none_is_an_outage_and_the_next_good_one_is_good(
    with_metadata: Callable[[str], GoogleCredentials], server: FakeHttpServer, account: Answer
) -> None:
    server.answer_with(of_metadata(granted(), account))
    credentials = with_metadata(server.host_and_port)
    for _ in range(2):
        with pytest.raises(UpstreamError, match=r"^access token: ") as failure:
            credentials.access_token(AMPLE)
        assert "made" not in str(failure.value)
    server.answer_with(of_metadata(granted()))
    assert credentials.access_token(AMPLE).value == TOKEN


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[]", "made up", "null", '{"type": "service_account"}', '{"type": "made up"}', None],
    ids=["nothing", "{}", "[]", "no JSON", "null", "no key", "another type", "no file"],
)
def test_a_key_file_that_is_none_is_an_outage(
    transport: BoundedTransport,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: str | None,
) -> None:
    file = tmp_path / "made-up.json"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    with pytest.raises(UpstreamError, match=r"^access token: ") as failure:
        GoogleCredentials(Upstream(transport, 30.0)).access_token(AMPLE)
    assert "made" not in str(failure.value)


def test_a_folder_for_a_key_file_is_an_outage(
    transport: BoundedTransport, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path))
    with pytest.raises(UpstreamError, match=r"^access token: \w+$"):
        GoogleCredentials(Upstream(transport, 30.0)).access_token(AMPLE)


def test_nobody_there_is_an_outage(make: Callable[[str], GoogleCredentials], nobody: str) -> None:
    with pytest.raises(UpstreamError, match=r"^access token: ConnectError$"):
        make(nobody).access_token(AMPLE)


# --- in time


def silent(peer: Peer) -> None:
    peer.read_request()
    peer.say_nothing()


def dripping(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n")
    peer.drip(b" ")


@pytest.mark.parametrize("script", [silent, dripping])
def test_who_does_not_come_to_an_end_costs_no_more_than_the_deadline(
    make: Callable[[str], GoogleCredentials], script: Script
) -> None:
    with RawServer(script).running() as server:
        credentials = make(server.host_and_port)
        for _ in range(2):
            with pytest.raises(CutShortError, match=r"^access token: "):
                credentials.access_token(Deadline.after(SHORT_SECONDS))


def test_who_does_not_come_to_an_end_costs_no_more_than_a_token_may(
    make: Callable[[str], GoogleCredentials],
) -> None:
    with RawServer(silent).running() as server, pytest.raises(UpstreamError):
        make(server.host_and_port).access_token(AMPLE)


def test_who_waits_for_others_waits_until_the_deadline_at_most(
    credentials: GoogleCredentials, server: FakeHttpServer
) -> None:
    freed, asked = threading.Event(), threading.Event()

    def held(request: Received) -> Answer:
        asked.set()
        freed.wait(WAIT_SECONDS)
        return Answer(500)

    server.answer_with(held)
    with ThreadPoolExecutor(1) as threads:
        asking = threads.submit(credentials.access_token, AMPLE)
        assert asked.wait(WAIT_SECONDS)
        with pytest.raises(UpstreamTimeoutError, match="others waited"):
            credentials.access_token(Deadline.after(0.1))
        freed.set()
        assert isinstance(asking.exception(WAIT_SECONDS), UpstreamError)


def test_a_good_token_is_there_for_who_has_no_time(credentials: GoogleCredentials, server: FakeHttpServer) -> None:
    answer_tokens(server, granted())
    credentials.access_token(AMPLE)
    assert credentials.access_token(Deadline.after(-1)).value == TOKEN


# --- what is seen of it


def test_no_credential_is_in_what_is_printed(
    credentials: GoogleCredentials, server: FakeHttpServer, private_key: str
) -> None:
    answer_tokens(server, granted())
    token = credentials.access_token(AMPLE)
    seen = f"{token!r} {token} {Outcome(token, None, 0.0, 0.0)!r} {credentials!r} {vars(credentials)!r}"
    assert TOKEN not in seen
    assert private_key.splitlines()[1] not in seen


def test_no_credential_is_in_an_error(credentials: GoogleCredentials, server: FakeHttpServer, private_key: str) -> None:
    answer_tokens(server, granted(TOKEN + "\n"))
    with pytest.raises(UpstreamError) as failure:
        credentials.access_token(AMPLE)
    seen = "".join(traceback.format_exception(failure.value))
    assert TOKEN not in seen
    assert private_key.splitlines()[1] not in seen
