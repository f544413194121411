"""A profile with leases and one session at a time, and one session held over several leases."""

from collections.abc import Callable

import pytest

from operations.smoke.made_up_service import (
    ANSWER,
    SETUP_COMPLETE,
    Faults,
    InTurn,
    Json,
    Script,
    id_token,
    run_service,
)
from support.smoke_program import Outcome, smoke

LEASE_SECONDS = 90
HANDLE = [b'{"sessionResumptionUpdate": {"resumable": true, "newHandle": "handle-of-the-test"}}']
HERON = [b'{"serverContent": {"outputTranscription": {"text": "Heron."}, "turnComplete": true}}']
SPENT = Script([], close=(1011, "Token has been used too many times"))
FIRST_CONNECTIONS = (Script(SETUP_COMPLETE, ANSWER), SPENT, Script(SETUP_COMPLETE))
"""Those of the checks that are always made."""


def outcome_of(faults: Faults, *arguments: str) -> Outcome:
    with run_service(faults) as url:
        return smoke(url, "--timeout", "3", *arguments, environment={"ID_TOKEN": id_token()})


def session_with(**changes: object) -> Callable[[Json], Json]:
    return lambda result: {**result, "session": {**result["session"], **changes}}


def changed_from_the(number: int, change: Callable[[Json], Json]) -> Callable[[Json], Json]:
    """Change the answer with the token of this number, and those after it."""
    answers = iter(range(1, 1000))
    return lambda result: change(result) if next(answers) >= number else result


def test_one_session_at_a_time_is_enough_because_each_is_ended() -> None:
    outcome = outcome_of(Faults(lease_seconds=LEASE_SECONDS), "--observations")

    assert (outcome.code, outcome.bad) == (0, [])
    assert "The session ends when the app says so" in outcome.good
    assert not [answer for answer in outcome.observations.values() if "TOO_MANY_SESSIONS" in answer]


def test_the_session_of_a_run_is_open_for_no_later_one() -> None:
    with run_service(Faults(lease_seconds=LEASE_SECONDS)) as url:
        runs = [smoke(url, "--timeout", "3", environment={"ID_TOKEN": id_token()}) for _ in range(2)]

    assert [run.bad for run in runs] == [[], []]


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (Faults(lease_seconds=LEASE_SECONDS, takes_end=False), "The function did not end the session that it began"),
        (Faults(lease_seconds=LEASE_SECONDS, takes_end=False), "429 TOO_MANY_SESSIONS"),
        *(
            (Faults(lease_seconds=LEASE_SECONDS, result=change), words)
            for change, words in (
                (session_with(id=""), "`session` is wrong"),
                (session_with(leaseSeconds="90"), "`session` is wrong"),
                (session_with(renewAfter=None), "`session` is wrong"),
                (session_with(endsAt="2020-01-01T00:00:00Z"), "are not in this order"),
                (session_with(renewAfter="2090-01-01T00:00:00Z"), "are not in this order"),
            )
        ),
    ],
)
def test_a_fault_in_sessions_fails_the_run(faults: Faults, words: str) -> None:
    outcome = outcome_of(faults)

    assert outcome.code == 1
    assert any(words in line for line in outcome.bad), outcome.out


def test_a_session_is_held_over_its_leases() -> None:
    remembering = [Script(SETUP_COMPLETE, HERON + HANDLE) for _ in range(3)]
    faults = Faults(lease_seconds=LEASE_SECONDS, gemini=InTurn(*FIRST_CONNECTIONS, *remembering))

    outcome = outcome_of(faults, "--leases", "3")

    assert (outcome.code, outcome.bad) == (0, [])
    assert [line for line in outcome.good if line.startswith("Lease ")] == [
        f"Lease {number} of 3: Gemini answers “Heron.”" for number in (1, 2, 3)
    ]
    assert outcome.observations == {
        "The context of a session over 3 leases": "kept: Gemini remembered the word in each"
    }
    assert f"They granted {5 * LEASE_SECONDS / 60:.1f} minutes." in outcome.out


