"""Findings about the key: where it is, what it is, and what Gemini says to it."""

import json
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.responses import JSONResponse

from operations.doctor.expected import DEPLOY, RELEASE_EVERYWHERE, STORE_KEY, Case, Expect, ExpectedFinding, each_case
from operations.doctor.result import Doctor
from operations.doctor.sample_project import NUMBER, PROJECT, SECRET, Sample
from support.google.access import refusal
from support.google.gemini_models import HOST
from support.google.secret_store import Version

NOTHING_TO_ASK_WITH = ExpectedFinding("?", "Gemini: not checked: there is no key to ask with")
PRIVATE_KEY = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
SERVICE_ACCOUNT = json.dumps({"type": "service_account", "private_key": PRIVATE_KEY.decode()}, indent=2)
EDIT_MODEL = (
    f"edit model in functions/profiles/default.toml and functions/profiles/tutor.toml, then {RELEASE_EVERYWHERE}"
)


def _holds(payload: bytes) -> Callable[[Sample], object]:
    return lambda sample: sample.holds(payload)


def _newest_version_is(state: str) -> Callable[[Sample], object]:
    return lambda sample: sample.secret.versions.append(Version(b"AQ.another-key", state))


def _wrong_checksum(sample: Sample) -> None:
    sample.secret.versions[-1].wrong_checksum = True


def _of_the_wrong_kind(name: str, payload: bytes, fault: str) -> Case:
    problem = ExpectedFinding("BAD", f"Key: version 1 {fault}", STORE_KEY)
    return Case(name, _holds(payload), (problem, NOTHING_TO_ASK_WITH))


def _gemini_says(name: str, answer: JSONResponse, text: str, remedy: str, mark: str = "BAD") -> Case:
    def break_it(sample: Sample) -> None:
        sample.gemini.refusing = answer

    return Case(name, break_it, (ExpectedFinding(mark, f"Gemini: {text}", remedy),))


def _denied(reason: str, **metadata: str) -> JSONResponse:
    return refusal(403, "PERMISSION_DENIED", "Denied.", reason, service=HOST, **metadata)


