"""What is stopped is refused by the real store at the next call, and nothing else is."""

from datetime import UTC, datetime, timedelta

import pytest
from google.cloud.firestore import Client

from live_tokens.errors import ServicePaused, UserBlocked
from live_tokens.firestore_quota import SERVICE_SWITCH, SWITCHES, profile_switch, user_switch
from operations.admin.operator_and_service import Operator, Service

HARD_UIDS = [
    "a/b",
    "a%2Fb",
    "/",
    "users/ann@example.com",
    "with a space",
    "élève/日本",
    "..",
    "__name__",
    "[bold]ann[/]",
]


def test_a_pause_refuses_everybody_with_the_operators_words(operator: Operator, service: Service) -> None:
    service.call("ann")
    told = operator.does("pause", "--message", "Back at six.", "--for", "2h")
    assert "Stopped the whole service until " in told
    assert "from the next call on" in told
    for uid, profile in (("ann", "default"), ("bob", "tutor")):
        with pytest.raises(ServicePaused) as refused:
            service.call(uid, profile)
        assert refused.value.message == "Back at six."
        assert refused.value.retry_after is not None
        assert timedelta(hours=1) < refused.value.retry_after <= timedelta(hours=2)


def test_a_pause_without_words_or_end_lasts_and_says_the_usual(operator: Operator, service: Service) -> None:
    operator.does("pause")
    with pytest.raises(ServicePaused) as refused:
        service.call(later=timedelta(days=3000))
    assert refused.value.message == ServicePaused(None, None, "").message
    assert refused.value.retry_after is None


def test_resume_lets_the_next_call_through(operator: Operator, service: Service) -> None:
    operator.does("pause")
    told = operator.does("resume")
    assert "Cleared the stop of the whole service" in told
    assert "from the next call on" in told
    assert service.call().remaining == 2


def test_a_paused_profile_is_refused_and_the_others_are_not(operator: Operator, service: Service) -> None:
    operator.does("pause", "--profile", "tutor", "--message", "No lessons.")
    with pytest.raises(ServicePaused) as refused:
        service.call("ann", "tutor")
    assert refused.value.message == "No lessons."
    assert service.call("ann", "default").remaining == 2
    operator.does("resume", "--profile", "tutor")
    assert service.call("ann", "tutor").remaining == 2


def test_resuming_the_service_leaves_a_paused_profile_paused(operator: Operator, service: Service) -> None:
    operator.does("pause")
    operator.does("pause", "--profile", "tutor")
    operator.does("resume")
    service.call("ann", "default")
    with pytest.raises(ServicePaused):
        service.call("ann", "tutor")


def test_a_blocked_user_is_refused_and_other_users_are_not(operator: Operator, service: Service) -> None:
    told = operator.does("block", "ann", "--message", "Write to us.", "--for", "30m")
    assert "Stopped user ann until " in told
    with pytest.raises(UserBlocked) as refused:
        service.call("ann")
    assert refused.value.message == "Write to us."
    assert refused.value.retry_after is not None
    assert timedelta(minutes=15) < refused.value.retry_after <= timedelta(minutes=30)
    assert service.call("bob").remaining == 2
    assert "Cleared the stop of user ann" in operator.does("unblock", "ann")
    assert service.call("ann").remaining == 2


@pytest.mark.parametrize("uid", HARD_UIDS)
def test_every_uid_can_be_blocked_seen_and_unblocked(operator: Operator, service: Service, uid: str) -> None:
    assert f"Stopped user {uid} " in operator.does("block", uid)
    with pytest.raises(UserBlocked):
        service.call(uid)
    for other in HARD_UIDS:
        if other != uid:
            service.call(other)
    assert f"user {uid} " in operator.does("status")
    operator.does("unblock", uid)
    assert service.call(uid).remaining == 2


def test_a_uid_that_begins_with_a_dash_follows_two_dashes(operator: Operator, service: Service) -> None:
    operator.does("block", "--message", "No.", "--", "-ann")
    with pytest.raises(UserBlocked):
        service.call("-ann")


def test_a_stop_ends_by_itself_after_its_time(operator: Operator, service: Service) -> None:
    operator.does("pause", "--for", "2h")
    assert service.call(later=timedelta(hours=3)).remaining == 2


@pytest.mark.parametrize("typed", ["2999-01-01T00:00:00+01:00", "2998-12-31t23:00:00.000z"])
def test_the_end_may_be_typed_with_any_offset_and_is_shown_in_utc(
    operator: Operator, service: Service, documents: Client, typed: str
) -> None:
    assert "until 2998-12-31 23:00:00 UTC" in operator.does("block", "ann", "--until", typed)
    assert "2998-12-31 23:00:00 UTC" in operator.does("status")
    stored = documents.collection(SWITCHES).document(user_switch("ann")).get().to_dict()
    assert stored == {"until": datetime(2998, 12, 31, 23, tzinfo=UTC)}


def test_an_end_in_the_past_is_refused_and_changes_nothing(operator: Operator, service: Service) -> None:
    answer = operator.types("pause", "--until", "2026-01-01T00:00:00Z")
    assert answer.code == 2
    assert "2026-01-01 00:00:00 UTC has passed" in answer.err
    assert answer.out == ""
    service.call()


def test_a_switch_whose_end_has_passed_stops_nothing(operator: Operator, service: Service, documents: Client) -> None:
    past = datetime(2026, 1, 1, tzinfo=UTC)
    for switch in (SERVICE_SWITCH, profile_switch("default"), user_switch("ann")):
        documents.collection(SWITCHES).document(switch).set({"until": past, "message": "Over."})
    assert service.call("ann").remaining == 2
    told = operator.does("status")
    assert "0 switches stop calls" in told
    assert told.count("ended") == 3
    assert told.count("2026-01-01 00:00:00 UTC") == 3


def test_a_second_stop_replaces_the_first_one_altogether(
    operator: Operator, service: Service, documents: Client
) -> None:
    operator.does("pause", "--message", "Back at six.", "--for", "2h")
    assert "in place of what stopped it before" in operator.does("pause", "--message", "Back tomorrow.")
    assert documents.collection(SWITCHES).document(SERVICE_SWITCH).get().to_dict() == {"message": "Back tomorrow."}


@pytest.mark.parametrize("command", [("resume",), ("resume", "--profile", "tutor"), ("unblock", "ann")])
def test_clearing_what_is_not_set_says_so_and_is_no_error(
    operator: Operator, service: Service, command: tuple[str, ...]
) -> None:
    assert "Nothing stopped " in operator.does(*command)


def test_the_database_that_is_named_is_the_one_that_stops(operator: Operator, service: Service) -> None:
    operator.does("--database", "other", "pause")
    service.call()
    with pytest.raises(ServicePaused):
        Service(service.project, "other").call()
    assert operator.types("status").rows() == []
    assert "1 switch stops calls" in operator.does("status", "--database", "other")


def test_the_project_that_is_named_goes_before_the_one_of_the_environment(operator: Operator, service: Service) -> None:
    answer = operator.types("pause", "--project", "another-app")
    assert "Talking to project another-app, database live-tokens, in the emulator at " in answer.err
    service.call()


def test_the_program_stops_the_service_as_well(operator: Operator, service: Service) -> None:
    answer = operator.types_in_a_shell("pause", "--message", "Zurück um sechs.")
    assert (answer.code, answer.out.split(".")[0]) == (0, "Stopped the whole service until you clear it with `resume`")
    assert answer.err.splitlines()[1:] == []
    with pytest.raises(ServicePaused) as refused:
        service.call()
    assert refused.value.message == "Zurück um sechs."
