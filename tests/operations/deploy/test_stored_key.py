"""Where a Gemini API key comes from, and what becomes of it."""

import os
import secrets
from pathlib import Path

import pytest

from live_tokens_operations.deploy.deployment import Deploy
from live_tokens_operations.deploy.destruction import Destroy
from live_tokens_operations.deploy.errors import DeclinedError, MisuseError, UnansweredError
from live_tokens_operations.deploy.prerequisites import Prerequisites
from live_tokens_operations.deploy.stored_key import StoredKey
from live_tokens_operations.google.gemini_key import GeminiKey, Refused
from live_tokens_operations.google.look import Found, Look, Missing, Unseen
from live_tokens_operations.programs import Finished, LocalPrograms
from operations.deploy.scripted import ScriptedGoogle, ScriptedOperator, ScriptedPrograms

PROJECT = "my-app-1a2b"
SECRET = f"projects/{PROJECT}/secrets/gemini-api-key"
NEW_KIND = "AQ." + secrets.token_urlsafe(30)
OLD_KIND = "AIza" + secrets.token_urlsafe(26)


ABSENT = Missing("NOT_FOUND")
ENABLED = Found({"state": "ENABLED"})
REFUSED = Refused("the key was reported as leaked, and is dead")


def google(newest: Look) -> ScriptedGoogle:
    """Return a Google with a newest version of the secret."""
    return ScriptedGoogle({"secretmanager.googleapis.com": newest})


def store(
    operator: ScriptedOperator,
    environment: dict[str, str],
    *,
    newest: Look = ABSENT,
    replace: bool = False,
    replies: tuple[Look | Refused, ...] = (),
) -> list[str]:
    """Provide a key, and return what was stored. Gemini gives these replies, and then takes every key."""
    programs = ScriptedPrograms({"gcloud secrets versions add": [Finished(0)]})
    waiting = list(replies)

    def ask(_key: GeminiKey) -> Look | Refused:
        return waiting.pop(0) if waiting else Found({})

    StoredKey(programs, google(newest), operator, environment, SECRET, PROJECT, ask).provide(replace=replace)
    return [stdin for line, stdin in programs.lines if line.startswith("gcloud secrets versions add")]


def test_what_a_program_answers_does_not_appear_in_its_repr() -> None:
    assert "ya29." not in repr(Finished(0, "ya29.made-up-token"))


def test_a_key_in_the_environment_does_not_appear_in_the_repr_of_whoever_has_that() -> None:
    environment, programs, operator = {"GEMINI_API_KEY": NEW_KIND}, ScriptedPrograms(), ScriptedOperator()
    module = Path("infra")
    assert NEW_KIND not in repr(StoredKey(programs, google(ABSENT), operator, environment, SECRET, PROJECT))
    assert NEW_KIND not in repr(Prerequisites(programs, environment, PROJECT))
    assert NEW_KIND not in repr(Deploy(programs, operator, environment, module, colour=False))
    assert NEW_KIND not in repr(Destroy(programs, operator, environment, module, colour=False))


def test_the_project_answers_for_the_calls_whichever_one_gcloud_is_set_to() -> None:
    programs, operator = ScriptedPrograms({"gcloud secrets versions": [Finished(0, "")]}), ScriptedOperator([NEW_KIND])
    StoredKey(programs, google(ABSENT), operator, {}, SECRET, PROJECT, lambda _: Found({})).provide(replace=False)
    assert len(programs.lines) == 1  # what only looks is no command line of gcloud
    assert [line for line, _ in programs.lines if f" --project={PROJECT} " not in line] == []


def test_only_terraform_gets_the_variable_that_carries_the_key(capfd: pytest.CaptureFixture[str]) -> None:
    environment = {"TF_VAR_gemini_api_key": NEW_KIND, "GEMINI_API_KEY": NEW_KIND, "PATH": os.environ["PATH"]}
    programs = LocalPrograms(environment)
    assert NEW_KIND not in programs.ask(["env"]).out
    programs.show(["env"])
    assert NEW_KIND not in capfd.readouterr().out


