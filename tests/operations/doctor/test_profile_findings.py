"""Findings about the profiles of the checkout: all of them, with and without a key to ask Gemini."""

from pathlib import Path

from operations.doctor.expected import RELEASE_EVERYWHERE
from operations.doctor.result import Doctor
from operations.doctor.sample_project import Sample
from support.profile_cases import LIVE_38, ProfileCase

EDIT = f"  → edit functions/profiles/, then {RELEASE_EVERYWHERE}"


def write(folder: Path, name: str, config: str) -> None:
    (folder / f"{name}.toml").write_text(ProfileCase("", LIVE_38, "accept", config).text, encoding="utf-8")


def test_every_fault_of_every_profile_is_a_finding(doctor: Doctor, tmp_path: Path) -> None:
    write(tmp_path, "default", "temprature = 1\nmedia_resolution = 'LOW'")
    write(tmp_path, "tutor", "thinking_config.thinking_level = 'low'")

    result = doctor("--profiles", str(tmp_path))

    begins = (
        "BAD  Profile default.toml: config.temprature: not known; the name is probably temperature.",
        "BAD  Profile default.toml: config.media_resolution is",
        "BAD  Profile tutor.toml: config.thinking_config: gemini-3.8-live takes no thinking level",
    )
    assert len(result.problems) == len(begins)
    for begin, line in zip(begins, result.problems, strict=True):
        assert line.startswith(begin)
        assert line.endswith(EDIT)
    assert result.exit_code == 1


def test_a_profile_is_looked_at_where_the_key_is_not(doctor: Doctor, tmp_path: Path) -> None:
    write(tmp_path, "default", "temprature = 1")

    result = doctor("--profiles", str(tmp_path), "--leave-key")

    assert any(line.startswith("BAD  Profile default.toml: config.temprature") for line in result.problems)


def test_what_may_not_work_is_a_warning_and_gemini_is_asked_all_the_same(
    sample: Sample, doctor: Doctor, tmp_path: Path
) -> None:
    write(tmp_path, "default", "tools = [{ url_context = {} }]")

    result = doctor("--profiles", str(tmp_path))

    (line,) = result.problems
    assert line.startswith("warn Profile default.toml: config.tools[0].url_context: not supported on this model.")
    assert (result.exit_code, sample.gemini.paths) == (0, ["/v1beta/models/gemini-3.8-live"])


def test_the_doctor_says_when_talk_ends_after_a_block(doctor: Doctor, tmp_path: Path) -> None:
    leases = ProfileCase("", LIVE_38, "accept", "").text.replace(
        "session_seconds", "lease_seconds = 300\nsession_seconds"
    )
    (tmp_path / "default.toml").write_text(leases, encoding="utf-8")
    write(tmp_path, "whole", "")

    result = doctor("--profiles", str(tmp_path))

    assert "ok   Sessions: talk ends after a pause or a block within 360 s (default), 900 s (whole)" in result.findings


def test_one_refused_profile_does_not_keep_gemini_from_being_asked_about_the_others(
    sample: Sample, doctor: Doctor, tmp_path: Path
) -> None:
    write(tmp_path, "default", "")
    write(tmp_path, "tutor", "voices = 1")

    result = doctor("--profiles", str(tmp_path))

    assert len(result.problems) == 1
    assert sample.gemini.paths == ["/v1beta/models/gemini-3.8-live"]


def test_a_profile_that_is_more_expensive_than_its_own_limit_is_a_problem(doctor: Doctor, tmp_path: Path) -> None:
    write(tmp_path, "default", "[checks]\nmax_usd_per_user_day = 100\n[quota]\nper_day = 30")

    result = doctor("--profiles", str(tmp_path), "--leave-key")

    (line,) = (line for line in result.problems if "max_usd_per_user_day" in line)
    assert line.startswith(
        "BAD  Profile default.toml: checks.max_usd_per_user_day is 100, and the worst day of a caller"
    )
    assert result.exit_code == 1
