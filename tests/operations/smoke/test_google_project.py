"""Against the unmodified function in production mode, under Google's names and over TLS, as a release runs it."""

import json
import secrets
import signal
import threading
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from gemini_live_stand_in import create_app
from gemini_live_stand_in.serving import serve
from operations.smoke.google_project import (
    URL,
    GoogleProject,
    google_error,
    run_deployed_function,
)
from operations.smoke.made_up_service import id_token
from support.google_hosts.upstream import Silence
from support.production.app_check_tokens import APP_ID
from support.production.id_tokens import IdTokens
from support.production.local_google import PROJECT, SIGNER, LocalGoogle
from support.smoke_program import running_smoke

INTERACTION = "An interaction with the profile's model"
ANOTHER_ACCOUNT = f"somebody-else@{PROJECT}.iam.gserviceaccount.com"


def test_a_good_service_passes_and_the_user_is_gone(project: GoogleProject) -> None:
    outcome = project.smoke("--no-observations")

    assert (outcome.code, outcome.bad, outcome.err) == (0, [], "")
    assert outcome.good[2:4] == [
        "A call with an ID token for another project, with a foreign signature, is refused: 401 ID_TOKEN_INVALID",
        "A call with a forged ID token is refused: 401 ID_TOKEN_INVALID",
    ]
    assert outcome.good[-2:] == [
        "The user is deleted",
        "A call of the deleted user is refused: 401 ID_TOKEN_REVOKED",
    ]
    assert project.identity.users == {}
    assert "The run took 2 live tokens of the profile's quota." in outcome.out


def test_a_look_up_of_another_form_than_the_function_believes_fails_the_run(
    project: GoogleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project.identity, "answer_about_nobody", {})

    outcome = project.smoke("--no-observations")

    assert outcome.code == 1
    (fault,) = outcome.bad
    assert "must be refused with 401 ID_TOKEN_REVOKED" in fault
    assert "IDENTITY_UNAVAILABLE" in fault


def test_observations_are_made_against_google_unless_they_are_forbidden(project: GoogleProject) -> None:
    outcome = project.smoke("--timeout", "5", "--profile", "tokens-only")

    assert (outcome.code, outcome.bad) == (0, [])
    assert len(outcome.observations) == 10
    assert outcome.observations["The form of a look-up answer"] == (
        "kind identitytoolkit#GetAccountInfoResponse; one user, with localId as a str, disabled as a boolean, "
        "validSince as a string of digits"
    )
    assert outcome.observations[INTERACTION] == "not tested, because GEMINI_API_KEY is not set to a key"
    assert "The run took 8 live tokens of the profile's quota." in outcome.out
    assert project.identity.users == {}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            JSONResponse({"id": "interactions-1", "status": "IN_PROGRESS"}),
            "accepted. The answer has the fields id, status",
        ),
        (google_error(404, "Not found.", "NOT_FOUND"), "refused: 404 NOT_FOUND"),
        (google_error(400, "Model is not supported."), "refused: 400 INVALID_ARGUMENT"),
        (google_error(503, "Unavailable.", "UNAVAILABLE"), "failed: 503 UNAVAILABLE"),
    ],
)
def test_with_a_key_an_interaction_is_asked_for_and_cancelled(
    project: GoogleProject, answer: Response, words: str
) -> None:
    asked: list[tuple[str, object]] = []
    key = project.google.new_api_key()

    async def interactions(request: Request) -> Response:
        assert request.headers["x-goog-api-key"] == key
        asked.append((request.url.path, await request.json()))
        return answer

    gemini = Starlette(
        routes=[
            Route("/v1/interactions", interactions, methods=["POST"]),
            Route("/v1/interactions/{id}/cancel", interactions, methods=["POST"]),
            Mount("/", create_app(project.google.gemini_stand_in)),
        ]
    )
    with project.google.gemini.answering(gemini):
        outcome = project.smoke("--timeout", "5", GEMINI_API_KEY=f"{key}\n")

    assert (outcome.code, outcome.bad) == (0, [])
    assert outcome.observations[INTERACTION].startswith(words)
    cancelled: list[tuple[str, object]] = (
        [("/v1/interactions/interactions-1/cancel", {})] if answer.status_code == 200 else []
    )
    assert asked == [("/v1/interactions", {"model": "gemini-3.8-live"}), *cancelled]