def test_a_key_that_is_there_is_kept_though_the_environment_has_another() -> None:
    operator = ScriptedOperator()
    assert store(operator, {"GEMINI_API_KEY": NEW_KIND}, newest=ENABLED) == []
    assert "It is kept. To replace it, add NEW_KEY=1" in operator.told[0]


def test_a_key_that_is_there_is_replaced_on_demand() -> None:
    assert store(ScriptedOperator([OLD_KIND]), {}, newest=ENABLED, replace=True) == [OLD_KIND]


def test_a_key_is_asked_for_three_times_and_no_more() -> None:
    operator = ScriptedOperator(["", "ya29.token-token-token", OLD_KIND, NEW_KIND])
    with pytest.raises(DeclinedError, match=r"No key was entered\. Everything else is deployed\."):
        store(operator, {}, replies=(REFUSED,))
    assert operator.types == [NEW_KIND]


def test_what_is_no_key_in_the_environment_stops_without_a_question() -> None:
    operator = ScriptedOperator([NEW_KIND])
    with pytest.raises(MisuseError, match="GEMINI_API_KEY: This is not a key, but JSON"):
        store(operator, {"GEMINI_API_KEY": "{}"})
    assert operator.told == []


@pytest.mark.parametrize(
    ("wrapped", "fault"),
    [
        ('"{}"', "This has quotes around it"),
        ("export GEMINI_API_KEY={}", "This is a line of an .env file"),
        ("\ufeff{}", "This begins with a byte order mark"),
    ],
)
def test_a_key_with_what_was_copied_along_is_not_stored_and_not_repeated(wrapped: str, fault: str) -> None:
    typed = wrapped.format(NEW_KIND)
    operator = ScriptedOperator([typed, NEW_KIND])
    assert store(operator, {}) == [NEW_KIND]
    assert operator.told[1].startswith(fault)
    with pytest.raises(MisuseError, match=fault) as refused:
        store(ScriptedOperator(), {"GEMINI_API_KEY": typed})
    assert NEW_KIND not in f"{operator.told} {refused.value}"


def test_without_a_terminal_and_a_variable_it_is_said_where_the_key_may_come_from() -> None:
    with pytest.raises(DeclinedError, match="Set GEMINI_API_KEY to the key, or run this in a terminal"):
        store(ScriptedOperator(interactive=False), {})


def test_a_key_that_gemini_refuses_is_told_why_and_another_is_asked_for() -> None:
    operator = ScriptedOperator([OLD_KIND, NEW_KIND])
    assert store(operator, {}, replies=(REFUSED,)) == [NEW_KIND]
    assert operator.told[1].startswith("Gemini: the key was reported as leaked, and is dead.")


def test_a_key_in_the_environment_that_gemini_refuses_stops_without_a_question() -> None:
    operator = ScriptedOperator([NEW_KIND])
    with pytest.raises(MisuseError, match="GEMINI_API_KEY: Gemini: the key was reported as leaked"):
        store(operator, {"GEMINI_API_KEY": OLD_KIND}, replies=(REFUSED,))
    assert operator.types == [NEW_KIND]


@pytest.mark.parametrize("reply", [Unseen("it did not answer within 20 s"), Unseen("the quota is used up", status=429)])
def test_a_gemini_that_says_nothing_of_the_key_does_not_keep_it_from_being_stored(reply: Look) -> None:
    operator = ScriptedOperator([NEW_KIND])
    assert store(operator, {}, replies=(reply,)) == [NEW_KIND]
    assert "The key is stored without a test, because Gemini did not answer: " in operator.told[1]


def test_a_look_at_the_secret_that_fails_is_no_sign_of_an_empty_one() -> None:
    with pytest.raises(UnansweredError, match="was not checked: needs role"):
        store(ScriptedOperator([NEW_KIND]), {}, newest=Unseen("needs role roles/secretmanager.viewer"))
