"""What the operator sees, and forgetting a quota."""

from datetime import timedelta

import pytest
from google.cloud.firestore import Client

from live_tokens.errors import HourlyQuotaExceeded, ServicePaused
from live_tokens.firestore_quota import QUOTAS, SERVICE_SWITCH, SWITCHES
from live_tokens_operations.admin.database import Database, Place
from live_tokens_operations.admin.quotas import Usage, today
from operations.admin.operator_and_service import PER_HOUR, Operator, Service


def test_status_of_a_service_that_nobody_has_stopped(operator: Operator, service: Service) -> None:
    assert operator.does("status") == "0 switches stop calls at this moment.\n"


def test_status_shows_each_switch_with_words_and_end(operator: Operator, service: Service) -> None:
    operator.does("pause", "--message", "Back at six.", "--until", "2999-01-01T00:00:00Z")
    operator.does("pause", "--profile", "tutor")
    operator.does("block", "a/b", "--message", "Write to [bold]us[/].")
    told = operator.does("status")
    assert told.startswith("3 switches stop calls at this moment.\n")
    shown = {" ".join(line.split()) for line in told.splitlines()[2:]}
    assert shown == {
        "the whole service ON 2999-01-01 00:00:00 UTC Back at six.",
        "profile tutor ON until it is cleared",
        "user a/b ON until it is cleared Write to [bold]us[/].",
    }


@pytest.mark.parametrize("switch", ["users:ann", "profile", "Service", "user:a b"])
def test_a_document_that_no_call_looks_at_is_shown_as_one_that_stops_nothing(
    operator: Operator, service: Service, documents: Client, switch: str
) -> None:
    documents.collection(SWITCHES).document(switch).set({})
    told = operator.does("status")
    assert "0 switches stop calls" in told
    assert f"document {switch} " in told
    assert "stops nothing" in told


def test_a_switch_with_an_end_that_cannot_be_read_is_on_for_both(
    operator: Operator, service: Service, documents: Client
) -> None:
    documents.collection(SWITCHES).document(SERVICE_SWITCH).set({"until": "tomorrow", "message": 7})
    with pytest.raises(ServicePaused):
        service.call()
    assert "1 switch stops calls" in operator.does("status")


def test_what_others_wrote_does_not_steer_the_terminal(operator: Operator, service: Service, documents: Client) -> None:
    documents.collection(SWITCHES).document(SERVICE_SWITCH).set({"message": "\x1b]0;title\x07\x1b[2J\nsecond line"})
    service_uid = "\x1b[31mred"
    documents.collection(QUOTAS).document("user:x").set({"uid": service_uid})
    told = operator.does("status") + operator.does("heaviest")
    assert "\x1b" not in told
    assert "\x07" not in told
    assert "\nsecond" not in told


def test_the_heaviest_callers_come_first_right_after_their_calls(operator: Operator, service: Service) -> None:
    taken = {"light": 1, "heavy/one": 3, "middle": 2, "also-heavy": 3}
    for uid, count in taken.items():
        for _ in range(count):
            service.call(uid)
    answer = operator.types("heaviest")
    assert "9 live tokens for 135.0 minutes, 4 callers" in answer.out
    assert answer.rows() == [
        ["45.0", "3", "also-heavy"],
        ["45.0", "3", "heavy/one"],
        ["30.0", "2", "middle"],
        ["15.0", "1", "light"],
    ]
    service.call("middle")
    three = operator.types("heaviest", "--limit", "3")
    assert "10 live tokens for 150.0 minutes, 4 callers" in three.out
    assert three.rows() == [["45.0", "3", "also-heavy"], ["45.0", "3", "heavy/one"], ["45.0", "3", "middle"]]


def test_a_caller_with_few_tokens_for_many_minutes_is_heavier(operator: Operator, service: Service) -> None:
    service.lease("talker")
    session = service.lease("dropped").session
    for minutes in (1, 2):  # it reconnects in the same lease, which is not granted again
        service.lease("dropped", session, later=timedelta(minutes=minutes))
    service.call("without-leases")
    assert operator.types("heaviest").rows() == [
        ["15.0", "1", "without-leases"],
        ["10.0", "3", "dropped"],
        ["10.0", "1", "talker"],
    ]


def test_tokens_of_all_profiles_count_together_and_refused_calls_do_not(operator: Operator, service: Service) -> None:
    for _ in range(PER_HOUR):
        service.call("ann", "default")
    service.call("ann", "tutor")
    with pytest.raises(HourlyQuotaExceeded):
        service.call("ann", "default")
    assert operator.types("heaviest").rows() == [["60.0", "4", "ann"]]


def test_callers_of_yesterday_are_not_todays(operator: Operator, service: Service) -> None:
    service.call("yesterday", later=timedelta(days=-1))
    service.call("today")
    assert operator.types("heaviest").rows() == [["15.0", "1", "today"]]


def test_nobody_has_called_today(operator: Operator, service: Service) -> None:
    assert operator.does("heaviest") == "Today, since midnight UTC: 0 live tokens for 0.0 minutes, 0 callers.\n"


@pytest.mark.parametrize("page", [1, 2, 3, 4, 5])
def test_callers_beyond_one_page_are_counted_once_each(service: Service, page: int) -> None:
    for uid in "abcd":
        service.call(uid)
    with Database(Place(service.project, "live-tokens", None), seconds=10, page=page) as database:
        counted = today(database, limit=9)
    assert counted.heaviest == tuple(Usage(uid, 1, 900) for uid in "abcd")
    assert (counted.callers, counted.tokens, counted.seconds) == (4, 4, 3600)


@pytest.mark.parametrize("uid", ["ann", "a/b"])
def test_reset_gives_the_full_quota_back_to_that_caller_only(operator: Operator, service: Service, uid: str) -> None:
    for _ in range(PER_HOUR):
        service.call(uid)
        service.call("bob")
    with pytest.raises(HourlyQuotaExceeded):
        service.call(uid)
    told = operator.does("reset", uid)
    assert f"Forgot what user {uid} has taken" in told
    assert "from the next call on" in told
    assert service.call(uid).remaining == PER_HOUR - 1
    with pytest.raises(HourlyQuotaExceeded):
        service.call("bob")


def test_reset_of_a_caller_of_whom_nothing_is_stored_says_so(operator: Operator, service: Service) -> None:
    assert "Nothing is stored of user nobody" in operator.does("reset", "nobody")


def test_reset_does_not_unblock(operator: Operator, service: Service) -> None:
    operator.does("block", "ann")
    operator.does("reset", "ann")
    assert "user ann " in operator.does("status")
