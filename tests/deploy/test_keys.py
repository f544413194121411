"""What can be a Gemini API key, what people paste instead, and where a key comes from."""

import os
import secrets
from pathlib import Path

import pytest

from deploy.scripted import ScriptedOperator, ScriptedPrograms
from live_tokens_deploy.down import Down
from live_tokens_deploy.errors import DeclinedError, MisuseError
from live_tokens_deploy.gemini_key import GeminiKey, NotAKeyError
from live_tokens_deploy.prerequisites import Prerequisites
from live_tokens_deploy.programs import Finished, LocalPrograms
from live_tokens_deploy.stored_key import StoredKey
from live_tokens_deploy.up import Up

PROJECT = "my-app-1a2b"
SECRET = f"projects/{PROJECT}/secrets/gemini-api-key"
NEW_KIND = "AQ." + secrets.token_urlsafe(30)
OLD_KIND = "AIza" + secrets.token_urlsafe(26)


def store(operator: ScriptedOperator, environment: dict[str, str], *, there: bool, replace: bool) -> list[str]:
    """Provide a key, and return what was stored."""
    versions = Finished(0, "1\n" if there else "")
    programs = ScriptedPrograms(
        {"gcloud secrets versions list": [versions], "gcloud secrets versions add": [Finished(0)]}
    )
    StoredKey(programs, operator, environment, SECRET, PROJECT).provide(replace=replace)
    return [stdin for line, stdin in programs.lines if line.startswith("gcloud secrets versions add")]


@pytest.mark.parametrize("typed", [NEW_KIND, OLD_KIND, f"  {NEW_KIND}\n"], ids=["new kind", "old kind", "with space"])
def test_both_kinds_of_key_are_taken_without_the_white_space_around_them(typed: str) -> None:
    assert GeminiKey.read(typed).value == typed.strip()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Nothing was given."),
        (" \n", "Nothing was given."),
        ("AIzaMade UpKeyForTheTests_12345678", "There are spaces or line ends in it."),
        ("AQ.made-up-key-for-the-tests\n1234567890", "There are spaces or line ends in it."),
        ('{"type": "service_account", "private_key": "x"}', "This is JSON"),
        ("ya29.made-up-token-of-somebody-1234567890", "This is an OAuth access token"),
        ("auth_tokens/made-up-token-1234567890", "This is an ephemeral token"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2ln", "This is a JWT"),
        ("-----BEGIN PRIVATE KEY-----", "This is a private key"),
        ("made-up-password", "This does not look like a Gemini API key."),
        ("AQ.short", "This does not look like a Gemini API key."),
        ("AIzaMadeUpKeyForTheTests_“1234567890”", "This does not look like a Gemini API key."),
    ],
)
def test_what_cannot_be_a_key_is_told_apart_and_not_repeated(typed: str, said: str) -> None:
    with pytest.raises(NotAKeyError) as refused:
        GeminiKey.read(typed)
    assert str(refused.value).startswith(said)
    assert not typed.strip() or typed.strip() not in str(refused.value)


def test_a_key_does_not_appear_in_its_repr() -> None:
    assert NEW_KIND not in repr(GeminiKey.read(NEW_KIND))


def test_what_a_program_answers_does_not_appear_in_its_repr() -> None:
    assert "ya29." not in repr(Finished(0, "ya29.made-up-token"))


def test_a_key_in_the_environment_does_not_appear_in_the_repr_of_whoever_has_that() -> None:
    environment, programs, operator = {"GEMINI_API_KEY": NEW_KIND}, ScriptedPrograms(), ScriptedOperator()
    module = Path("infra")
    assert NEW_KIND not in repr(StoredKey(programs, operator, environment, SECRET, PROJECT))
    assert NEW_KIND not in repr(Prerequisites(programs, environment, PROJECT))
    assert NEW_KIND not in repr(Up(programs, operator, environment, module, colour=False))
    assert NEW_KIND not in repr(Down(programs, operator, environment, module, colour=False))


def test_the_project_answers_for_the_calls_whichever_one_gcloud_is_set_to() -> None:
    programs = ScriptedPrograms({"gcloud secrets versions": [Finished(0, "")]})
    StoredKey(programs, ScriptedOperator([NEW_KIND]), {}, SECRET, PROJECT).provide(replace=False)
    assert len(programs.lines) == 2
    assert [line for line, _ in programs.lines if f" --project={PROJECT} " not in line] == []


def test_only_terraform_gets_the_variable_that_carries_the_key(capfd: pytest.CaptureFixture[str]) -> None:
    environment = {"TF_VAR_gemini_api_key": NEW_KIND, "GEMINI_API_KEY": NEW_KIND, "PATH": os.environ["PATH"]}
    programs = LocalPrograms(environment)
    assert NEW_KIND not in programs.ask(["env"]).out
    programs.show(["env"])
    assert NEW_KIND not in capfd.readouterr().out


def test_a_key_that_is_there_is_kept_though_the_environment_has_another() -> None:
    operator = ScriptedOperator()
    assert store(operator, {"GEMINI_API_KEY": NEW_KIND}, there=True, replace=False) == []
    assert "kept. To replace it, add NEW_KEY=1" in operator.told[0]


def test_a_key_that_is_there_is_replaced_on_demand() -> None:
    assert store(ScriptedOperator([OLD_KIND]), {}, there=True, replace=True) == [OLD_KIND]


def test_a_key_is_asked_for_three_times_and_no_more() -> None:
    operator = ScriptedOperator(["", "ya29.token-token-token", "x", NEW_KIND])
    with pytest.raises(DeclinedError, match=r"No key was given\. All else is there\."):
        store(operator, {}, there=False, replace=False)
    assert operator.types == [NEW_KIND]


def test_what_is_no_key_in_the_environment_stops_without_a_question() -> None:
    operator = ScriptedOperator([NEW_KIND])
    with pytest.raises(MisuseError, match="GEMINI_API_KEY: This is JSON"):
        store(operator, {"GEMINI_API_KEY": "{}"}, there=False, replace=False)
    assert operator.told == []


def test_without_a_terminal_and_a_variable_it_is_said_where_the_key_may_come_from() -> None:
    with pytest.raises(DeclinedError, match="Put the key into GEMINI_API_KEY, or run this in a terminal"):
        store(ScriptedOperator(present=False), {}, there=False, replace=False)
