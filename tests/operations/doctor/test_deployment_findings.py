"""Findings about the project, the function, its settings, and who can reach it."""

from collections.abc import Callable
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from operations.doctor.expected import AT, DEPLOY, READ_LOG, RELEASE, Case, Expect, ExpectedFinding, each_case
from operations.doctor.result import Doctor
from operations.doctor.sample_project import FUNCTION, OWN_HOST, PLACE, PROJECT, RUNTIME, Sample

EVERYBODY = f"gcloud run services add-iam-policy-binding {FUNCTION} --member=allUsers --role=roles/run.invoker {AT}"
UNCHECKED = f"gcloud run services update {FUNCTION} --no-invoker-iam-check {AT}"
TO_LATEST = f"gcloud run services update-traffic {FUNCTION} --to-latest {AT}"


def _pinned_to(revision: str) -> Callable[[Sample], None]:
    def pin(sample: Sample) -> None:
        sample.service.targets = [
            {"revisionName": f"{FUNCTION}-{revision}", "percent": 100},
            {"latestRevision": True, "tag": "candidate"},
        ]

    return pin


def _no_function(sample: Sample) -> None:
    sample.functions.clear()
    sample.run_services.clear()
    sample.minted_call = HTMLResponse("<html>Not found</html>", status_code=404)


def _failed_build(sample: Sample) -> None:
    sample.function["state"] = "FAILED"
    sample.function["stateMessages"] = [
        {"severity": "ERROR", "type": "CloudFunctions", "message": "Build failed: pip found\n no such package"}
    ]


def _failed_start(sample: Sample) -> None:
    sample.function["state"] = "FAILED"
    sample.function["stateMessages"] = [
        {"severity": "ERROR", "message": "The user-provided container failed to start."}
    ]


def _state(state: str) -> Callable[[Sample], object]:
    return lambda sample: sample.function.update(state=state)


def _environment(**variables: str) -> Callable[[Sample], object]:
    return lambda sample: sample.environment.update(variables)


def _not_public(
    *, allowed_members: list[str] | None = None, allowed_subjects: list[str] | None = None, policy_api: bool = True
) -> Callable[[Sample], None]:
    def close(sample: Sample) -> None:
        sample.service.bindings.clear()
        sample.project.allowed_members = allowed_members
        sample.project.allowed_subjects = allowed_subjects
        sample.minted_call = HTMLResponse("<html>Your client does not have permission</html>", status_code=403)
        if not policy_api:
            sample.access.services.discard("orgpolicy.googleapis.com")

    return close


def _answer(response: Response) -> Callable[[Sample], None]:
    def answer(sample: Sample) -> None:
        sample.minted_call = response

    return answer


def _only_through_the_load_balancer(sample: Sample) -> None:
    sample.function["serviceConfig"]["ingressSettings"] = "ALLOW_INTERNAL_AND_GCLB"


def _cpu(cpu: str) -> Callable[[Sample], None]:
    def set_cpu(sample: Sample) -> None:
        container: dict[str, Any] = sample.service.settings["template"]["containers"][0]
        container["resources"]["limits"]["cpu"] = cpu

    return set_cpu


UNREADABLE_SETTINGS = (ExpectedFinding("?", "App Check, CORS: not checked: the function's settings are not known"),)
CALL_REFUSED = ExpectedFinding(
    "BAD", "Call: HTTP 403 from Cloud Run in place of the function: it is not public", EVERYBODY
)

