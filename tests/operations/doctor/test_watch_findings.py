"""Findings about who calls from outside, and whom the alerts tell."""

from operations.doctor.expected import DEPLOY, Case, Expect, ExpectedFinding, each_case
from operations.doctor.result import Doctor
from operations.doctor.sample_project import FUNCTION_HOST, OWN_HOST, PROJECT, Sample

NOBODY_CALLS = ExpectedFinding("warn", f"Watch: no uptime check calls {FUNCTION_HOST} and expects", DEPLOY)


def _other_content(sample: Sample) -> None:
    for check in sample.monitoring.uptime_checks:
        check["contentMatchers"] = [{"content": "UNAUTHENTICATED"}]


def _silent(sample: Sample) -> None:
    sample.monitoring.alerts[2]["notificationChannels"] = []


def _off(sample: Sample) -> None:
    sample.monitoring.alerts[1]["enabled"] = False


def _closed(sample: Sample) -> None:
    sample.function["serviceConfig"]["ingressSettings"] = "ALLOW_INTERNAL_AND_GCLB"


def _closed_and_only_it_is_called(sample: Sample) -> None:
    _closed(sample)
    del sample.monitoring.uptime_checks[0]


CASES = (
    Case("nobody calls", lambda sample: sample.monitoring.uptime_checks.clear(), (NOBODY_CALLS,)),
    Case("somebody calls another host", lambda sample: sample.monitoring.uptime_checks.pop(), (NOBODY_CALLS,)),
    Case(
        "the function's own URL is closed, and nobody calls another",
        _closed_and_only_it_is_called,
        (
            ExpectedFinding(
                "?",
                "Call: not checked: the direct address is closed (ALLOW_INTERNAL_AND_GCLB); "
                "name the right one with URL=…",
            ),
            ExpectedFinding(
                "warn", f"Watch: no uptime check calls another host than {FUNCTION_HOST}, which is", DEPLOY
            ),
        ),
    ),
    Case("somebody calls who takes Cloud Run's refusal for ours", _other_content, (NOBODY_CALLS,)),
    Case(
        "there is no alert",
        lambda sample: sample.monitoring.alerts.clear(),
        (ExpectedFinding("warn", "Watch: this deployment has no alerts", DEPLOY),),
    ),
    Case(
        "an alert tells nobody",
        _silent,
        (
            ExpectedFinding(
                "warn",
                "Watch: 1 of 2 alerts notify nobody",
                f"set alert_emails in infra/projects/{PROJECT}.tfvars, then {DEPLOY}",
            ),
        ),
    ),
    Case("an alert is off", _off, (ExpectedFinding("warn", "Watch: alerts are off: Service unreachable", DEPLOY),)),
)


@each_case(CASES)
def test_finding(case: Case, expect: Expect) -> None:
    expect(case)


def test_the_url_that_apps_call_is_the_one_that_must_be_called(doctor: Doctor) -> None:
    said = "\n".join(doctor("--url", f"https://{OWN_HOST}/").findings)
    assert f"ok   Watch: an uptime check calls {OWN_HOST}" in said


def test_a_closed_function_is_called_under_a_domain_that_the_doctor_names(sample: Sample, doctor: Doctor) -> None:
    _closed(sample)
    (line,) = (line for line in doctor().findings if "an uptime check calls" in line)
    assert line == f"ok   Watch: an uptime check calls {OWN_HOST} and expects ID_TOKEN_MISSING"