CASES = (
    Case(
        "there is no secret",
        lambda sample: sample.secrets.clear(),
        (
            ExpectedFinding("BAD", f"Key: there is no secret {SECRET}", DEPLOY),
            NOTHING_TO_ASK_WITH,
            ExpectedFinding("?", "Roles on the secret: not checked: there is no such thing"),
        ),
    ),
    Case(
        "the secret is empty",
        lambda sample: sample.secret.versions.clear(),
        (ExpectedFinding("BAD", f"Key: {SECRET} has no version latest", STORE_KEY), NOTHING_TO_ASK_WITH),
    ),
    Case(
        "the newest version is disabled",
        _newest_version_is("DISABLED"),
        (
            ExpectedFinding(
                "BAD",
                "Key: version 2, which the function reads, is disabled",
                f"gcloud secrets versions enable 2 --secret=gemini-api-key --project={PROJECT}",
            ),
            NOTHING_TO_ASK_WITH,
        ),
    ),
    Case(
        "the newest version is destroyed",
        _newest_version_is("DESTROYED"),
        (
            ExpectedFinding("BAD", "Key: version 2, which the function reads, is destroyed", STORE_KEY),
            NOTHING_TO_ASK_WITH,
        ),
    ),
    _of_the_wrong_kind("the key is empty", b"", "is empty"),
    _of_the_wrong_kind("the key is white space", b" \n", "is empty"),
    _of_the_wrong_kind(
        "the key is an access token", b"ya29.a0AfH6SMBx-sample", "is not a key, but an OAuth access token"
    ),
    _of_the_wrong_kind(
        "the key is a refresh token", b"1//0gsample-refresh", "is not a key, but an OAuth refresh token"
    ),
    _of_the_wrong_kind("the key is an ID token", b"eyJhbGciOi.eyJzdWIi.c2ln", "is not a key, but a JSON web token"),
    _of_the_wrong_kind("the key is a live token", b"auth_tokens/0a1b2c", "is not a key, but an ephemeral live token"),
    _of_the_wrong_kind("the key is a private key", PRIVATE_KEY, "is not a key, but a private key"),
    _of_the_wrong_kind(
        "the key is a service account's",
        SERVICE_ACCOUNT.encode(),
        "is not a key, but the key file of a service account",
    ),
    _of_the_wrong_kind("the key is JSON", b'{"key": "AQ.x"}', "is not a key, but JSON"),
    _of_the_wrong_kind(
        "the key is Terraform's placeholder",
        b"no key was given to Terraform",
        "is not a key, but Terraform's placeholder",
    ),
    _of_the_wrong_kind("the key is words", b"a key of mine", "is not a key: there are spaces in it"),
    _of_the_wrong_kind("the key has two lines", b"AQ.first\nAQ.second", "has a line break in it"),
    _of_the_wrong_kind("the key is in quotes", b'"AQ.0123456789"', "has quotes around it"),
    _of_the_wrong_kind("the key is a line of .env", b"GEMINI_API_KEY=AQ.0123456789", "is a line of an .env file"),
    _of_the_wrong_kind("the key has a BOM", "AQ.0123456789".encode("utf-8-sig"), "begins with a byte order mark (BOM)"),
    _of_the_wrong_kind("the key is not text", "AQ.schlüssel".encode(), "is not a key: it holds other than ASCII"),
    Case(
        "the key is damaged",
        _wrong_checksum,
        (ExpectedFinding("BAD", "Key: version 1 does not match its checksum", STORE_KEY), NOTHING_TO_ASK_WITH),
    ),
    Case(
        "the key is a standard key",
        lambda sample: sample.takes_key("AIzaSyA-sample-standard-key-0123456789"),
        (
            ExpectedFinding(
                "warn", "Key: version 1 is a standard key (AIza…); Google announced the end of those", STORE_KEY
            ),
        ),
    ),
    Case(
        "Gemini does not know the key",
        _holds(b"AQ.of-nobody-0123456789"),
        (ExpectedFinding("BAD", "Gemini: refuses the key (HTTP 400 API_KEY_INVALID)", STORE_KEY),),
    ),
    _gemini_says(
        "Gemini takes the key for something else",
        refusal(401, "UNAUTHENTICATED", "Expected OAuth 2 access token.", "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
        "refuses the key (HTTP 401 ACCESS_TOKEN_TYPE_UNSUPPORTED)",
        STORE_KEY,
    ),
    _gemini_says(
        "the key has leaked",
        refusal(403, "PERMISSION_DENIED", "Your API key was reported as leaked. Please use another API key."),
        "the key was reported as leaked",
        STORE_KEY,
    ),
    _gemini_says(
        "the Gemini API is off in the key's project",
        _denied("SERVICE_DISABLED", consumer="projects/998877665544"),
        "its API is off in the key's project",
        f"gcloud services enable {HOST} --project=998877665544",
    ),
    _gemini_says(
        "the key is restricted to other APIs",
        _denied("API_KEY_SERVICE_BLOCKED", consumer=f"projects/{NUMBER}"),
        "the key is restricted to other APIs",
        f"gcloud services api-keys update KEY_ID --api-target=service={HOST} --project={NUMBER}",
    ),
    _gemini_says(
        "the key is for a web site",
        _denied("API_KEY_HTTP_REFERRER_BLOCKED"),
        "the key is restricted to web sites, and the function is not one of these",
        STORE_KEY,
    ),
    _gemini_says(
        "the key is for an Android app",
        _denied("API_KEY_ANDROID_APP_BLOCKED"),
        "the key is restricted to Android apps, and the function is not one of these",
        STORE_KEY,
    ),
    _gemini_says(
        "the key is for other addresses, perhaps the function's",
        _denied("API_KEY_IP_ADDRESS_BLOCKED"),
        "not checked: the key is restricted to IP addresses that do not include this machine's",
        "",
        mark="?",
    ),
    _gemini_says(
        "the quota is used up",
        refusal(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", "RATE_LIMIT_EXCEEDED"),
        "the quota of the key's project is used up (429)",
        "https://ai.google.dev/gemini-api/docs/rate-limits says how to raise it",
    ),
    Case(
        "Gemini does not know the model",
        lambda sample: sample.gemini.methods.clear(),
        (ExpectedFinding("BAD", "Gemini: model gemini-3.8-live is not known to this key", EDIT_MODEL),),
    ),
    Case(
        "the model is not for the Live API",
        lambda sample: sample.gemini.methods.update({"gemini-3.8-live": ["generateContent", "countTokens"]}),
        (
            ExpectedFinding(
                "BAD",
                "Gemini: model gemini-3.8-live is not for the Live API: it has no bidiGenerateContent",
                EDIT_MODEL,
            ),
        ),
    ),
)


@each_case(CASES)
def test_the_doctor_says_what_is_wrong_with_the_key(case: Case, expect: Expect) -> None:
    expect(case)


def test_white_space_around_a_key_does_no_harm(sample: Sample, doctor: Doctor) -> None:
    sample.holds(f"{sample.key}\n".encode())

    assert doctor().problems == ()


def test_the_version_that_the_function_reads_is_the_one_looked_at(sample: Sample, doctor: Doctor) -> None:
    sample.environment["GEMINI_API_KEY_SECRET"] = f"{SECRET}/versions/1"
    sample.secret.versions.append(Version(b"", "DISABLED"))

    assert doctor().problems == ()


def test_gemini_is_asked_in_the_version_that_the_function_uses(sample: Sample, doctor: Doctor) -> None:
    sample.environment["GEMINI_API_VERSION"] = "v1alpha"

    doctor()

    assert sample.gemini.paths == ["/v1alpha/models/gemini-3.8-live"]


def test_each_model_is_asked_about_once_and_named_with_its_profile(
    sample: Sample, doctor: Doctor, tmp_path: Path
) -> None:
    for name, model in (("default", "gemini-3.8-live"), ("old", "gemini-3.1-flash-live-preview")):
        (tmp_path / f"{name}.toml").write_text(
            f'model = "{model}"\n[lifetime]\nstart_within_seconds = 60\nsession_seconds = 900\n'
            '[config]\nresponse_modalities = ["AUDIO"]\n'
        )

    result = doctor("--profiles", str(tmp_path))

    unknown = "BAD  Gemini: model gemini-3.1-flash-live-preview is not known to this key"
    assert result.problems == (f"{unknown}  → edit model in functions/profiles/old.toml, then {RELEASE_EVERYWHERE}",)
    assert sample.gemini.paths == ["/v1beta/models/gemini-3.8-live", "/v1beta/models/gemini-3.1-flash-live-preview"]


def test_a_key_that_is_refused_is_not_tried_on_the_next_model(sample: Sample, doctor: Doctor, tmp_path: Path) -> None:
    for name, model in (("default", "gemini-3.8-live"), ("other", "gemini-3.1-flash-live-preview")):
        (tmp_path / f"{name}.toml").write_text(
            f'model = "{model}"\n[lifetime]\nstart_within_seconds = 60\nsession_seconds = 900\n'
            '[config]\nresponse_modalities = ["AUDIO"]\n'
        )
    sample.holds(b"AQ.of-nobody-0123456789")

    result = doctor("--profiles", str(tmp_path))

    assert (len(result.problems), len(sample.gemini.paths)) == (1, 1)
