"""Findings about a deployment in two regions, all in one run."""

import json
from collections.abc import Callable
from typing import Any

from starlette.responses import HTMLResponse

from operations.doctor.expected import DEPLOY, Case, Expect, ExpectedFinding, each_case
from operations.doctor.result import Doctor
from operations.doctor.sample_project import ELSEWHERE, FUNCTION, PROJECT, REGION, Sample
from support.google.storage import StoredObject

AT = f"--region={ELSEWHERE} --project={PROJECT}"
EVERYBODY = f"gcloud run services add-iam-policy-binding {FUNCTION} --member=allUsers --role=roles/run.invoker {AT}"
OTHER_SECRET = "Google changes no replica of a secret; make another secret: infra/README.md#several-regions, “The key”"


def _two_regions(broken: Callable[[Sample], object]) -> Callable[[Sample], None]:
    def break_one_of_two(sample: Sample) -> None:
        sample.add_region()
        broken(sample)

    return break_one_of_two


def _labels(function: dict[str, Any], version: str) -> None:
    labels = {"live-tokens-version": version, "live-tokens-commit": "4b1d" * 10, "live-tokens-digest": "0a1b" * 8}
    function["labels"] = function.get("labels", {}) | labels


def _other_release(sample: Sample) -> None:
    _labels(sample.function, "1_3_0")
    _labels(sample.elsewhere, "1_2_0")


def _released_at_home_only(sample: Sample) -> None:
    _labels(sample.function, "1_3_0")


def _not_public(sample: Sample) -> None:
    sample.run_services[1].bindings.clear()
    sample.call_elsewhere = HTMLResponse("<html>Forbidden</html>", status_code=403)


def _other_settings(sample: Sample) -> None:
    sample.elsewhere["serviceConfig"]["environmentVariables"]["APP_CHECK"] = "off"


def _pinned(sample: Sample) -> None:
    sample.run_services[1].targets = [{"revisionName": f"{FUNCTION}-00001-old", "percent": 100}]


def _lost_at_google(sample: Sample) -> None:
    """Settings that were applied name a region, and there is no function."""
    sample.functions.pop(sample.elsewhere["name"])
    sample.run_services.pop()
    bucket, name = f"{PROJECT}-live-tokens-state", f"live-tokens/{REGION}/applied.json"
    content = json.dumps({"settings": {f"additional_regions.{ELSEWHERE}.serves": True}, "blob": ""}).encode()
    sample.storage.add_bucket(bucket, PROJECT)
    sample.storage.buckets[bucket].objects[name] = StoredObject(name, 1, content, "application/json")


WORDS_OF_1_2 = f"commit {'4b1d' * 10}, package sha256:{'0a1b' * 8}"
CASES = (
    Case(
        "another region failed",
        lambda sample: sample.elsewhere.update(state="FAILED", stateMessages=[{"message": "It did not start."}]),
        (
            ExpectedFinding(
                "BAD",
                f"{ELSEWHERE}: Function {FUNCTION}: FAILED: It did not start.",
                f"gcloud functions logs read {FUNCTION} --gen2 {AT} --limit=50",
            ),
        ),
    ),
    Case(
        "another region is not public",
        _not_public,
        (
            ExpectedFinding("BAD", f"{ELSEWHERE}: Public: no; Cloud Run refuses every app", EVERYBODY),
            ExpectedFinding("BAD", f"{ELSEWHERE}: Call: HTTP 403 from Cloud Run in place of the function", EVERYBODY),
        ),
    ),
    Case(
        "traffic of another region stays on an old revision",
        _pinned,
        (
            ExpectedFinding(
                "warn",
                f"{ELSEWHERE}: Traffic: pinned to {FUNCTION}-00001-old",
                f"make release PROJECT_ID={PROJECT} REGION={ELSEWHERE}",
            ),
        ),
    ),
    Case(
        "the regions run two releases",
        _other_release,
        (
            ExpectedFinding(
                "warn",
                f"{ELSEWHERE}: Release: version 1.2.0, {WORDS_OF_1_2}. In {REGION}: version 1.3.0, {WORDS_OF_1_2}",
                f"make release PROJECT_ID={PROJECT} REGION={ELSEWHERE}",
            ),
        ),
    ),
    Case(
        "a new region was not released to",
        _released_at_home_only,
        (
            ExpectedFinding(
                "warn",
                f"{ELSEWHERE}: Release: does not say which code it runs. In {REGION}: version 1.3.0",
                f"make release PROJECT_ID={PROJECT} REGION={ELSEWHERE}",
            ),
        ),
    ),
    Case(
        "another region has other settings, whose values nobody sees",
        _other_settings,
        (ExpectedFinding("BAD", f"{ELSEWHERE}: Settings: others than in {REGION}: APP_CHECK", DEPLOY),),
    ),
    Case(
        "the load balancer leads nobody to another region",
        lambda sample: sample.backend_services.update({"live-tokens-live": [REGION]}),
        (
            ExpectedFinding(
                "warn",
                f"Load balancer: it leads nobody to {ELSEWHERE}",
                f"set {ELSEWHERE} = {{ serves = true }} in additional_regions in infra/projects/{PROJECT}.tfvars, "
                f"then {DEPLOY}",
            ),
        ),
    ),
    Case(
        "the home region was taken out",
        lambda sample: sample.backend_services.update({"live-tokens-live": [ELSEWHERE]}),
        (ExpectedFinding("warn", f"Load balancer: it leads nobody to {REGION}, the home region", DEPLOY),),
    ),
    Case(
        "there is no load balancer",
        lambda sample: sample.backend_services.clear(),
        (ExpectedFinding("BAD", "Load balancer: there is none, so no app finds the other regions", DEPLOY),),
    ),
    Case(
        "the load balancer cannot be seen",
        lambda sample: sample.access.services.discard("compute.googleapis.com"),
        (
            ExpectedFinding(
                "?",
                "Load balancer: not checked: compute.googleapis.com is off",
                f"gcloud services enable compute.googleapis.com --project={PROJECT}",
            ),
        ),
    ),
    Case(
        "the secret has no replica in another region",
        lambda sample: setattr(sample.secret, "replicas", (REGION,)),
        (
            ExpectedFinding(
                "warn", f"Key: no replica in {ELSEWHERE}: the function there reads the key from {REGION}", OTHER_SECRET
            ),
        ),
    ),
    Case(
        "the secret was left behind in another region than all",
        lambda sample: setattr(sample.secret, "replicas", ("asia-east1",)),
        (
            ExpectedFinding("warn", f"Key: no replica in {REGION}: the function there reads the key", OTHER_SECRET),
            ExpectedFinding("warn", f"Key: no replica in {ELSEWHERE}", OTHER_SECRET),
        ),
    ),
    Case(
        "a region of the applied settings has no function",
        _lost_at_google,
        (
            ExpectedFinding("warn", "Checkout: it lacks", "get the file from git"),
            ExpectedFinding("BAD", f"{ELSEWHERE}: Function {FUNCTION}: there is none in {ELSEWHERE}", DEPLOY),
            ExpectedFinding("?", f"{ELSEWHERE}: Traffic, concurrency: not checked: there is no Cloud Run service"),
            ExpectedFinding("?", f"{ELSEWHERE}: Public: not checked: there is no Cloud Run service"),
        ),
    ),
)


