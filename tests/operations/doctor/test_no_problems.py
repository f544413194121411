"""A deployment without problems."""

from operations.doctor.result import Doctor
from operations.doctor.sample_project import PROJECT, REGION, Sample


def test_a_deployment_without_problems_gives_only_ok_and_exit_code_0(doctor: Doctor) -> None:
    result = doctor()

    assert result.problems == ()
    assert result.exit_code == 0
    assert result.errors.splitlines()[-1] == f"{len(result.findings)} ok, 0 BAD, 0 warn, 0 ?"


def test_every_area_is_checked(doctor: Doctor) -> None:
    subjects = {
        line.removeprefix("ok   ").partition(" ")[0].rstrip(":") for line in doctor("--region", REGION).findings
    }

    assert subjects == {
        "APIs",
        "Billing",
        "Function",
        "Traffic",
        "Concurrency",
        "Settings",
        "Profiles",
        "Sessions",
        "Public",
        "Call",
        "Key",
        "Gemini",
        "Firestore",
        "TTL",
        "Rules",
        "Stop",
        "Roles",
        "Insiders",
        "Watch",
        "Authentication",
        "App",
        "CORS",
        "Clock",
        "Last",
    }


def test_nothing_is_changed(sample: Sample, doctor: Doctor) -> None:
    doctor()

    # The stand-ins know reading methods only, and answer everything else with 404 or 405.
    assert f"cloudresourcemanager.googleapis.com/v1/projects/{PROJECT}:getIamPolicy" in sample.access.asked
    assert sample.gemini.paths == ["/v1beta/models/gemini-3.8-live"]


def test_the_key_is_not_read_on_request(sample: Sample, doctor: Doctor) -> None:
    result = doctor("--leave-key")

    assert result.problems == (
        "?    Key: not checked: you did not want it to be read; its version is enabled",
        "?    Gemini: not checked: there is no key to ask with",
    )
    assert result.exit_code == 0, "it was left out by choice"
    assert (sample.secret.reads, sample.gemini.paths) == (0, [])
