"""`live-tokens profiles`: what an operator sees of profiles before anybody is served with them."""

import io
from pathlib import Path

import pytest

from live_tokens_operations.cli import main
from live_tokens_operations.process import Process
from support.profile_cases import LIVE_31, LIVE_38, PROFILE_CASES, ProfileCase


def profiles(*arguments: str) -> tuple[int, str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    code = main(["profiles", *arguments], Process({}, io.StringIO(), stdout, stderr))
    return code, stdout.getvalue(), stderr.getvalue()


def write(folder: Path, case: ProfileCase, name: str = "default", more: str = "") -> None:
    (folder / f"{name}.toml").write_text(case.text + more, encoding="utf-8")


FINE = ProfileCase("", LIVE_38, "accept", 'system_instruction = "Be kind."')


def test_without_a_folder_the_profiles_of_the_checkout_are_checked() -> None:
    code, shown, said = profiles()
    assert (code, said) == (0, "2 profiles, 0 refused, 0 warnings\n")
    assert [line for line in shown.splitlines() if not line.startswith(" ")] == ["default.toml", "tutor.toml"]


def test_what_a_profile_locks_is_shown(tmp_path: Path) -> None:
    rules = """
        [allow]
        email_verified = true
        sign_in_providers = ["phone"]
        claims = { vip = [1] }
        [quota]
        per_hour = 20
        [quota.plans.pro]
        per_day = 100
    """
    write(tmp_path, FINE, more=rules)
    code, shown, _ = profiles(str(tmp_path))
    assert code == 0
    assert shown.splitlines()[:-1] == [
        "default.toml",
        "  model    gemini-3.8-live",
        "  locks    response_modalities = ['AUDIO']",
        "  locks    system_instruction = Be kind.",
        "  opens    within 60 s",
        "  lasts    900 s at most",
        "  ends     within 900 s of a block: no leases, so its session_seconds",
        "  who      accounts, no anonymous users; with a verified e-mail address; signed in with phone; claim vip is 1",
        "  quota    20 per hour",
        "  quota    20 per hour, 100 per day where the claim plan is pro",
    ]
    assert shown.splitlines()[-1].startswith("  digest   ")


def test_leases_minutes_and_sessions_are_shown(tmp_path: Path) -> None:
    limits = """
        [quota]
        per_hour = 20
        minutes_per_day = 60
        sessions_at_once = 1
        [quota.plans.pro]
        per_hour = 60
    """
    text = (FINE.text + limits).replace("session_seconds = 900", "session_seconds = 900\nlease_seconds = 120")
    (tmp_path / "default.toml").write_text(text, encoding="utf-8")

    _, shown, _ = profiles(str(tmp_path))

    assert [line for line in shown.splitlines() if line.split()[0] in ("lasts", "ends", "quota")] == [
        "  lasts    900 s at most, in leases of 120 s",
        "  ends     within 160 s of a block: a lease of 120 s, and 40 s by which a renewal can come early",
        "  quota    20 per hour, 60 minutes per day, 1 sessions at once",
        "  quota    60 per hour, 60 minutes per day, 1 sessions at once where the claim plan is pro",
    ]


@pytest.mark.parametrize("case", PROFILE_CASES, ids=lambda case: case.name)
def test_the_exit_code_says_whether_the_function_starts(tmp_path: Path, case: ProfileCase) -> None:
    write(tmp_path, case)
    code, shown, _ = profiles(str(tmp_path))
    assert code == (1 if case.expected == "refuse" else 0)
    mark = {"refuse": "  REFUSED  ", "warn": "  warning  ", "accept": "  note     "}[case.expected]
    marked = [line for line in shown.splitlines() if line.startswith(mark)]
    assert len(marked) == len(case.words) or case.expected == "accept"
    assert ("  model " in shown) == (case.expected != "refuse")


def test_every_file_is_shown_also_after_a_refused_one(tmp_path: Path) -> None:
    write(tmp_path, ProfileCase("", LIVE_38, "refuse", "voices = 1"))
    write(tmp_path, ProfileCase("", LIVE_31, "warn", "tools = [{ url_context = {} }]"), "second")
    code, shown, said = profiles(str(tmp_path))
    assert (code, said) == (1, "2 profiles, 1 refused, 1 warnings\n")
    assert (
        shown.index("  REFUSED  config.voices") < shown.index("second.toml") < shown.index("  warning  config.tools[0]")
    )


def test_a_folder_without_a_default_is_refused(tmp_path: Path) -> None:
    code, shown, _ = profiles(str(tmp_path / "nowhere"))
    assert code == 1
    assert shown.startswith("default.toml\n  REFUSED  this file is missing")


def test_what_is_shown_cannot_steer_a_terminal(tmp_path: Path) -> None:
    write(tmp_path, ProfileCase("", LIVE_38, "accept", r'system_instruction = "Red: \u001b[31m"'))
    _, shown, _ = profiles(str(tmp_path))
    assert "\x1b" not in shown
    assert "Red: �[31m" in shown
