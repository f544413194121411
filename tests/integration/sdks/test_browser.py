"""What a browser is told before and after it lets a web app call the function."""

from collections.abc import Iterable, Mapping

import pytest
import requests

from firebase_sign_in import sign_up
from stack import LocalStack
from support.sdks.secrets_seen import SecretsSeen

OURS = "https://app.example.com"
DEVELOPERS = "http://localhost:5173"
WEB_VIEW = "capacitor://localhost"
OTHERS = "https://evil.example.com"
ASKED = {"authorization", "baggage", "content-type", "sentry-trace", "traceparent", "x-firebase-appcheck"}


def preflight(url: str, origin: str) -> requests.Response:
    """What Chrome sends before a call of `httpsCallable` in an app whose calls Sentry traces."""
    return requests.options(
        url,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": ",".join(sorted(ASKED)),
        },
        timeout=30,
    )


def post(
    url: str, origin: str | None, authorization: str | None = None, body: bytes | Iterable[bytes] = b'{"data":null}'
) -> requests.Response:
    headers = {"Content-Type": "application/json", "Origin": origin, "Authorization": authorization}
    # An iterator is sent in chunks, without a Content-Length.
    return requests.post(url, data=body if isinstance(body, bytes) else iter(body), headers=headers, timeout=30)


def allowed_origin(headers: Mapping[str, str]) -> str | None:
    return headers.get("Access-Control-Allow-Origin")


def listed(header: str) -> set[str]:
    return {item.strip().lower() for item in header.split(",")}


@pytest.mark.parametrize("origin", [OURS, DEVELOPERS, WEB_VIEW])
def test_a_preflight_from_one_of_our_web_apps_is_allowed(stack: LocalStack, origin: str) -> None:
    response = preflight(stack.function_url, origin)

    assert response.status_code == 204
    assert allowed_origin(response.headers) == origin
    assert "post" in listed(response.headers["Access-Control-Allow-Methods"])
    assert listed(response.headers["Access-Control-Allow-Headers"]) >= ASKED
    assert "origin" in listed(response.headers["Vary"])


@pytest.mark.parametrize("origin", [OTHERS, "null", f"{OURS}.evil.example.com", "http://app.example.com"])
def test_a_preflight_from_elsewhere_is_not(stack: LocalStack, origin: str) -> None:
    response = preflight(stack.function_url, origin)

    assert allowed_origin(response.headers) is None
    assert "Access-Control-Allow-Methods" not in response.headers
    assert "origin" in listed(response.headers["Vary"])


def test_a_browser_may_read_the_token(stack: LocalStack, secrets_seen: SecretsSeen) -> None:
    user = sign_up(stack.auth_host)

    response = post(stack.function_url, OURS, f"Bearer {user.id_token}")

    secrets_seen.collect({"idToken": user.id_token, "answer": response.json()})
    assert response.status_code == 200
    assert allowed_origin(response.headers) == OURS
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("authorization", "body", "status"),
    [
        (None, b'{"data":null}', 401),
        ("Bearer nonsense", b'{"data":null}', 401),
        ("Bearer nonsense", b'{"data":', 400),
        ("Bearer nonsense", b"x" * 20_000, 400),
        ("Bearer nonsense", [b"x" * 5_000] * 4, 400),
    ],
    ids=["no sign-in", "bad sign-in", "broken body", "large body", "large body in pieces"],
)
def test_a_browser_may_read_errors_too(
    stack: LocalStack, authorization: str | None, body: bytes | list[bytes], status: int
) -> None:
    response = post(stack.function_url, OURS, authorization, body)

    assert response.status_code == status
    assert response.json()["error"]["details"]["reason"]
    assert allowed_origin(response.headers) == OURS
    assert response.headers["Cache-Control"] == "no-store"


def test_a_browser_may_read_that_an_outage_is_one(lonely_functions: dict[str, str], stack: LocalStack) -> None:
    user = sign_up(stack.auth_host)

    response = post(lonely_functions["GEMINI_UNAVAILABLE"], OTHERS, f"Bearer {user.id_token}")

    assert response.status_code == 503
    assert allowed_origin(response.headers) == "*", "this function allows every origin"


def test_a_page_from_elsewhere_cannot_read_the_answer(stack: LocalStack) -> None:
    assert allowed_origin(post(stack.function_url, OTHERS).headers) is None


def test_a_native_app_needs_no_origin(stack: LocalStack, secrets_seen: SecretsSeen) -> None:
    user = sign_up(stack.auth_host)

    response = post(stack.function_url, None, f"Bearer {user.id_token}")

    secrets_seen.collect({"idToken": user.id_token, "answer": response.json()})
    assert response.status_code == 200
    assert allowed_origin(response.headers) is None
