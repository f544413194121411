"""`scale`: the simulation does what its assumptions say, and the document has its tables."""

from dataclasses import replace

import pytest

from scale import (
    CALLS_PER_DAY,
    LEASES,
    MINUTES_PER_HOUR,
    Assumptions,
    limits,
    load,
    simulate,
    start_table,
    tables,
    traffic,
)
from support.documents import ROOT

USUAL = Assumptions()
WITHOUT_DROPS = replace(USUAL, drops_per_minute=0)


def test_the_document_has_the_tables_that_the_program_prints() -> None:
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    assert page.partition("<!-- scale -->\n")[2].partition("\n\nRead it so:")[0] == tables(USUAL)


@pytest.mark.parametrize("lease", LEASES)
def test_a_short_conversation_takes_one_lease_and_one_end(lease: int) -> None:
    each = simulate(lease, replace(WITHOUT_DROPS, conversation_minutes=0.01), conversations=100)
    assert each.mints == each.ends
    assert each.calls == 2 * each.ends


@pytest.mark.parametrize("lease", LEASES)
def test_an_endless_conversation_takes_the_leases_of_its_session_and_is_granted_what_it_talks(lease: int) -> None:
    each = simulate(lease, replace(WITHOUT_DROPS, conversation_minutes=1e9), conversations=100)
    assert each.mints == pytest.approx(60 / lease)
    assert each.granted == pytest.approx(1)


def test_a_drop_is_one_token_more_and_no_minutes() -> None:
    without, with_drops = (simulate(60, replace(USUAL, drops_per_minute=drops)) for drops in (0, 0.5))
    assert with_drops.mints == pytest.approx(without.mints + 0.5)
    assert with_drops.granted == without.granted


def test_shorter_leases_take_more_mints_and_grant_less_that_is_not_talked() -> None:
    each = [simulate(lease, USUAL) for lease in LEASES]
    assert [one.mints for one in each] == sorted((one.mints for one in each), reverse=True)
    assert [one.granted for one in each] == sorted(one.granted for one in each)


@pytest.mark.parametrize("lease", LEASES)
def test_at_a_limit_the_load_is_the_limit(lease: int) -> None:
    each = simulate(lease, USUAL)
    known = limits(each, USUAL)
    assert load(0.999 * known["`max_instances = 10`"], each, USUAL).instances == USUAL.max_instances
    assert load(known["Firestore's start, 500 writes/s"], each, USUAL).writes_per_second * USUAL.peak == pytest.approx(
        USUAL.ramp
    )
    for tier, usd in enumerate(USUAL.usd_per_ten_minutes, 1):
        per_hour = load(known[f"Gemini's spend limit, tier {tier}"], each, USUAL).gemini_usd_per_hour
        assert per_hour / 6 * USUAL.peak == pytest.approx(usd)


def test_the_loads_are_those_that_were_asked_for() -> None:
    assert (MINUTES_PER_HOUR[0], MINUTES_PER_HOUR[-1]) == (10**3, 10**6)
    assert LEASES == (60, 120, 300)


# --- starts


def test_the_document_has_the_table_of_starts_that_the_program_prints() -> None:
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    assert page.partition("<!-- starts -->\n")[2].partition("\n\nRead it so:")[0] == start_table(USUAL)


def test_calls_further_apart_than_an_instance_is_kept_all_wait_for_a_start() -> None:
    assert traffic(1, 0, USUAL).cold_share == 1


@pytest.mark.parametrize("calls", CALLS_PER_DAY)
def test_of_calls_that_one_instance_can_answer_none_waits_if_it_is_kept(calls: int) -> None:
    assert traffic(calls, 1, USUAL).cold_share == 0


def test_a_burst_beyond_what_an_instance_answers_at_once_starts_others() -> None:
    slow = replace(USUAL, call_seconds=3600, cpu_seconds=1e-9, concurrency=4, waking_hours=0.1)
    found = traffic(400, 0, slow)
    assert found.instances == 400 / 4
    assert found.cold_share == pytest.approx(1 / 4)


def test_a_warm_instance_costs_the_same_whatever_it_answers() -> None:
    dearer = [
        traffic(calls, 1, USUAL).usd_per_month - traffic(calls, 0, USUAL).usd_per_month for calls in CALLS_PER_DAY
    ]
    assert dearer == pytest.approx([30 * 86_400 * USUAL.usd_per_idle_second] * len(CALLS_PER_DAY))
