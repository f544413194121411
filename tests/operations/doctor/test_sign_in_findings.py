"""Findings about Authentication, App Check, web origins, and the clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from starlette.types import Receive, Scope, Send

from live_tokens_operations.checks.clock import check_clock
from operations.doctor.expected import DEPLOY, Case, Expect, ExpectedFinding, each_case
from operations.doctor.result import Doctor
from operations.doctor.sample_project import ANDROID_APP, NUMBER, PROJECT, WEB_APP, Sample, SampleHosts
from support.google.access import refusal
from support.google.identity_toolkit import HOST as IDENTITY

CONSOLE = f"https://console.firebase.google.com/project/{PROJECT}"


def _environment(**variables: str) -> Callable[[Sample], object]:
    return lambda sample: sample.environment.update(variables)


def _set(variable: str) -> str:
    return f"set {variable} in infra/projects/{PROJECT}.tfvars, then {DEPLOY}"


def _unattested(mode: str) -> Callable[[Sample], None]:
    def remove(sample: Sample) -> None:
        sample.environment["APP_CHECK"] = mode
        for app in sample.firebase.apps[1:]:
            app.providers.clear()

    return remove


def _app_check_off(sample: Sample) -> None:
    sample.environment["APP_CHECK"] = "off"
    del sample.environment["APP_CHECK_CONSUME"]


NO_PROVIDER = f"App Check: 1:{NUMBER}:ios:b2 has no attestation provider", f"App Check: {WEB_APP} has no attestation"
MONITORED = ExpectedFinding(
    "warn", "App Check: monitored, no call is refused", _set('app_check = { mode = "enforce" }')
)

CASES = (
    Case(
        "no user can sign in",
        lambda sample: sample.identity.api_keys.clear(),
        (
            ExpectedFinding(
                "BAD",
                f"Authentication: not set up in {PROJECT}",
                f"{CONSOLE}/authentication, Get started; or identity_platform in infra/",
            ),
        ),
    ),
    Case(
        "no sign-in provider is enabled",
        lambda sample: sample.identity.sign_in.methods.clear(),
        (
            ExpectedFinding(
                "warn",
                f"Authentication: no sign-in provider is enabled in {PROJECT}",
                f"{CONSOLE}/authentication/providers",
            ),
        ),
    ),
    Case(
        "App Check is off",
        _app_check_off,
        (ExpectedFinding("warn", "App Check: off; any program", _set('app_check = { mode = "monitor" }')),),
    ),
    Case("App Check is monitored", _environment(APP_CHECK="monitor"), (MONITORED,)),
    Case(
        "apps that cannot prove themselves are refused",
        _unattested("enforce"),
        tuple(ExpectedFinding("BAD", text, f"{CONSOLE}/appcheck/apps") for text in NO_PROVIDER),
    ),
    Case(
        "apps that cannot prove themselves would be refused",
        _unattested("monitor"),
        (MONITORED, *(ExpectedFinding("warn", text, f"{CONSOLE}/appcheck/apps") for text in NO_PROVIDER)),
    ),
    Case(
        "an app that is allowed is not there",
        _environment(APP_CHECK_ALLOWED_APP_IDS=f"{ANDROID_APP},1:99:web:ff"),
        (ExpectedFinding("BAD", "App Check: 1:99:web:ff is allowed, but", _set("app_check.allowed_app_ids")),),
    ),
    Case(
        "there is no app",
        lambda sample: sample.firebase.apps.clear(),
        (ExpectedFinding("BAD", f"App Check: {PROJECT} has no registered app", f"{CONSOLE}/settings"),),
    ),
    Case(
        "every web site may call",
        _environment(CORS_ALLOWED_ORIGINS="*"),
        (ExpectedFinding("warn", "CORS: any web site may call", _set("cors_allowed_origins")),),
    ),
    Case(
        "a web site without TLS may call",
        _environment(CORS_ALLOWED_ORIGINS="https://app.example.com,http://localhost:3000"),
        (ExpectedFinding("warn", "CORS: http://localhost:3000 can be forged", _set("cors_allowed_origins")),),
    ),
)


@each_case(CASES)
def test_the_doctor_says_what_is_wrong_with_sign_in(case: Case, expect: Expect) -> None:
    expect(case)


SIGN_UP_OFF = f"ok   Authentication: set up in {PROJECT}; sign-up with e-mail and password is off"


@pytest.mark.parametrize(
    ("identity_platform", "kind"),
    [(False, "defaultSupportedIdpConfigs"), (True, "oauthIdpConfigs"), (True, "inboundSamlConfigs")],
)
def test_an_external_provider_counts_as_sign_in(
    identity_platform: bool, kind: str, sample: Sample, doctor: Doctor
) -> None:
    sample.identity.sign_in.methods.clear()
    sample.identity.sign_in.identity_platform = identity_platform
    sample.identity.sign_in.providers = {"defaultSupportedIdpConfigs": ["off.facebook.com"], kind: ["google.com"]}

    result = doctor()

    assert result.problems == ()
    assert any(line.startswith(SIGN_UP_OFF) and "--service-account" in line for line in result.findings)


def test_providers_that_cannot_be_seen_are_not_said_to_be_off(
    sample: Sample, doctor: Doctor, sample_hosts: SampleHosts
) -> None:
    sample.identity.sign_in.methods.clear()
    usual = sample_hosts.apps[IDENTITY]

    async def without_providers(scope: Scope, receive: Receive, send: Send) -> None:
        denied = refusal(500, "INTERNAL", "Internal error encountered.")
        await (usual if scope["path"].endswith("/config") else denied)(scope, receive, send)

    with sample_hosts.hosts.upstreams[IDENTITY].answering(without_providers):
        result = doctor()

    assert result.problems == (
        "?    Authentication, its providers: not checked: identitytoolkit.googleapis.com answers HTTP 500",
    )


def test_sign_ups_that_are_closed_are_said_to_be(sample: Sample, doctor: Doctor) -> None:
    sample.identity.sign_in.sign_ups = False

    result = doctor()

    assert result.problems == ()
    assert any(line.startswith(SIGN_UP_OFF) for line in result.findings)


def test_only_the_apps_that_are_allowed_have_to_prove_themselves(sample: Sample, doctor: Doctor) -> None:
    _unattested("enforce")(sample)
    sample.environment["APP_CHECK_ALLOWED_APP_IDS"] = ANDROID_APP

    assert doctor().problems == ()


def test_without_web_origins_native_apps_may_call(sample: Sample, doctor: Doctor) -> None:
    del sample.environment["CORS_ALLOWED_ORIGINS"]

    assert "ok   CORS: no web app may call; native apps may" in doctor().findings


@pytest.mark.usefixtures("sample", "operator_environment")
@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3600, "warn Clock: this machine's is 3600 s ahead of"), (-90, "warn Clock: this machine's is 90 s behind")],
)
def test_a_clock_that_is_wrong_is_told_by_how_much(seconds: int, words: str) -> None:
    finding = check_clock(20, now=lambda: datetime.now(UTC) + timedelta(seconds=seconds))

    told = int(str(finding).split(" is ")[1].split(" s ")[0])
    assert abs(told - abs(seconds)) <= 5  # Google's date has no fractions, and the test takes its time
    assert str(finding).startswith(words.replace(str(abs(seconds)), str(told)))
    assert finding.remedy.startswith("sudo timedatectl set-ntp true")
