"""The local stack itself: what it says when it cannot start, and what it leaves behind."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from integration.sdks.firebase_app import FirebaseApp, Outcome, call, sign_up
from integration.sdks.live_client import Session, open_websocket
from stack import API_KEY, LocalStack, Ports, StackError, StackOptions
from support.sdks.node_scripts import NodeScripts

HOST = "127.0.0.1"


@dataclass
class Groups:
    """The process groups of a stack, noted while it starts."""

    stack: LocalStack | None = None
    ids: frozenset[int] = frozenset()

    def note(self, _waiting_for: str) -> None:
        assert self.stack is not None
        # A program of the stack leads a group of its own, whose id is its process id.
        self.ids |= {process.pid for process in self.stack.processes if process.pid is not None}

    def left(self) -> set[int]:
        """Groups in which a process is still there; it is ended. Who was killed may take a moment to be gone."""
        deadline = time.monotonic() + 10
        while (left := {group for group in self.ids if _exists(group)}) and time.monotonic() < deadline:
            time.sleep(0.05)
        for group in left:
            os.killpg(group, signal.SIGKILL)
        return left


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@dataclass(frozen=True)
class SecondRun:
    """What a stack did that ran beside the first, and has stopped since."""

    live_token: Outcome
    opened_here: Session
    opened_at_the_first: Session
    strangers_error: Outcome
    groups: Groups


@pytest.fixture(scope="module")
def second_run(scripts: NodeScripts, app: FirebaseApp, run_directory: Path) -> SecondRun:
    groups = Groups()
    second = LocalStack(StackOptions(run_directory=run_directory / "second"), progress=groups.note)
    groups.stack = second
    with second:
        beside = FirebaseApp(scripts, second)
        live_token = beside.live_token_without_sdk()
        opened_at_the_first = open_websocket(
            scripts,
            live_token,
            url=live_token["websocketUrl"].replace(second.gemini_host, app.stack.gemini_host),
            stay=True,
        )
        opened_here = open_websocket(scripts, live_token)
        strangers_error = app.error(sign_up(), call(), function_url=second.function_url)
    return SecondRun(live_token, opened_here, opened_at_the_first, strangers_error, groups)


def test_two_stacks_work_side_by_side(second_run: SecondRun) -> None:
    assert second_run.opened_here.opened


def test_two_stacks_have_nothing_in_common(second_run: SecondRun) -> None:
    assert not second_run.opened_at_the_first.opened
    assert second_run.strangers_error["details"]["reason"] == "ID_TOKEN_REVOKED", "it does not know the other's users"


def test_a_stack_that_has_stopped_leaves_no_process_behind(second_run: SecondRun) -> None:
    assert len(second_run.groups.ids) == 4
    assert second_run.groups.left() == set()


def test_the_first_stack_goes_on_when_the_second_has_stopped(second_run: SecondRun, app: FirebaseApp) -> None:
    assert app.live_token_without_sdk()["token"]


def test_a_start_that_fails_says_why_and_leaves_no_process_behind(tmp_path: Path) -> None:
    groups = Groups()
    options = StackOptions(run_directory=tmp_path, function_environment={"GEMINI_API_VERSION": "v9"})
    groups.stack = LocalStack(options, progress=groups.note)

    with pytest.raises(StackError, match=r"(?s)The function stopped while starting.*GEMINI_API_VERSION must be"):
        groups.stack.__enter__()

    assert len(groups.ids) == 4
    assert groups.left() == set()


def test_the_api_key_is_handed_out_on_this_machine_only(tmp_path: Path) -> None:
    """Listening for a phone must not give a real key to the network; the start fails once the programs are chosen."""
    in_the_network = "127.0.0.2"
    options = StackOptions(tmp_path, host=in_the_network, function_environment={"GEMINI_API_VERSION": "v9"})
    stack = LocalStack(options)
    with pytest.raises(StackError):
        stack.__enter__()

    hosts = {
        process.name: process.command[process.command.index("--host") + 1]
        for process in stack.processes
        if "--host" in process.command
    }
    assert hosts == {
        "Secret Manager stand-in": HOST,
        "function": in_the_network,
        "Gemini stand-in": in_the_network,
    }
    assert API_KEY not in repr(stack.processes)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("field", "variable"),
    [
        ("function", "FUNCTION_PORT"),
        ("auth", "AUTH_PORT"),
        ("gemini", "GEMINI_PORT"),
        ("secret_manager", "SECRET_MANAGER_PORT"),
    ],
)
def test_a_taken_port_is_named_with_the_variable_that_chooses_another(
    tmp_path: Path, taken_port: int, field: str, variable: str
) -> None:
    chosen: dict[str, Any] = {field: taken_port}
    stack = LocalStack(StackOptions(run_directory=tmp_path, ports=replace(Ports.free(HOST), **chosen)))

    with pytest.raises(StackError, match=rf"Port {taken_port} .* is in use .*make stack {variable}=\d+"):
        stack.__enter__()

    assert stack.processes == []


def test_a_missing_node_is_named_with_the_place_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(StackError, match=r"Node is missing\. .*needs Node 20 or newer: https://nodejs\.org"):
        LocalStack(StackOptions(run_directory=tmp_path)).__enter__()
