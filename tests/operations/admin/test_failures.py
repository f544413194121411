"""What is typed wrong ends with 2, what Firestore does not do ends with 1, and both say so in words."""

import contextlib
import os
import socket
from argparse import ArgumentTypeError
from collections.abc import Iterator

import grpc  # type: ignore[import-untyped]
import pytest

from live_tokens.errors import ProfileNotAllowed, UnknownProfile
from live_tokens.issuing import Caller
from live_tokens.profiles import LoadedProfiles
from live_tokens_operations.admin.values import profile
from operations.admin.failing_firestore import failing_firestore
from operations.admin.operator_and_service import Operator

ROLE = "roles/datastore.user"


@pytest.fixture
def named(bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project, and an emulator's address at which nothing could answer: what is typed wrong goes nowhere."""
    monkeypatch.setenv("FIREBASE_PROJECT_ID", "my-app")
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")


@pytest.fixture
def nobody() -> Iterator[str]:
    """A `host:port` at which connections are refused."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "COMMAND"),
        (["stop"], "stop"),
        (["status", "ann", "bob"], "bob"),
        (["status", ""], "''"),
        (["block"], "UID"),
        (["block", ""], "''"),
        (["block", "x" * 129], "128"),
        (["block", "not-utf-8-\udcff"], "user id"),
        (["unblock"], "UID"),
        (["reset"], "UID"),
        (["unblock", "ann", "--message", "x"], "--message"),
        (["resume", "--for", "2h"], "--for"),
        (["pause", "--profile", "Tutor"], "Tutor"),
        (["pause", "--profile", ""], "--profile"),
        (["pause", "--profile", "a/b"], "a/b"),
        (["pause", "--message", ""], "--message"),
        (["pause", "--message", " "], "--message"),
        (["pause", "--message", "two\nlines"], "one line"),
        (["pause", "--message", "\x1b[2J"], "one line"),
        (["pause", "--message", "x" * 501], "500"),
        (["pause", "--for", "2h", "--until", "2999-01-01T00:00:00Z"], "not allowed with"),
        *(
            (["pause", f"--for={text}"], "90s")
            for text in ("", "2", "h", "0s", "-1h", "1.5h", "2 h", "2H", "1h30m", "٣h")
        ),
        (["pause", "--for", "9999999d"], "90s"),
        *(
            (["pause", "--until", text], "2026-11-30T18:00:00Z")
            for text in (
                *("", "tomorrow", "18:00", "2999-01-01", "2999-01-01T00:00:00", "2999-01-01T00:00Z"),
                *("2999-02-30T00:00:00Z", "2999-01-01T25:00:00Z", "2999-01-01T00:00:00+1:00", "20990101T000000Z"),
                *("2999-01-01T00:00:00+99:99", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"),
            )
        ),
        *((["heaviest", "--limit", text], "--limit") for text in ("0", "-1", "many", "1.5")),
        *((["status", "--timeout", text], "--timeout") for text in ("0", "-1", "soon", "nan")),
        (["status", "--project", ""], "--project"),
        (["status", "--project", "a/b"], "a/b"),
        (["status", "--project", "My App"], "My App"),
        (["status", "--database", "a/b"], "a/b"),
        (["--proj", "my-app", "block"], "UID"),
    ],
)
def test_what_is_typed_wrong_is_named_and_nothing_is_done(
    operator: Operator, named: None, arguments: list[str], word: str
) -> None:
    answer = operator.types(*arguments)
    assert answer.code == 2
    assert word in answer.err
    assert "usage: live-tokens admin" in answer.err
    assert answer.out == ""


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FIREBASE_PROJECT_ID", "a/b"),
        ("FIRESTORE_DATABASE", "a/b"),
        ("FIRESTORE_EMULATOR_HOST", ""),
        ("FIRESTORE_EMULATOR_HOST", "http://127.0.0.1:8080"),
    ],
)
def test_a_variable_that_makes_no_sense_is_named(
    operator: Operator, named: None, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    answer = operator.types("status")
    assert answer.code == 2
    assert answer.err.startswith(variable)


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_project_the_operator_is_asked_for_one(
    operator: Operator, named: None, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("FIREBASE_PROJECT_ID")
    if value is not None:
        monkeypatch.setenv("FIREBASE_PROJECT_ID", value)
    answer = operator.types("status")
    assert answer.code == 2
    assert "--project" in answer.err
    assert "FIREBASE_PROJECT_ID" in answer.err


@pytest.mark.parametrize(
    "name", ["a", "0", "tutor-2", "a" * 63, "a" * 64, "", "-a", "A", "a_b", "a.b", "a/b", "a\n", "é"]
)
def test_a_profile_may_be_named_as_the_service_allows_and_not_otherwise(name: str) -> None:
    with pytest.raises((UnknownProfile, ProfileNotAllowed)) as refused:
        LoadedProfiles({}).for_caller(name, Caller("ann", "password"))
    impossible = isinstance(refused.value, UnknownProfile)
    with pytest.raises(ArgumentTypeError) if impossible else contextlib.nullcontext():
        assert profile(name) == name


EVERY_COMMAND = [
    ["status"],
    ["status", "ann"],
    ["pause"],
    ["resume"],
    ["block", "ann"],
    ["unblock", "ann"],
    ["heaviest"],
    ["reset", "ann"],
]


@pytest.mark.parametrize("arguments", EVERY_COMMAND, ids=" ".join)
def test_a_firestore_that_is_not_there_is_said_in_one_line(
    operator: Operator, named: None, nobody: str, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", nobody)
    answer = operator.types(*arguments)
    assert answer.code == 1
    assert answer.out == ""
    _, said = answer.err.splitlines()
    assert said.startswith("Firestore cannot be reached")
    assert nobody in said
    assert ROLE in said


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, "refuses this account"),
        (grpc.StatusCode.UNAUTHENTICATED, "refuses the credentials"),
        (grpc.StatusCode.NOT_FOUND, "no such project or database"),
        (grpc.StatusCode.INVALID_ARGUMENT, "refuses the call"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "refuses the call"),
    ],
)
@pytest.mark.parametrize("arguments", [["status"], ["block", "ann"]], ids=" ".join)
def test_a_firestore_that_refuses_is_said_in_one_line_without_its_own_words(
    operator: Operator,
    named: None,
    monkeypatch: pytest.MonkeyPatch,
    status: grpc.StatusCode,
    words: str,
    arguments: list[str],
) -> None:
    with failing_firestore(status) as host:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        answer = operator.types(*arguments)
    assert answer.code == 1
    assert answer.out == ""
    _, said = answer.err.splitlines()
    assert words in said
    assert "project my-app" in said
    assert ROLE in said
    assert "ya29" not in said


@pytest.mark.parametrize("status", [grpc.StatusCode.UNAVAILABLE, None])
def test_a_list_that_breaks_off_half_way_is_no_list(
    operator: Operator, named: None, monkeypatch: pytest.MonkeyPatch, status: grpc.StatusCode | None
) -> None:
    with failing_firestore(status, documents=2) as host:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        answer = operator.types("heaviest", "--timeout", "0.5")
    assert (answer.code, answer.out) == (1, "")


@pytest.mark.parametrize("arguments", EVERY_COMMAND, ids=" ".join)
def test_a_firestore_that_never_answers_is_not_waited_for(
    operator: Operator, named: None, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    with failing_firestore(None) as host:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        answer = operator.types(*arguments, "--timeout", "0.2")
    assert (answer.code, answer.out) == (1, "")
    assert "did not answer in time" in answer.err


def test_the_program_fails_without_a_traceback(operator: Operator, nobody: str) -> None:
    environment = {"PATH": os.environ["PATH"], "FIREBASE_PROJECT_ID": "my-app", "FIRESTORE_EMULATOR_HOST": nobody}
    answer = operator.types_in_a_shell("status", environment=environment)
    assert answer.code == 1
    assert answer.out == ""
    assert len(answer.err.splitlines()) == 2
    assert ROLE in answer.err


def test_without_credentials_the_program_says_how_to_get_some(
    operator: Operator, tmp_path_factory: pytest.TempPathFactory
) -> None:
    missing = str(tmp_path_factory.mktemp("nothing") / "credentials.json")
    environment = {"PATH": os.environ["PATH"], "GOOGLE_APPLICATION_CREDENTIALS": missing}
    answer = operator.types_in_a_shell("--project", "my-app", "status", environment=environment)
    assert answer.code == 1
    assert "at Google" in answer.err.splitlines()[0]
    assert "gcloud auth application-default login" in answer.err.splitlines()[1]
    assert ROLE in answer.err.splitlines()[1]
    assert len(answer.err.splitlines()) == 2
