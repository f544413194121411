"""The function as it is deployed: the unmodified `main.py`, run by functions-framework in a process of its own."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

import requests

from support.google_hosts.ledger import Ledger

FUNCTIONS = Path(__file__).parents[3] / "functions"

_START_SECONDS = 60.0
_ANSWER_SECONDS = 30.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an app can tell from an answer without a token."""

    http: int
    status: str
    reason: str


MORE_DETAILS = {"MINUTES_EXCEEDED": {"period"}, "TOO_MANY_SESSIONS": {"sessions"}}
"""What else the details of an error have, by its reason."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response of the function.

    Attributes:
        trace: the id that Cloud Run would have given the request.
    """

    trace: str
    http: int
    headers: Mapping[str, str]
    body: dict[str, Any] = field(repr=False)

    @property
    def result(self) -> dict[str, Any]:
        """What the caller gets; only after success."""
        assert self.http == HTTPStatus.OK, self.refusal
        assert self.body.keys() == {"result"}
        result: dict[str, Any] = self.body["result"]
        return result

    @property
    def refusal(self) -> Refusal:
        """Why the caller gets nothing; only after a refusal or a failure, in exactly the documented form."""
        assert self.body.keys() == {"error"}, f"not an error: HTTP {self.http}"
        error = self.body["error"]
        assert error.keys() == {"status", "message", "details"}
        retry_after = {"retryAfterSeconds"} if "Retry-After" in self.headers else set()
        more = MORE_DETAILS.get(error["details"]["reason"], set())
        assert error["details"].keys() == {"reason", "requestId"} | retry_after | more
        return Refusal(self.http, error["status"], error["details"]["reason"])


@dataclass(frozen=True, slots=True)
class FailedStart:
    """A process that ended instead of serving."""

    exit_code: int
    words: str


@dataclass(frozen=True, slots=True)
class FunctionProcess:
    """A running function.

    Attributes:
        ledger: told of every credential that is sent and of everything that comes back.
        pid: of the process that was started; those that answer are its children.
    """

    url: str
    ledger: Ledger
    pid: int
    _folder: Path

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, for a plain socket."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        return host, int(port)

    def words(self) -> str:
        """Return all that it wrote so far, to standard output and standard error."""
        return _words(self._folder)

    def call(
        self,
        id_token: str | None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        app_check_token: str | None = None,
    ) -> Answer:
        """Call the function as the Firebase SDKs do, under a trace id of its own, as behind Cloud Run's front end.

        Args:
            id_token: what to send as bearer, or None.
            data: the callable's data.
            headers: more headers; one of the trace headers takes the place of the usual one.
            app_check_token: what to send as App Check token, or None.
        """
        trace = secrets.token_hex(16)
        sent = {"X-Cloud-Trace-Context": f"{trace}/1;o=1"} if headers is None else dict(headers)
        if id_token is not None:
            self.ledger.id_token(id_token)
            sent["Authorization"] = f"Bearer {id_token}"
        if app_check_token is not None:
            self.ledger.app_check_token(app_check_token)
            sent["X-Firebase-AppCheck"] = app_check_token
        if data and "resumptionHandle" in data:
            self.ledger.secret("resumption handle", data["resumptionHandle"])
        with requests.Session() as session:
            session.trust_env = False
            response = session.post(self.url, json={"data": data}, headers=sent, timeout=_ANSWER_SECONDS)
        if response.status_code == HTTPStatus.OK:
            if token := response.json()["result"].get("token"):  # ending a session brings none
                self.ledger.live_token(token)
        else:
            self.ledger.heard("an error body", response.text)
            self.ledger.heard("the headers of an error", str(response.headers))
        return Answer(trace, response.status_code, response.headers, response.json())

    def lines(self) -> list[dict[str, Any]]:
        """Return what was written to standard output so far, each line read as JSON."""
        return [json.loads(line) for line in (self._folder / "stdout").read_text(encoding="utf-8").splitlines()]

    def audit_events(self) -> list[dict[str, Any]]:
        """Return the audit events so far."""
        return [line for line in self.lines() if "event" in line]

    def audit_event(self, request_id: str) -> dict[str, Any]:
        """Return the one audit event of a request. It was written before the answer was sent."""
        (event,) = (event for event in self.audit_events() if event["requestId"] == request_id)
        return event

    def other_lines(self, trace: str) -> list[dict[str, Any]]:
        """Return what was written under a trace besides its audit event: lines for Firebase's own metrics."""
        name = "logging.googleapis.com/trace"
        return [line for line in self.lines() if "event" not in line and line.get(name, "").endswith(f"/{trace}")]


def functions_with(profiles: Mapping[str, str], folder: Path) -> Path:
    """Copy the function, with more profiles, name → TOML, into an empty folder. Return the copy."""
    functions = folder / "functions"
    shutil.copytree(FUNCTIONS, functions, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in profiles.items():
        (functions / "profiles" / f"{name}.toml").write_text(text, encoding="utf-8")
    return functions


class StartFunction(Protocol):
    """Starts a function with some settings, for tests that share it."""

    def __call__(self, more: Mapping[str, str], functions: Path | None = None) -> FunctionProcess:
        """Start the function in a folder, or the usual one, with these settings besides the usual ones."""


@contextmanager
def run_function(
    environment: Mapping[str, str], folder: Path, ledger: Ledger, functions: Path = FUNCTIONS
) -> Iterator[FunctionProcess]:
    """Run the function until the end of the `with` block.

    Args:
        environment: all of its environment, but for what every process needs.
        folder: an empty one for its home and its output.
        ledger: told of all it wrote.
        functions: the folder with its `main.py`.
    """
    with _process(functions, environment, folder, ledger) as (process, port):
        url = f"http://127.0.0.1:{port}"
        _wait_until_it_answers(url, process, folder)
        yield FunctionProcess(url, ledger, process.pid, folder)


def run_function_that_fails(
    environment: Mapping[str, str], folder: Path, ledger: Ledger, functions: Path = FUNCTIONS
) -> FailedStart:
    """Run a function that must not start, and return how it ended.

    Args:
        environment: see `run_function`.
        folder: see `run_function`.
        ledger: see `run_function`.
        functions: the folder with its `main.py`.
    """
    with _process(functions, environment, folder, ledger) as (process, _):
        exit_code = process.wait(_START_SECONDS)
    return FailedStart(exit_code, _words(folder))


@contextmanager
def _process(
    functions: Path, environment: Mapping[str, str], folder: Path, ledger: Ledger
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = _free_port()
    command = [sys.executable, "-m", "functions_framework", "--target", "mint_live_token"]
    command += ["--source", str(functions / "main.py"), "--host", "127.0.0.1", "--port", str(port)]
    usual = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        # gunicorn opens a control socket in it.
        "XDG_RUNTIME_DIR": str(folder),
    }
    with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=usual | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    try:
        yield process, port
    finally:
        _stop(process)
        ledger.heard("the output of a process", _words(folder))


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(int(_START_SECONDS / _POLL_SECONDS)):
        with requests.Session() as session:
            session.trust_env = False
            try:
                session.options(url, timeout=_START_SECONDS)
                return
            except requests.ConnectionError:
                pass
        try:
            process.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        break
    raise RuntimeError(f"the function did not start:\n{_words(folder)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, signal_number)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                continue


def _words(folder: Path) -> str:
    return "".join((folder / name).read_text(encoding="utf-8", errors="replace") for name in ("stdout", "stderr"))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port
