"""`status UID`: what one user has open and left, as the real store has it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from google.cloud.firestore import Client

from live_tokens.errors import HourlyQuotaExceeded, MinutesExceeded, QuotaUnavailable, SessionEnded
from live_tokens.firestore_quota import QUOTAS, quota_id
from operations.admin.operator_and_service import LEASED, PER_HOUR, Operator, Service

MORE_SLOTS = replace(LEASED, quota=replace(LEASED.quota, sessions_at_once=9))
LARGER_PLAN = replace(LEASED, quota=replace(LEASED.quota, minutes_per_day=120))


def told(operator: Operator, uid: str = "ann") -> list[str]:
    answer = operator.types("status", uid)
    assert answer.code == 0, answer.err
    return answer.squeezed()


def limits(lines: list[str]) -> dict[str, tuple[float, float]]:
    """Return limit → used and left."""
    rows = lines[lines.index("PROFILE LIMIT USED LEFT") + 1 :]
    cells = (row.rsplit(" ", 2) for row in rows)
    return {limit: (float(used), float(left)) for limit, used, left in cells}


def about(used: float, left: float) -> tuple[object, object]:
    """Return used and left, which shift while the test runs: minutes come back evenly."""
    return pytest.approx(used, abs=1), pytest.approx(left, abs=1)


def time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def test_a_session_is_shown_with_its_times(operator: Operator, service: Service) -> None:
    lease = service.lease("ann")
    began = lease.ends - timedelta(seconds=lease.seconds)

    lines = told(operator)

    assert "1 live tokens for 10.0 minutes since midnight UTC. Open sessions: 1." in lines[1]
    assert lines[2] == (
        f"talk {lease.session} open: began {time(began)}, lease ends {time(lease.ends)}, "
        f"session ends {time(lease.session_ends)}"
    )


def test_a_session_whose_lease_is_over_is_not_open_and_one_that_is_over_is_not_shown(
    operator: Operator, service: Service
) -> None:
    service.lease("ann", later=timedelta(minutes=-61))
    going_on = service.lease("ann", later=timedelta(minutes=-11)).session

    lines = told(operator)

    assert "Open sessions: 0." in lines[1]
    (row,) = [line for line in lines if "lease ends" in line]
    assert row.startswith(f"talk {going_on} lease over: ")


def test_what_is_left_is_what_the_next_calls_get(operator: Operator, service: Service) -> None:
    service.lease("ann")

    assert limits(told(operator)) == {
        f"talk {PER_HOUR} live tokens an hour": (1, PER_HOUR - 1),
        "talk 30 minutes a day": about(10, 20),
        "talk 300 minutes in 30 days": about(10, 290),
    }
    for _ in range(2):
        assert service.lease("ann", profile=MORE_SLOTS).seconds == 600
    with pytest.raises((MinutesExceeded, HourlyQuotaExceeded)):
        service.lease("ann", profile=MORE_SLOTS)
    left = limits(told(operator))
    assert left[f"talk {PER_HOUR} live tokens an hour"] == (PER_HOUR, 0)
    assert left["talk 30 minutes a day"] == about(30, 0)


def test_the_limits_are_those_of_the_last_call(operator: Operator, service: Service) -> None:
    service.lease("ann")
    service.lease("ann", profile=LARGER_PLAN)

    assert limits(told(operator))["talk 120 minutes a day"] == about(20, 100)


def test_each_profile_has_its_own(operator: Operator, service: Service) -> None:
    service.lease("ann")
    service.call("ann")

    assert {limit.split()[0] for limit in limits(told(operator))} == {"default", "talk"}


def test_a_user_of_whom_nothing_is_stored_has_nothing_open(operator: Operator, service: Service) -> None:
    service.lease("bob")

    _, line = told(operator)

    assert line.startswith("User ann, at ")
    assert line.endswith(": 0 live tokens for 0.0 minutes since midnight UTC. Open sessions: 0.")


def test_the_switches_are_those_that_stop_this_user(operator: Operator, service: Service) -> None:
    for command in (("block", "ann"), ("block", "bob"), ("pause", "--profile", "talk")):
        operator.does(*command)

    lines = told(operator)

    assert lines[0] == "2 switches stop calls at this moment."
    assert {line.partition(" ON ")[0] for line in lines[2:4]} == {"user ann", "profile talk"}


@pytest.mark.parametrize("changed", [{"sessions": {"talk": 7}}, {"spent": {"talk": {"hour": "soon"}}}, {"spent": 7}])
def test_a_document_changed_by_hand_is_said_to_refuse_calls(
    operator: Operator, service: Service, documents: Client, changed: dict[str, object]
) -> None:
    service.lease("ann")
    documents.collection(QUOTAS).document(quota_id("ann")).update(changed)
    with pytest.raises(QuotaUnavailable):
        service.lease("ann")

    answer = operator.types("status", "ann")

    assert answer.code == 1
    assert "`reset ann` deletes it" in answer.err
    operator.does("reset", "ann")
    assert service.lease("ann").kind == "first"


def test_reset_says_that_open_sessions_are_not_renewed(operator: Operator, service: Service) -> None:
    session = service.lease("ann").session

    assert "none is renewed" in operator.does("reset", "ann")
    with pytest.raises(SessionEnded):
        service.lease("ann", session)
