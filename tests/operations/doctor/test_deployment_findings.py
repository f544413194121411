"""Findings about the project, the function, its settings, and who can reach it."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from operations.doctor.complaint import AT, DEPLOY, READ_LOG, RELEASE, Complaint, Illness, check
from operations.doctor.sample_project import FUNCTION, OWN_HOST, PLACE, PROJECT, RUNTIME, Sample
from operations.doctor.visit import Doctor

EVERYBODY = f"gcloud run services add-iam-policy-binding {FUNCTION} --member=allUsers --role=roles/run.invoker {AT}"
UNCHECKED = f"gcloud run services update {FUNCTION} --no-invoker-iam-check {AT}"
TO_LATEST = f"gcloud run services update-traffic {FUNCTION} --to-latest {AT}"


def _pinned_to(revision: str) -> Callable[[Sample], None]:
    def pin(sample: Sample) -> None:
        sample.service["traffic"] = [
            {
                "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
                "revision": f"{FUNCTION}-{revision}",
                "percent": 100,
            },
            {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "tag": "candidate"},
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


def _not_public(*, allowed_members: list[str] | None = None, policy_api: bool = True) -> Callable[[Sample], None]:
    def close(sample: Sample) -> None:
        sample.run_bindings.clear()
        sample.policy.allowed_members = allowed_members
        sample.minted_call = HTMLResponse("<html>Your client does not have permission</html>", status_code=403)
        if not policy_api:
            sample.door.services.discard("orgpolicy.googleapis.com")

    return close


def _answer(response: Response) -> Callable[[Sample], None]:
    def answer(sample: Sample) -> None:
        sample.minted_call = response

    return answer


def _only_through_the_load_balancer(sample: Sample) -> None:
    sample.function["serviceConfig"]["ingressSettings"] = "ALLOW_INTERNAL_AND_GCLB"


def _cpu(cpu: str) -> Callable[[Sample], None]:
    def set_cpu(sample: Sample) -> None:
        container: dict[str, Any] = sample.service["template"]["containers"][0]
        container["resources"]["limits"]["cpu"] = cpu

    return set_cpu


UNREADABLE_SETTINGS = (Complaint("?", "App Check, CORS: not looked at, because the function's settings are not known"),)
CALL_REFUSED = Complaint("BAD", "Call: HTTP 403 from Cloud Run in place of the function: it is not public", EVERYBODY)

ILLNESSES = (
    Illness(
        "APIs are off",
        lambda sample: sample.door.services.difference_update(
            {"cloudbuild.googleapis.com", "artifactregistry.googleapis.com"}
        ),
        (
            Complaint(
                "BAD",
                "APIs: off: artifactregistry.googleapis.com, cloudbuild.googleapis.com",
                f"gcloud services enable artifactregistry.googleapis.com cloudbuild.googleapis.com --project={PROJECT}",
            ),
        ),
    ),
    Illness(
        "billing is off",
        lambda sample: sample.billing.update({PROJECT: None}),
        (
            Complaint(
                "BAD",
                "Billing: off",
                f"gcloud billing projects link {PROJECT} --billing-account=BILLING_ACCOUNT_ID",
            ),
        ),
    ),
    Illness(
        "there is no function",
        _no_function,
        (
            Complaint("BAD", f"Function {FUNCTION}: there is none in europe-west1", DEPLOY),
            Complaint("?", f"Traffic, concurrency: not looked at, because there is no Cloud Run service {FUNCTION}"),
            Complaint("?", "Settings: not looked at, because the function's environment is not known"),
            Complaint("?", f"Public: not looked at, because there is no Cloud Run service {FUNCTION}"),
            Complaint("?", "Call: not looked at, because there is no function"),
            Complaint("?", "Roles: not looked at, because the account that the function runs as is not known"),
            *UNREADABLE_SETTINGS,
        ),
    ),
    Illness(
        "the build failed",
        _failed_build,
        (
            Complaint(
                "BAD",
                f"Function {FUNCTION}: FAILED: Build failed: pip found no such package",
                f"gcloud builds log 0a1b2c3d {AT}",
            ),
        ),
    ),
    Illness(
        "the function does not start",
        _failed_start,
        (Complaint("BAD", f"Function {FUNCTION}: FAILED: The user-provided container failed to start.", READ_LOG),),
    ),
    Illness(
        "the function is being deployed",
        _state("DEPLOYING"),
        (
            Complaint(
                "warn",
                f"Function {FUNCTION}: is being deployed",
                f"make doctor PROJECT_ID={PROJECT}, in a few minutes again",
            ),
        ),
    ),
    Illness(
        "the function is of the 1st generation",
        lambda sample: sample.function.update(environment="GEN_1"),
        (Complaint("BAD", f"Function {FUNCTION}: is of the 1st generation", DEPLOY),),
    ),
    Illness(
        "traffic stays on the old revision, as after a smoke test that failed",
        _pinned_to("00001-old"),
        (Complaint("warn", f"Traffic: held on {FUNCTION}-00001-old, {FUNCTION}-00002-new gets none", RELEASE),),
    ),
    Illness(
        "traffic is pinned to the newest revision",
        _pinned_to("00002-new"),
        (Complaint("warn", f"Traffic: held on {FUNCTION}-00002-new; a new revision would get none", TO_LATEST),),
    ),
    Illness(
        "the newest revision did not start",
        lambda sample: sample.service.update(
            latestCreatedRevision=f"{PLACE}/services/{FUNCTION}/revisions/{FUNCTION}-00003-bad"
        ),
        (
            Complaint(
                "BAD",
                f"Revision {FUNCTION}-00003-bad: did not start; {FUNCTION}-00002-new is the last that did",
                READ_LOG,
            ),
        ),
    ),
    Illness(
        "there are fewer threads than requests at once",
        _environment(THREADS="8"),
        (Complaint("BAD", "Concurrency: Cloud Run sends 32 requests at once to 8 threads", DEPLOY),),
    ),
    Illness(
        "Cloud Run has its own default concurrency",
        lambda sample: (
            sample.environment.pop("THREADS"),
            sample.service["template"].update(maxInstanceRequestConcurrency=80),
        ),
        (Complaint("BAD", "Concurrency: Cloud Run sends 80 requests at once to 32 threads", DEPLOY),),
    ),
    Illness(
        "half a CPU",
        _cpu("500m"),
        (
            Complaint(
                "BAD",
                "CPU: 500m; less than one",
                f'set available_cpu = "1" in infra/terraform.tfvars, then {DEPLOY}',
            ),
        ),
    ),
    Illness(
        "the function would not start with its settings",
        _environment(APP_CHECK="sometimes", FIREBASE_AUTH_EMULATOR_HOST="127.0.0.1:9099"),
        (
            Complaint("BAD", "Settings: APP_CHECK must be off or monitor or enforce.", DEPLOY),
            Complaint("BAD", "Settings: FIREBASE_AUTH_EMULATOR_HOST is set on Cloud Run", DEPLOY),
            *UNREADABLE_SETTINGS,
        ),
    ),
    Illness(
        "the service is not public",
        _not_public(),
        (Complaint("BAD", "Public: no; Cloud Run refuses every app with an HTML 403", EVERYBODY), CALL_REFUSED),
    ),
    Illness(
        "an organisation policy forbids a public service",
        _not_public(allowed_members=["C0123abcd"]),
        (
            Complaint(
                "BAD",
                "Public: no; Cloud Run refuses every app with an HTML 403 before the function sees it; "
                "an organisation policy forbids allUsers here (iam.allowedPolicyMemberDomains)",
                UNCHECKED,
            ),
            CALL_REFUSED,
        ),
    ),
    Illness(
        "the organisation policy cannot be seen",
        _not_public(policy_api=False),
        (
            Complaint(
                "BAD",
                "Public: no; Cloud Run refuses every app with an HTML 403 before the function sees it; "
                f"if an organisation policy then forbids allUsers: {UNCHECKED}",
                EVERYBODY,
            ),
            CALL_REFUSED,
        ),
    ),
    Illness(
        "nothing answers at the address",
        _answer(HTMLResponse("<html>Not found</html>", status_code=404)),
        (Complaint("BAD", "Call: HTTP 404: nothing answers there", DEPLOY),),
    ),
    Illness(
        "no instance is free",
        _answer(HTMLResponse("Rate exceeded.", status_code=429)),
        (
            Complaint(
                "BAD",
                "Call: HTTP 429: every instance is busy",
                f"set max_instances in infra/terraform.tfvars, then {DEPLOY}",
            ),
        ),
    ),
    Illness(
        "the function crashes",
        _answer(HTMLResponse("<html>Server Error</html>", status_code=503)),
        (Complaint("BAD", "Call: HTTP 503", READ_LOG),),
    ),
    Illness(
        "another function answers",
        _answer(JSONResponse({"hello": "world"})),
        (Complaint("BAD", "Call: HTTP 200, and not 401 ID_TOKEN_MISSING: something else answers there", DEPLOY),),
    ),
    Illness(
        "the direct address is closed",
        _only_through_the_load_balancer,
        (
            Complaint(
                "?",
                "Call: not looked at, because the direct address is closed (ALLOW_INTERNAL_AND_GCLB); "
                "name the right one with URL=…",
            ),
        ),
    ),
)


@pytest.mark.parametrize("illness", ILLNESSES, ids=lambda illness: illness.name)
def test_the_doctor_says_what_is_wrong_with_the_deployment(illness: Illness, sample: Sample, doctor: Doctor) -> None:
    illness.broken(sample)

    visit = doctor()

    check(illness, visit.complaints, visit.exit_code)


def test_a_revision_that_only_bears_a_tag_holds_no_traffic(sample: Sample, doctor: Doctor) -> None:
    sample.service["traffic"].append(
        {
            "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
            "revision": f"{FUNCTION}-00001-old",
            "tag": "candidate",
        }
    )

    assert doctor().complaints == ()


def test_a_service_that_does_not_ask_who_calls_is_public(sample: Sample, doctor: Doctor) -> None:
    sample.run_bindings.clear()
    sample.service["invokerIamDisabled"] = True

    assert doctor().complaints == ()


def test_a_condition_on_all_users_does_not_make_the_service_public(sample: Sample, doctor: Doctor) -> None:
    sample.run_bindings[f"{PLACE}/services/{FUNCTION}"][0]["condition"] = {"title": "t", "expression": "false"}

    (complaint,) = doctor().complaints

    assert complaint.startswith("BAD  Public: no")


def test_an_invoker_that_is_not_everybody_does_not_make_the_service_public(sample: Sample, doctor: Doctor) -> None:
    sample.run_bindings[f"{PLACE}/services/{FUNCTION}"][0]["members"] = [RUNTIME, "allAuthenticatedUsers"]

    (complaint,) = doctor().complaints

    assert complaint.startswith("BAD  Public: no")


def test_the_address_of_a_load_balancer_is_called_in_place_of_the_functions_own(sample: Sample, doctor: Doctor) -> None:
    _only_through_the_load_balancer(sample)

    assert doctor("--url", f"https://{OWN_HOST}/").complaints == ()


def test_the_function_is_found_in_whatever_region_it_is(sample: Sample, doctor: Doctor) -> None:
    there = f"projects/{PROJECT}/locations/us-central1/functions/{FUNCTION}"
    sample.functions[there] = {**sample.functions.pop(f"{PLACE}/functions/{FUNCTION}"), "name": there}

    assert f"ok   Function {FUNCTION}: active in us-central1" in doctor().findings


def test_a_region_that_was_named_is_the_only_one_looked_at(doctor: Doctor) -> None:
    complaints = doctor("--region", "us-central1").complaints

    assert complaints[0].startswith(f"BAD  Function {FUNCTION}: there is none in us-central1  → make deploy")


def test_users_of_another_project_are_worth_a_word(sample: Sample, doctor: Doctor) -> None:
    sample.environment["FIREBASE_PROJECT_ID"] = "other-app-3c4d"

    complaints = doctor().complaints

    assert f"warn Settings: users of other-app-3c4d are served, not of {PROJECT}  → {DEPLOY}" in complaints


def test_words_of_google_cannot_move_the_cursor(sample: Sample, doctor: Doctor) -> None:
    sample.function.update(state="FAILED", stateMessages=[{"message": "\x1b[2J gone"}])

    (complaint,) = doctor().complaints

    assert "\x1b" not in complaint
