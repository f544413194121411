"""A check without an answer is reported as open: a refusal or an outage is neither ok nor BAD."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

import pytest
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from operations.doctor.result import Doctor
from operations.doctor.sample_project import FUNCTION, FUNCTION_HOST, PROJECT, Sample, SampleHosts
from support.google.access import refusal
from support.google_hosts.upstream import Silence

SOON = "0.5"
ACCOUNT = f"serviceAccount:live-tokens@{PROJECT}.iam.gserviceaccount.com"
# API → the finding that needs it, and the role that the check needs.
APIS = {
    "serviceusage": ("APIs", "roles/serviceusage.serviceUsageViewer"),
    "cloudbilling": ("Billing", "roles/browser"),
    "cloudfunctions": (f"Function {FUNCTION}", "roles/cloudfunctions.viewer"),
    "run": ("Public", "roles/run.viewer"),
    "secretmanager": ("Key", "roles/secretmanager.viewer"),
    "firestore": ("Firestore live-tokens", "roles/datastore.viewer"),
    "firebaserules": ("Rules", "roles/firebaserules.viewer"),
    "cloudresourcemanager": ("Roles on the project", "roles/iam.securityReviewer"),
    "identitytoolkit": ("Authentication", "roles/firebaseauth.viewer"),
    "firebase": ("App Check's apps", "roles/firebase.viewer"),
    "logging": ("Last hour", "roles/logging.viewer"),
    "iam": ("Insiders of live-tokens-r", "roles/iam.securityReviewer"),
    "monitoring": ("Watch", "roles/monitoring.viewer"),
    "firebaseappcheck": ("App Check of 1:", "roles/firebaseappcheck.viewer"),
}
HOSTS = {f"{api}.googleapis.com": seen for api, seen in APIS.items()}
FAILURES: dict[str, tuple[ASGIApp, str]] = {
    "500": (refusal(500, "INTERNAL", "Internal error encountered."), "{host} answers HTTP 500"),
    "503": (
        HTMLResponse("<html>Unavailable</html>", status_code=503),
        "{host} gives an answer that is not JSON (HTTP 503)",
    ),
    "404 of a proxy": (HTMLResponse("<html>", status_code=404), "{host} gives an answer that is not JSON (HTTP 404)"),
    "a log-in page": (HTMLResponse("<html>Wi-Fi</html>"), "{host} gives an answer that is not JSON (HTTP 200)"),
    "a redirect": (
        RedirectResponse("https://elsewhere.example.com"),
        "{host} gives an answer that is not JSON (HTTP 307)",
    ),
    "a list": (JSONResponse([]), "{host} gives an answer that is not JSON (HTTP 200)"),
    "429": (refusal(429, "RESOURCE_EXHAUSTED", "Quota exceeded."), "{host} has been asked too often (HTTP 429)"),
    "401": (refusal(401, "UNAUTHENTICATED", "Invalid."), "{host} refuses the credentials of this machine"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_apis_that_fail_all_at_once_leave_everything_open(
    failure: str, doctor: Doctor, sample_hosts: SampleHosts
) -> None:
    app, why = FAILURES[failure]
    with ExitStack() as failing:
        for host in HOSTS:
            failing.enter_context(sample_hosts.hosts.upstreams[host].answering(app))
        result = doctor()

    _only_open(result.problems, result.exit_code)
    for api in (
        "serviceusage",
        "cloudbilling",
        "cloudfunctions",
        "run",
        "secretmanager",
        "firestore",
        "identitytoolkit",
    ):
        host = f"{api}.googleapis.com"
        assert any(
            line.startswith(f"?    {HOSTS[host][0]}: not checked: {why.format(host=host)}") for line in result.problems
        )
    assert "ok   Call" in "\n".join(result.findings)


@pytest.mark.parametrize("host", HOSTS)
def test_an_api_that_fails_leaves_open_what_it_would_show(host: str, doctor: Doctor, sample_hosts: SampleHosts) -> None:
    with sample_hosts.hosts.upstreams[host].answering(refusal(500, "INTERNAL", "Internal error encountered.")):
        result = doctor()

    _only_open(result.problems, result.exit_code)
    said = [line for line in result.problems if line.startswith(f"?    {HOSTS[host][0]}")]
    assert said
    assert all(line.endswith(f": not checked: {host} answers HTTP 500") for line in said)


@pytest.mark.parametrize("host", HOSTS)
def test_an_api_that_refuses_is_reported_with_the_role_it_needs(
    host: str, doctor: Doctor, sample_hosts: SampleHosts
) -> None:
    subject, role = HOSTS[host]
    denied = refusal(403, "PERMISSION_DENIED", "Permission denied.", "IAM_PERMISSION_DENIED")
    with sample_hosts.hosts.upstreams[host].answering(denied):
        result = doctor()

    _only_open(result.problems, result.exit_code)
    grant = f"gcloud projects add-iam-policy-binding {PROJECT} --member={ACCOUNT} --role={role} --condition=None"
    said = [line for line in result.problems if line.startswith(f"?    {subject}")]
    assert said
    assert all(line.endswith(f": not checked: needs role {role}  → {grant}") for line in said)


@pytest.mark.parametrize("host", HOSTS)
def test_an_api_that_is_off_is_reported_as_off(host: str, sample: Sample, doctor: Doctor) -> None:
    sample.access.services.discard(host)

    problems = doctor().problems

    enable = f"gcloud services enable {host} --project={PROJECT}"
    assert any(f"not checked: {host} is off, or was switched on minutes ago  → {enable}" in line for line in problems)
    assert [line for line in problems if not line.startswith("?")] in (
        [],
        [f"BAD  APIs: off: {host}  → {enable}"],
    )


@pytest.mark.parametrize("host", [*HOSTS, "generativelanguage.googleapis.com", FUNCTION_HOST])
def test_an_api_that_does_not_answer_is_given_up(host: str, doctor: Doctor, sample_hosts: SampleHosts) -> None:
    with sample_hosts.hosts.upstreams[host].answering(Silence()):
        result = doctor(timeout=SOON)

    _only_open(result.problems, result.exit_code)
    assert any(host in line and f"did not answer within {SOON} s" in line for line in result.problems)


@pytest.mark.parametrize("end", ["refusing", "hanging_up"])
@pytest.mark.parametrize(
    "host", ["run.googleapis.com", "generativelanguage.googleapis.com", FUNCTION_HOST, "www.googleapis.com"]
)
def test_a_host_that_cannot_be_reached_leaves_open_what_it_would_show(
    host: str, end: str, doctor: Doctor, sample_hosts: SampleHosts
) -> None:
    proxy = sample_hosts.hosts.proxy
    ends: dict[str, Callable[[str], AbstractContextManager[None]]] = {
        "refusing": proxy.refusing,
        "hanging_up": proxy.hanging_up,
    }
    with ends[end](host):
        result = doctor()

    _only_open(result.problems, result.exit_code)
    assert any(host in line and "cannot be reached" in line for line in result.problems)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (refusal(500, "INTERNAL", "Internal error encountered."), "answers HTTP 500"),
        (HTMLResponse("<html>"), "gives an answer that is not JSON (HTTP 200)"),
        (RedirectResponse("https://elsewhere.example.com"), "gives an answer that is not JSON (HTTP 307)"),
    ],
)
def test_an_outage_of_gemini_does_not_make_the_key_bad(
    answer: ASGIApp, why: str, doctor: Doctor, sample_hosts: SampleHosts
) -> None:
    with sample_hosts.hosts.upstreams["generativelanguage.googleapis.com"].answering(answer):
        result = doctor()

    assert result.problems == (f"?    Gemini: not checked: generativelanguage.googleapis.com {why}",)


def test_an_answer_of_unexpected_form_ends_its_area_and_no_other(doctor: Doctor, sample_hosts: SampleHosts) -> None:
    with sample_hosts.hosts.upstreams["cloudresourcemanager.googleapis.com"].answering(JSONResponse({"bindings": [3]})):
        result = doctor()

    assert result.problems == tuple(
        f"?    {area}, the rest: not checked: an answer of Google has an unexpected form (AttributeError)"
        for area in ("Roles", "Insiders")
    )


def test_a_database_without_a_mode_is_not_judged(sample: Sample, doctor: Doctor) -> None:
    sample.database.kind = "DATABASE_TYPE_UNSPECIFIED"

    assert doctor().problems == ("?    Firestore live-tokens: not checked: Google does not say which mode it is in",)


def test_an_account_that_may_see_but_not_read_the_secret_is_told_the_role(
    sample: Sample, doctor: Doctor, sample_hosts: SampleHosts
) -> None:
    usual = sample_hosts.apps["secretmanager.googleapis.com"]

    async def all_but_access(scope: Scope, receive: Receive, send: Send) -> None:
        denied = refusal(403, "PERMISSION_DENIED", "Permission denied.")
        await (denied if scope["path"].endswith(":access") else usual)(scope, receive, send)

    with sample_hosts.hosts.upstreams["secretmanager.googleapis.com"].answering(all_but_access):
        key, gemini = doctor().problems

    grant = (
        f"gcloud secrets add-iam-policy-binding gemini-api-key --member={ACCOUNT} "
        f"--role=roles/secretmanager.secretAccessor --condition=None --project={PROJECT}"
    )
    assert key == f"?    Key: not checked: needs role roles/secretmanager.secretAccessor  → {grant}"
    assert gemini == "?    Gemini: not checked: the key could not be read"


def test_an_account_that_may_not_use_the_quota_project_is_told_the_role(
    doctor: Doctor, sample_hosts: SampleHosts
) -> None:
    denied = refusal(403, "PERMISSION_DENIED", "Caller does not have permission to use project.", "USER_PROJECT_DENIED")
    with sample_hosts.hosts.upstreams["run.googleapis.com"].answering(denied):
        problems = doctor().problems

    assert problems
    assert all("needs role roles/serviceusage.serviceUsageConsumer" in line for line in problems)


def _only_open(problems: tuple[str, ...], exit_code: int) -> None:
    assert problems
    assert all(line.startswith("?    ") for line in problems), "\n".join(problems)
    assert exit_code == 3
