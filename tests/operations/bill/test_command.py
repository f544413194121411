"""`live-tokens bill`: the table that an operator decides by."""

import io
from decimal import Decimal
from pathlib import Path

from live_tokens.profile_check import check_folder
from live_tokens_operations.bill_table import worst_days
from live_tokens_operations.cli import main
from live_tokens_operations.process import Process
from support.profile_cases import LIVE_31, LIVE_38, ProfileCase

COMPRESSED = "context_window_compression = { trigger_tokens = 25000, sliding_window = {} }"
QUOTA = """
[quota]
per_hour = 20
per_day = 30
[quota.plans."pro\\u001b"]
per_day = 60
"""


def bill(*arguments: str) -> tuple[int, str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    code = main(["bill", *arguments], Process({}, io.StringIO(), stdout, stderr))
    return code, stdout.getvalue(), stderr.getvalue()


def write(folder: Path, model: str, name: str = "default", more: str = "") -> None:
    text = ProfileCase("", model, "accept", COMPRESSED).text
    (folder / f"{name}.toml").write_text(text + more, encoding="utf-8")


def test_each_profile_and_plan_has_a_bill_for_an_honest_and_for_a_modified_app(tmp_path: Path) -> None:
    write(tmp_path, LIVE_38, more=QUOTA)
    code, shown, said = bill(str(tmp_path))
    assert (code, said) == (0, "")
    assert [line.split() for line in shown.splitlines()[1:6]] == [
        ["profile", "app", "minute", "hour", "day", "month"],
        ["default", "honest", "0.323", "150.20", "290.70", "4,505.85"],
        ["default", "modified", "4.523", "2,103.20", "4,070.70", "63,095.85"],
        ["default,", "plan", r"'pro\x1b'", "honest", "0.323", "193.80", "581.40", "9,011.70"],
        ["default,", "plan", r"'pro\x1b'", "modified", "4.523", "2,713.80", "8,141.40", "126,191.70"],
    ]
    assert "Prices as of 2026-10-09: https://ai.google.dev/gemini-api/docs/pricing" in shown


def test_what_nothing_bounds_is_a_dash_with_the_cure(tmp_path: Path) -> None:
    write(tmp_path, LIVE_38, more="[quota]\nminutes_per_day = 60\nsessions_at_once = 1\n")
    _, shown, _ = bill(str(tmp_path))
    assert shown.splitlines()[2].split() == ["default", "honest", "0.323", "19.38", "38.76", "600.78"]
    assert shown.splitlines()[3].split() == ["default", "modified", "4.523", "-", "-", "-"]
    assert shown.endswith("A dash: nothing bounds it. Set quota.per_day.\n")


def test_a_model_without_a_known_price_has_no_bill_and_that_is_said(tmp_path: Path) -> None:
    write(tmp_path, LIVE_31, more=QUOTA)
    write(tmp_path, LIVE_38, "second", QUOTA)
    code, shown, _ = bill(str(tmp_path))
    assert code == 0
    assert f"default: no price of {LIVE_31} is known here." in shown
    assert [line.split()[0] for line in shown.splitlines()[2:6]] == ["second", "second", "second,", "second,"]


def test_a_refused_profile_has_no_bill(tmp_path: Path) -> None:
    write(tmp_path, LIVE_38, more="[checks]\nmax_usd_per_user_day = 0.01\n[quota]\nper_day = 1\n")
    code, shown, said = bill(str(tmp_path))
    assert (code, said) == (1, "default.toml: refused, so it has no bill. `make profiles` says why.\n")
    assert "honest  " not in shown


def test_the_worst_days_for_terraform_are_those_of_a_modified_app(tmp_path: Path) -> None:
    write(tmp_path, LIVE_38, more="[quota]\nper_day = 30\n")
    write(tmp_path, LIVE_38, "endless")
    write(tmp_path, LIVE_31, "without-a-price")
    assert worst_days(check_folder(tmp_path)) == {"default": Decimal("4070.70"), "endless": None}