def test_the_api_key_may_be_given(project: GoogleProject) -> None:
    project.identity.faults["config"] = google_error(403, "The caller does not have permission", "PERMISSION_DENIED")

    assert project.smoke("--no-observations", FIREBASE_API_KEY=project.identity.api_keys[PROJECT]).code == 0


def test_the_user_has_the_claims_that_were_given(project: GoogleProject) -> None:
    with project.google.gemini.answering(Response(status_code=503)):
        project.smoke("--claims", json.dumps({"plan": "school", "level": "B1"}))

    assert project.identity.signed_in[0]["claims"] == {"plan": "school", "level": "B1"}


def test_each_run_is_another_user(project: GoogleProject) -> None:
    for _ in range(2):
        with project.google.gemini.answering(Response(status_code=503)):
            project.smoke()

    first, second = project.identity.signed_in
    assert first["uid"] != second["uid"]


def test_the_user_is_deleted_when_a_check_fails(project: GoogleProject) -> None:
    with project.google.gemini.answering(Response(status_code=503)):
        outcome = project.smoke()

    assert outcome.code == 1
    (line,) = outcome.bad
    assert "503 GEMINI_UNAVAILABLE" in line
    assert len(project.identity.signed_in) == 1
    assert project.identity.users == {}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_user_is_deleted_when_somebody_stops_the_run(
    project: GoogleProject, number: signal.Signals, code: int
) -> None:
    asked = threading.Event()

    class Hanging(Silence):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            asked.set()
            await super().__call__(scope, receive, send)

    with (
        project.google.gemini.answering(Hanging()),
        running_smoke(URL, environment=project.environment({})) as process,
    ):
        assert asked.wait(30)
        assert project.identity.users
        process.send_signal(number)
        out, err = process.communicate(timeout=30)

    assert process.returncode == code
    assert "Traceback" not in err
    assert "The user is deleted" in out
    assert project.identity.users == {}


def test_a_user_that_cannot_be_deleted_is_named_and_fails_the_run(project: GoogleProject) -> None:
    project.identity.faults["delete"] = google_error(400, "ADMIN_ONLY_OPERATION")

    outcome = project.smoke("--no-observations")

    assert outcome.code == 1
    (line,) = outcome.bad
    (uid,) = project.identity.users
    assert uid in line
    assert "ADMIN_ONLY_OPERATION" in line
    project.identity.users.clear()


@pytest.mark.parametrize(
    ("method", "answer", "words"),
    [
        ("config", google_error(404, "CONFIGURATION_NOT_FOUND", "NOT_FOUND"), "Authentication is not set up"),
        ("config", google_error(403, "Not you.", "PERMISSION_DENIED"), "roles/firebaseauth.viewer"),
        (
            "config",
            google_error(403, "It is off.", "PERMISSION_DENIED", "SERVICE_DISABLED"),
            "gcloud services enable identitytoolkit.googleapis.com",
        ),
        (
            "config",
            google_error(503, "Try again.", "UNAVAILABLE"),
            "could not be looked up (503 UNAVAILABLE). Try again.",
        ),
        ("config", Response("<h1>Not found</h1>", 404), "could not be looked up (404). Try again."),
        ("config", JSONResponse({"name": f"projects/{PROJECT}/config"}), "returns no web API key"),
        ("signInWithCustomToken", google_error(400, "CONFIGURATION_NOT_FOUND"), "Authentication is not set up"),
        ("signInWithCustomToken", google_error(400, "CREDENTIAL_MISMATCH"), "must be of the same project"),
        (
            "signInWithCustomToken",
            google_error(403, "Blocked.", "PERMISSION_DENIED", "API_KEY_HTTP_REFERRER_BLOCKED"),
            "FIREBASE_API_KEY",
        ),
        ("signInWithCustomToken", Response("<h1>Bad gateway</h1>", 502), "did not sign the user in (502)"),
        ("signInWithCustomToken", JSONResponse({"idToken": "nonsense"}), "not an ID token"),
    ],
)
def test_a_sign_in_that_fails_says_what_to_do(
    project: GoogleProject, method: str, answer: Response, words: str
) -> None:
    project.identity.faults[method] = answer

    outcome = project.smoke()

    assert outcome.code == 1
    (line,) = outcome.bad
    assert words in line
    assert project.identity.users == {}


