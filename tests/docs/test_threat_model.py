"""Each claim of the threat model points at a test that exists."""

import re
from decimal import Decimal
from pathlib import Path

from live_tokens.gemini_lock import find_config_faults
from live_tokens.model_prices import AS_OF, PRICES, SOURCE, prices_of
from live_tokens.worst_bill import APPS, HONEST, MODIFIED, worst_bill
from support.documents import table
from support.loaded_profiles import load_profiles

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")


def test_each_proof_is_the_name_of_a_test() -> None:
    sources = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"^ *def (test_\w+)", sources, re.MULTILINE))
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert named
    assert sorted(named - known) == []


def test_each_defence_has_a_proof() -> None:
    tables = re.findall(r"^\| defence \| proof \|\n\| --- \| --- \|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    proofs = [row.split("|")[2].strip() for table in tables for row in table.splitlines()]
    assert proofs
    assert [proof for proof in proofs if not re.match(r"`test_|as above$", proof)] == []


def test_the_table_of_the_modified_app_has_what_its_tests_found_for_each_of_them() -> None:
    table = PAGE.partition("<!-- modified app -->")[2].partition("\n\n")[0]
    rows = re.findall(r"^\|[^|]+\| (\d+) \| (\d+) \| `(test_\w+)` \|$", table, re.MULTILINE)
    source = (ROOT / "tests" / "stand_ins" / "test_modified_client.py").read_text(encoding="utf-8")
    tests = re.findall(r"^def (test_\w+).+?talked_and_charged == \((\d+), (\d+)\)$", source, re.MULTILINE | re.DOTALL)
    assert tests
    assert rows == [(talked, charged, name) for name, talked, charged in tests]
    assert len(rows) == source.count("\ndef test_")


def test_the_table_of_worst_bills_is_the_one_that_the_shipped_profiles_have() -> None:
    computed = []
    for name, file in load_profiles(ROOT / "functions" / "profiles", find_config_faults).files.items():
        prices = prices_of(file.profile.model)
        assert prices is not None
        for plan, profile in file.by_plan().items():
            for app in APPS:
                bill = worst_bill(profile, app, prices)
                amounts = [f"${usd:,}" for usd in (bill.minute, bill.hour, bill.day, bill.month)]
                computed.append([f"`{name}`, plan `{plan}`" if plan else f"`{name}`", app.name, *amounts])
    assert table("docs/threat-model.md", "worst bill") == computed


def test_the_page_tells_the_prices_and_assumptions_that_the_table_is_computed_with() -> None:
    (prices,) = PRICES
    assert (
        f"$0.075 where compression begins at 25,000 tokens and ${prices.context_tokens * 3 / 1e6:.2f} without" in PAGE
    )
    assert prices.audio_in_million * 25_000 / 1_000_000 == Decimal("0.075")
    assert f"audio in ${prices.audio_in_minute} a minute, audio out ${prices.audio_out_minute} a minute" in PAGE
    assert f"[as quoted]({SOURCE}) on {AS_OF}" in PAGE
    assert f"| turns a minute | {HONEST.turns_per_minute} (assumed) | {MODIFIED.turns_per_minute} (assumed);" in PAGE