CASES = (
    Case(
        "APIs are off",
        lambda sample: sample.access.services.difference_update(
            {"cloudbuild.googleapis.com", "artifactregistry.googleapis.com"}
        ),
        (
            ExpectedFinding(
                "BAD",
                "APIs: off: artifactregistry.googleapis.com, cloudbuild.googleapis.com",
                f"gcloud services enable artifactregistry.googleapis.com cloudbuild.googleapis.com --project={PROJECT}",
            ),
        ),
    ),
    Case(
        "billing is off",
        lambda sample: sample.billing.update({PROJECT: None}),
        (
            ExpectedFinding(
                "BAD",
                "Billing: off",
                f"gcloud billing projects link {PROJECT} --billing-account=BILLING_ACCOUNT_ID",
            ),
        ),
    ),
    Case(
        "there is no function",
        _no_function,
        (
            ExpectedFinding("BAD", f"Function {FUNCTION}: there is none in europe-west1", DEPLOY),
            ExpectedFinding("?", f"Traffic, concurrency: not checked: there is no Cloud Run service {FUNCTION}"),
            ExpectedFinding("?", "Settings: not checked: the function's environment is not known"),
            ExpectedFinding("?", f"Public: not checked: there is no Cloud Run service {FUNCTION}"),
            ExpectedFinding("?", "Call: not checked: there is no function"),
            ExpectedFinding("?", "Roles: not checked: the account that the function runs as is not known"),
            *UNREADABLE_SETTINGS,
            ExpectedFinding("?", "Watch: not checked: the URL of the function is not known"),
        ),
    ),
    Case(
        "the build failed",
        _failed_build,
        (
            ExpectedFinding(
                "BAD",
                f"Function {FUNCTION}: FAILED: Build failed: pip found no such package",
                f"gcloud builds log 0a1b2c3d {AT}",
            ),
        ),
    ),
    Case(
        "the function does not start",
        _failed_start,
        (
            ExpectedFinding(
                "BAD", f"Function {FUNCTION}: FAILED: The user-provided container failed to start.", READ_LOG
            ),
        ),
    ),
    Case(
        "the function is being deployed",
        _state("DEPLOYING"),
        (
            ExpectedFinding(
                "warn",
                f"Function {FUNCTION}: is being deployed",
                f"make doctor PROJECT_ID={PROJECT}, in a few minutes again",
            ),
        ),
    ),
    Case(
        "the function is of the 1st generation",
        lambda sample: sample.function.update(environment="GEN_1"),
        (ExpectedFinding("BAD", f"Function {FUNCTION}: is of the 1st generation", DEPLOY),),
    ),
    Case(
        "traffic stays on the old revision, as after a smoke test that failed",
        _pinned_to("00001-old"),
        (ExpectedFinding("warn", f"Traffic: pinned to {FUNCTION}-00001-old, {FUNCTION}-00002-new gets none", RELEASE),),
    ),
    Case(
        "traffic is pinned to the newest revision",
        _pinned_to("00002-new"),
        (ExpectedFinding("warn", f"Traffic: pinned to {FUNCTION}-00002-new; new revisions get none", TO_LATEST),),
    ),
    Case(
        "the newest revision did not start",
        lambda sample: sample.service.settings.update(
            latestCreatedRevision=f"{PLACE}/services/{FUNCTION}/revisions/{FUNCTION}-00003-bad"
        ),
        (
            ExpectedFinding(
                "BAD",
                f"Revision {FUNCTION}-00003-bad: did not start; {FUNCTION}-00002-new is the last that did",
                READ_LOG,
            ),
        ),
    ),
    Case(
        "there are fewer threads than requests at once",
        _environment(THREADS="8"),
        (ExpectedFinding("BAD", "Concurrency: Cloud Run sends 32 requests at once to 8 threads", DEPLOY),),
    ),
    Case(
        "Cloud Run has its own default concurrency",
        lambda sample: (
            sample.environment.pop("THREADS"),
            sample.service.settings["template"].update(maxInstanceRequestConcurrency=80),
        ),
        (ExpectedFinding("BAD", "Concurrency: Cloud Run sends 80 requests at once to 32 threads", DEPLOY),),
    ),
    Case(
        "half a CPU",
        _cpu("500m"),
        (
            ExpectedFinding(
                "BAD",
                "CPU: 500m; less than one",
                f'set available_cpu = "1" in infra/projects/{PROJECT}.tfvars, then {DEPLOY}',
            ),
        ),
    ),
    Case(
        "the function would not start with its settings",
        _environment(APP_CHECK="sometimes", FIREBASE_AUTH_EMULATOR_HOST="127.0.0.1:9099"),
        (
            ExpectedFinding("BAD", "Settings: APP_CHECK must be off or monitor or enforce.", DEPLOY),
            ExpectedFinding("BAD", "Settings: FIREBASE_AUTH_EMULATOR_HOST is set on Cloud Run", DEPLOY),
            *UNREADABLE_SETTINGS,
        ),
    ),
    Case(
        "the service is not public",
        _not_public(),
        (ExpectedFinding("BAD", "Public: no; Cloud Run refuses every app with an HTML 403", EVERYBODY), CALL_REFUSED),
    ),
    Case(
        "an organisation policy forbids a public service",
        _not_public(allowed_members=["C0123abcd"]),
        (
            ExpectedFinding(
                "BAD",
                "Public: no; Cloud Run refuses every app with an HTML 403 before the function sees it; "
                "an organisation policy forbids allUsers here (iam.allowedPolicyMemberDomains)",
                UNCHECKED,
            ),
            CALL_REFUSED,
        ),
    ),
    Case(
        "the newer organisation policy forbids a public service",
        _not_public(allowed_subjects=["user:someone@example.com"]),
        (
            ExpectedFinding(
                "BAD",
                "Public: no; Cloud Run refuses every app with an HTML 403 before the function sees it; "
                "an organisation policy forbids allUsers here (iam.managed.allowedPolicyMembers)",
                UNCHECKED,
            ),
            CALL_REFUSED,
        ),
    ),
    Case(
        "the organisation policy cannot be seen",
        _not_public(policy_api=False),
        (
            ExpectedFinding(
                "BAD",
                "Public: no; Cloud Run refuses every app with an HTML 403 before the function sees it; "
                f"if an organisation policy then forbids allUsers: {UNCHECKED}",
                EVERYBODY,
            ),
            CALL_REFUSED,
        ),
    ),
    Case(
        "nothing answers at the address",
        _answer(HTMLResponse("<html>Not found</html>", status_code=404)),
        (ExpectedFinding("BAD", "Call: HTTP 404: nothing answers there", DEPLOY),),
    ),
    Case(
        "no instance is free",
        _answer(HTMLResponse("Rate exceeded.", status_code=429)),
        (
            ExpectedFinding(
                "BAD",
                "Call: HTTP 429: all instances are busy",
                f"set max_instances in infra/projects/{PROJECT}.tfvars, then {DEPLOY}",
            ),
        ),
    ),
    Case(
        "the function crashes",
        _answer(HTMLResponse("<html>Server Error</html>", status_code=503)),
        (ExpectedFinding("BAD", "Call: HTTP 503", READ_LOG),),
    ),
    Case(
        "another function answers",
        _answer(JSONResponse({"hello": "world"})),
        (ExpectedFinding("BAD", "Call: HTTP 200, and not 401 ID_TOKEN_MISSING: something else answers there", DEPLOY),),
    ),
    Case(
        "the direct address is closed",
        _only_through_the_load_balancer,
        (
            ExpectedFinding(
                "?",
                "Call: not checked: the direct address is closed (ALLOW_INTERNAL_AND_GCLB); "
                "name the right one with URL=…",
            ),
        ),
    ),
)