def test_a_session_that_forgets_is_said_to_forget() -> None:
    forgetful = [Script(SETUP_COMPLETE, ANSWER + HANDLE) for _ in range(2)]
    faults = Faults(lease_seconds=LEASE_SECONDS, gemini=InTurn(*FIRST_CONNECTIONS, *forgetful))

    outcome = outcome_of(faults, "--leases", "2")

    assert outcome.observations["The context of a session over 2 leases"].startswith("not kept")


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (Faults(), "the profile has no leases"),
        (
            Faults(lease_seconds=LEASE_SECONDS, result=session_with(renewAfter=None, renewBefore=None)),
            "the session ends with this lease",
        ),
        (Faults(lease_seconds=1000), "with leases of 1000 s it takes 1016 s, and the run ends in"),
        (
            Faults(lease_seconds=LEASE_SECONDS, result=changed_from_the(4, session_with(id="another"))),
            "is of another session",
        ),
        (
            Faults(lease_seconds=LEASE_SECONDS, renews=False),
            "got no further lease",
        ),
        (
            Faults(lease_seconds=LEASE_SECONDS, result=changed_from_the(4, session_with(leaseSeconds=30))),
            "does not begin where the last one ends, but 60 s after it",
        ),
        (
            Faults(lease_seconds=LEASE_SECONDS, tokens=(3, 429, "MINUTES_EXCEEDED")),
            "A lease was not granted: 429 MINUTES_EXCEEDED",
        ),
        (
            Faults(
                lease_seconds=LEASE_SECONDS,
                gemini=InTurn(
                    *FIRST_CONNECTIONS,
                    Script(SETUP_COMPLETE, ANSWER + HANDLE),
                    Script([], close=(1008, "BidiGenerateContent session not found")),
                ),
            ),
            "The session did not outlast its leases: 1008 BidiGenerateContent session not found",
        ),
    ],
)
def test_a_session_that_does_not_outlast_its_leases_fails_the_run(faults: Faults, words: str) -> None:
    outcome = outcome_of(faults, "--leases", "3")

    assert outcome.code == 1
    assert any(words in line for line in outcome.bad), outcome.out


@pytest.mark.parametrize(
    ("faults", "answer"),
    [
        (Faults(lease_seconds=LEASE_SECONDS), "200 × 5, in "),
        (Faults(), "200 × 5, in "),
        (
            Faults(lease_seconds=LEASE_SECONDS, tokens=(4, 503, "GEMINI_RATE_LIMITED")),
            "200 × 2, 503 GEMINI_RATE_LIMITED × 3, in ",
        ),
        (Faults(tokens=(4, 429, "HOURLY_QUOTA_EXCEEDED")), "200 × 2, 429 HOURLY_QUOTA_EXCEEDED × 1, in "),
    ],
)
def test_the_answers_to_mints_in_a_row_are_counted_and_fail_nothing(faults: Faults, answer: str) -> None:
    outcome = outcome_of(faults, "--mints", "5")

    assert (outcome.code, outcome.bad) == (0, [])
    counted = outcome.observations["5 live tokens in a row"]
    assert counted.startswith(answer)
    assert counted.endswith("The quota of the profile ended before the other 2") == ("QUOTA" in answer)


def test_the_minutes_of_a_lease_count_once_however_many_tokens_it_has() -> None:
    outcome = outcome_of(Faults(lease_seconds=LEASE_SECONDS, renews=False), "--mints", "5")

    assert "The run took 7 live tokens of the profile's quota." in outcome.out
    assert f"They granted {2 * LEASE_SECONDS / 60:.1f} minutes." in outcome.out


def test_a_connection_that_gemini_ends_early_is_replaced_within_its_lease() -> None:
    leaving = Script(SETUP_COMPLETE, ANSWER + HANDLE + [b'{"goAway": {"timeLeft": "50s"}}'])
    faults = Faults(
        lease_seconds=LEASE_SECONDS, renews=False, gemini=InTurn(*FIRST_CONNECTIONS, leaving, Script(SETUP_COMPLETE))
    )

    outcome = outcome_of(faults, "--leases", "2")

    assert "The run took 5 live tokens" in outcome.out, "one for each of two checks, and the lease's three"
    assert any("got no further lease" in line for line in outcome.bad)