def test_a_wrong_api_key_is_said_to_be_wrong(project: GoogleProject) -> None:
    outcome = project.smoke(FIREBASE_API_KEY="AIzaSy" + secrets.token_urlsafe(25))

    (line,) = outcome.bad
    assert "refuses the web API key (API_KEY_INVALID)" in line


def test_who_may_not_sign_is_told_the_role(project: GoogleProject) -> None:
    outcome = project.smoke("--service-account", ANOTHER_ACCOUNT)

    assert outcome.code == 1
    (line,) = outcome.bad
    assert ANOTHER_ACCOUNT in line
    assert "roles/iam.serviceAccountTokenCreator" in line


def test_that_the_credentials_api_is_off_is_said(project: GoogleProject) -> None:
    with project.google.iam.answering(google_error(403, "It is off.", "PERMISSION_DENIED", "SERVICE_DISABLED")):
        outcome = project.smoke()

    (line,) = outcome.bad
    assert "gcloud services enable iamcredentials.googleapis.com" in line


@pytest.fixture
def person(tmp_path: Path, project: GoogleProject) -> str:
    """What `gcloud auth application-default login` writes."""
    secret = secrets.token_urlsafe(30)
    project.google.ledger.secret("refresh token", secret)
    file = tmp_path / "application_default_credentials.json"
    words = {"type": "authorized_user", "client_id": "1.apps.googleusercontent.com", "client_secret": "made-up"}
    file.write_text(json.dumps(words | {"refresh_token": secret}))
    return str(file)


def test_a_person_signs_up_with_a_password_and_needs_nobody_who_signs(project: GoogleProject, person: str) -> None:
    outcome = project.smoke("--no-observations", GOOGLE_APPLICATION_CREDENTIALS=person)

    assert (outcome.code, outcome.bad) == (0, [])
    assert (len(project.identity.signed_up), project.identity.signed_in) == (1, [])
    assert project.identity.users == {}


@pytest.mark.parametrize("code", ["OPERATION_NOT_ALLOWED", "ADMIN_ONLY_OPERATION"])
def test_a_person_in_a_project_without_passwords_has_to_name_who_signs(
    project: GoogleProject, person: str, code: str
) -> None:
    project.identity.faults["signUp"] = google_error(400, code)
    outcome = project.smoke(GOOGLE_APPLICATION_CREDENTIALS=person)

    (line,) = outcome.bad
    assert code in line
    assert "--service-account EMAIL" in line
    assert "roles/iam.serviceAccountTokenCreator" in line


def test_a_person_who_wants_claims_has_to_name_who_signs(project: GoogleProject, person: str) -> None:
    outcome = project.smoke("--claims", '{"plan": "school"}', GOOGLE_APPLICATION_CREDENTIALS=person)

    (line,) = outcome.bad
    assert "Use --service-account" in line
    assert project.identity.signed_up == []


def test_a_person_may_have_a_service_account_sign(project: GoogleProject, person: str) -> None:
    outcome = project.smoke("--no-observations", "--service-account", SIGNER, GOOGLE_APPLICATION_CREDENTIALS=person)

    assert (outcome.code, outcome.bad) == (0, [])


def test_a_person_with_an_app_has_to_name_who_signs(project: GoogleProject, person: str) -> None:
    alone = project.smoke("--app-id", APP_ID, GOOGLE_APPLICATION_CREDENTIALS=person)
    signers = ("--app-id", APP_ID, "--service-account", SIGNER)
    signed = project.smoke("--no-observations", *signers, GOOGLE_APPLICATION_CREDENTIALS=person)

    (line,) = alone.bad
    assert "Use --service-account" in line
    assert (signed.code, signed.bad) == (0, [])
    assert project.google.app_check_service.exchanged > 0


def test_credentials_that_google_refuses_are_told_from_an_outage(project: GoogleProject, person: str) -> None:
    expired = JSONResponse({"error": "invalid_grant", "error_description": "Token has been expired."}, 400)
    with project.google.access_tokens.answering(expired):
        refused = project.smoke(GOOGLE_APPLICATION_CREDENTIALS=person)
    with project.google.access_tokens.answering(JSONResponse({"error": "internal_failure"}, 500)):
        failing = project.smoke(GOOGLE_APPLICATION_CREDENTIALS=person)
    with project.google.proxy.refusing("oauth2.googleapis.com"):
        unreachable = project.smoke(GOOGLE_APPLICATION_CREDENTIALS=person)

    assert "Google refuses the credentials of this machine" in refused.bad[0]
    assert "gcloud auth application-default login" in refused.bad[0]
    for outage in (failing, unreachable):
        (line,) = outage.bad
        assert "Google gives no access token" in line
        assert "login" not in line