@each_case(CASES)
def test_the_doctor_says_what_is_wrong_with_the_deployment(case: Case, expect: Expect) -> None:
    expect(case)


def test_a_revision_that_only_bears_a_tag_holds_no_traffic(sample: Sample, doctor: Doctor) -> None:
    sample.service.targets.append({"revisionName": f"{FUNCTION}-00001-old", "tag": "candidate"})

    assert doctor().problems == ()


def test_a_service_that_does_not_ask_who_calls_is_public(sample: Sample, doctor: Doctor) -> None:
    sample.service.bindings.clear()
    sample.service.settings["invokerIamDisabled"] = True

    assert doctor().problems == ()


def test_a_condition_on_all_users_does_not_make_the_service_public(sample: Sample, doctor: Doctor) -> None:
    sample.service.bindings[0]["condition"] = {"title": "t", "expression": "false"}

    (problem,) = doctor().problems

    assert problem.startswith("BAD  Public: no")


def test_an_invoker_that_is_not_everybody_does_not_make_the_service_public(sample: Sample, doctor: Doctor) -> None:
    sample.service.bindings[0]["members"] = [RUNTIME, "allAuthenticatedUsers"]

    (problem,) = doctor().problems

    assert problem.startswith("BAD  Public: no")


def test_the_address_of_a_load_balancer_is_called_in_place_of_the_functions_own(sample: Sample, doctor: Doctor) -> None:
    _only_through_the_load_balancer(sample)

    assert doctor("--url", f"https://{OWN_HOST}/").problems == ()


def test_the_function_is_found_in_whatever_region_it_is(sample: Sample, doctor: Doctor) -> None:
    there = f"projects/{PROJECT}/locations/us-central1/functions/{FUNCTION}"
    sample.functions[there] = {**sample.functions.pop(f"{PLACE}/functions/{FUNCTION}"), "name": there}

    assert f"ok   Function {FUNCTION}: active in us-central1" in doctor().findings


def test_a_region_that_was_named_is_the_only_one_looked_at(doctor: Doctor) -> None:
    problems = doctor("--region", "us-central1").problems

    assert problems[0].startswith(f"BAD  Function {FUNCTION}: there is none in us-central1  → make deploy")


def test_users_of_another_project_are_worth_a_word(sample: Sample, doctor: Doctor) -> None:
    sample.environment["FIREBASE_PROJECT_ID"] = "other-app-3c4d"

    problems = doctor().problems

    assert f"warn Settings: users of other-app-3c4d are served, not of {PROJECT}  → {DEPLOY}" in problems


def test_words_of_google_cannot_move_the_cursor(sample: Sample, doctor: Doctor) -> None:
    sample.function.update(state="FAILED", stateMessages=[{"message": "\x1b[2J gone"}])

    (problem,) = doctor().problems

    assert "\x1b" not in problem