@each_case([Case(case.name, _two_regions(case.broken), case.expected) for case in CASES])
def test_finding(case: Case, expect: Expect) -> None:
    expect(case)


def test_two_regions_without_a_problem_are_said_to_be_well_in_one_run(sample: Sample, doctor: Doctor) -> None:
    sample.add_region()
    result = doctor()
    assert result.problems == ()
    for line in (
        f"ok   Function {FUNCTION}: active in {REGION}",
        f"ok   {ELSEWHERE}: Function {FUNCTION}: active in {ELSEWHERE}",
        f"ok   {ELSEWHERE}: Public: yes; allUsers may invoke the service",
        f"ok   {ELSEWHERE}: Call: the function refuses a call without a sign-in, 401 ID_TOKEN_MISSING",
        f"ok   Key: a replica in each region: {REGION}, {ELSEWHERE}",
        f"ok   Load balancer: it leads to {REGION}, {ELSEWHERE}",
    ):
        assert line in result.findings


def test_a_secret_that_google_replicates_lacks_nothing(sample: Sample, doctor: Doctor) -> None:
    sample.add_region()
    sample.secret.replicas = ()
    assert doctor().problems == ()


def test_a_region_behind_a_closed_door_is_not_called_and_that_is_no_open_question(
    sample: Sample, doctor: Doctor
) -> None:
    sample.add_region()
    sample.elsewhere["serviceConfig"]["ingressSettings"] = "ALLOW_INTERNAL_AND_GCLB"
    result = doctor()
    (problem,) = result.problems
    assert problem == (
        f"?    {ELSEWHERE}: Call: not checked: its own URL is closed, and the load balancer leads to the nearest region"
    )
    assert result.exit_code == 0


def test_one_region_that_was_asked_for_is_looked_at_alone_and_settings_stay_those_of_the_home_region(
    sample: Sample, doctor: Doctor
) -> None:
    sample.add_region()
    sample.elsewhere["serviceConfig"]["environmentVariables"]["THREADS"] = "8"
    result = doctor("--region", ELSEWHERE)
    assert f"ok   Function {FUNCTION}: active in {ELSEWHERE}" in result.findings
    assert not [line for line in result.findings if f" {REGION}" in line and "make deploy" not in line]
    (problem,) = (line for line in result.problems if "Concurrency" in line)
    assert problem.endswith(f"→ {DEPLOY}")


def test_a_deployment_with_one_region_is_asked_nothing_about_a_load_balancer(sample: Sample, doctor: Doctor) -> None:
    assert doctor().problems == ()
    assert not [asked for asked in sample.access.asked if asked.startswith("compute.")]