def test_a_metadata_server_without_a_token_is_no_refusal(project: GoogleProject) -> None:
    google = {"Metadata-Flavor": "Google"}
    empty = Starlette(
        routes=[
            Route("/", lambda _: PlainTextResponse(headers=google)),
            Route("/computeMetadata/v1/project/project-id", lambda _: PlainTextResponse(PROJECT, headers=google)),
        ]
    )
    with serve(empty) as address:
        outcome = project.smoke(GCE_METADATA_HOST=address, GCE_METADATA_IP=address)

    (line,) = outcome.bad
    assert line.startswith("Google gives no access token")
    assert "no access token from the metadata server" in line


def test_a_token_that_google_signed_for_another_project_is_refused_for_its_project(project: GoogleProject) -> None:
    foreign = foreign_token(project, "another-app-1a2b")
    outcome = project.smoke("--no-observations", FOREIGN_ID_TOKEN=foreign)

    assert (outcome.code, outcome.bad) == (0, [])
    assert "A call with FOREIGN_ID_TOKEN, of another project, is refused: 401 ID_TOKEN_INVALID" in outcome.good


def test_a_token_that_would_be_refused_anyway_shows_nothing_about_its_project(project: GoogleProject) -> None:
    own = project.smoke("--no-observations", FOREIGN_ID_TOKEN=foreign_token(project, PROJECT))
    expired = project.smoke("--no-observations", FOREIGN_ID_TOKEN=foreign_token(project, "another-app-1a2b", exp=1))
    unsigned = project.smoke("--no-observations", FOREIGN_ID_TOKEN=id_token())

    assert [outcome.bad for outcome in (own, expired, unsigned)] == [
        [f"FOREIGN_ID_TOKEN is not usable: {fault}. Set it to an ID token of another project, or unset it."]
        for fault in (
            "it is for the same project",
            "it has expired",
            "it comes from the Auth emulator and has no signature",
        )
    ]


def foreign_token(project: GoogleProject, of: str, **claims: object) -> str:
    """Return an ID token of a project, signed with the key with which Google signs those of all projects."""
    token = IdTokens(of, project.google.signing_key).good("somebody", **claims)
    project.google.ledger.id_token(token)
    return token


def test_missing_credentials_are_explained(project: GoogleProject, tmp_path: Path) -> None:
    outcome = project.smoke(NO_GCE_CHECK="true", HOME=str(tmp_path))

    (line,) = outcome.bad
    assert "gcloud auth application-default login" in line


def test_a_url_that_leads_nowhere_is_said_to_before_a_user_is_made(project: GoogleProject) -> None:
    outcome = project.smoke(url="https://mint-live-token.example.com/")

    assert outcome.code == 1
    (line,) = outcome.bad
    assert "cannot be called: no connection" in line
    assert project.identity.signed_in == []


def test_replay_protection_gets_a_new_app_check_token_for_every_call(
    google: LocalGoogle, project: GoogleProject, tmp_path: Path
) -> None:
    host = f"europe-west3-{PROJECT}.cloudfunctions.net"
    settings = {"APP_CHECK": "enforce", "APP_CHECK_CONSUME": "true"}
    with run_deployed_function(google, tmp_path, host, **settings):
        attested = project.smoke("--no-observations", "--app-id", APP_ID, url=f"https://{host}/")
        unattested = project.smoke("--no-observations", url=f"https://{host}/")
        given = google.app_check_tokens.good(APP_ID)
        google.ledger.app_check_token(given)
        once = project.smoke("--no-observations", url=f"https://{host}/", APP_CHECK_TOKEN=given)

    assert (attested.code, attested.bad) == (0, [])
    assert "APP_CHECK_MISSING" in unattested.bad[0]
    assert "APP_CHECK_REPLAYED" in once.bad[0]


def test_an_app_that_is_not_there_is_explained(project: GoogleProject) -> None:
    outcome = project.smoke("--app-id", "1:1:web:1")

    assert outcome.code == 1
    (line,) = outcome.bad
    assert "APP_CHECK_TOKEN" in line
    assert project.identity.users == {}
