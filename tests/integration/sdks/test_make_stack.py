"""`make stack`: what it prints and writes, what its options do, and what it leaves behind."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from firebase_sign_in import SignedInUser, sign_up
from stack import API_KEY
from stack.prerequisites import free_ports, require_free
from support.documents import table
from support.sdks.secrets_seen import SecretsSeen

ROOT = Path(__file__).parents[3]
HOST = "127.0.0.1"
PORTS = ("function", "auth", "gemini", "secret-manager")
START_SECONDS = 150
STOP_SECONDS = 60

LOCAL_PATH = os.pathsep.join(
    str(ROOT / folder) for folder in ("local", "local/stand_ins/gemini", "local/stand_ins/secret_manager", "operations")
)


@dataclass
class Command:
    """A running `python -m stack`, as `make stack` starts it."""

    process: subprocess.Popen[str]
    folder: Path
    ports: dict[str, int]
    groups: set[int] = field(default_factory=set)

    @property
    def description(self) -> Path:
        return self.folder / "stack.json"

    def wait_until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not reached():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, "the stack did not start"
            time.sleep(0.1)

    def end(self, number: signal.Signals) -> str:
        """Send it a signal, and return what it had printed."""
        self.groups |= children(self.process.pid)
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=STOP_SECONDS)
        return output

    def left_behind(self) -> list[str]:
        """Programs that still run; a port that is in use raises. A killed program may take a moment to be gone."""
        deadline = time.monotonic() + 10
        while (groups := [group for group in self.groups if exists(group)]) and time.monotonic() < deadline:
            time.sleep(0.05)
        for port in self.ports.values():
            require_free(HOST, port, "a stack that has ended", "PORT")
        return [f"process group {group}" for group in groups]


def children(parent: int) -> set[int]:
    """Each program of the stack leads a process group, whose id is its process id."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (line.split() for line in listed.splitlines())
    return {int(child) for child, its_parent in pairs if int(its_parent) == parent}


def exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def stack_command(folder: Path, *options: str, **environment: str) -> Iterator[Command]:
    ports = dict(zip(PORTS, free_ports(HOST, len(PORTS)), strict=True))
    chosen = [part for name, port in ports.items() for part in (f"--{name}-port", str(port))]
    process = subprocess.Popen(
        [sys.executable, "-m", "stack", "--run-directory", str(folder), *chosen, *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": LOCAL_PATH, "COLUMNS": "400", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    command = Command(process, folder, ports)
    try:
        yield command
    finally:
        command.groups |= children(process.pid)
        process.kill()
        process.wait()
        for group in filter(exists, command.groups):
            os.killpg(group, signal.SIGKILL)


@dataclass(frozen=True)
class Run:
    """What a stack with TLS and a short limit of connections did, until SIGTERM ended it."""

    description: dict[str, Any]
    description_at_the_end: bool
    log_at_the_start: str
    printed: str
    returncode: int
    live_token: dict[str, Any]
    heard: list[str]
    closed: int | None
    node_trusts: list[str]
    quota: list[int]
    lease_seconds: int
    programs: int
    left_behind: list[str]
    logs: str


@pytest.fixture(scope="module")
def run(run_directory: Path, secrets_seen: SecretsSeen) -> Run:
    folder = run_directory / "make-stack"
    scenario = run_directory / "greeting.toml"
    scenario.write_text('[[connection]]\nsteps = [{ do = "answer", say = "Hello!", unprompted = true }]\n')
    limits = ["--connection-seconds", "3", "--go-away-seconds", "2"]
    options = ["--tls", "--control", *limits, "--scenario", os.path.relpath(scenario, ROOT)]
    with stack_command(folder, *options) as command:
        command.wait_until(command.description.exists)
        log_at_the_start = logs_in(folder)
        description = json.loads(command.description.read_text())
        user = sign_up(description["authEmulatorUrl"].removeprefix("http://"))
        live_token = answer(description, user).json()["result"]
        secrets_seen.collect({"idToken": user.id_token, "answer": live_token})
        heard, closed = asyncio.run(talk(live_token, Path(description["gemini"]["certificate"])))
        node_trusts = [node_outcome(description, trusted=trusted) for trusted in (True, False)]
        quota = [answer(description, user, profile="two-per-hour").status_code for _ in range(3)]
        short = answer(description, user, profile="short-leases").json()["result"]
        secrets_seen.collect({"answer": short})
        printed = command.end(signal.SIGTERM)
        return Run(
            description=description,
            description_at_the_end=command.description.exists(),
            log_at_the_start=log_at_the_start,
            printed=printed,
            returncode=command.process.returncode,
            live_token=live_token,
            heard=heard,
            closed=closed,
            node_trusts=node_trusts,
            quota=quota,
            lease_seconds=short["session"]["leaseSeconds"],
            programs=len(command.groups),
            left_behind=command.left_behind(),
            logs=logs_in(folder),
        )


def logs_in(folder: Path) -> str:
    return "\n".join(log.read_text(errors="replace") for log in sorted(folder.glob("*.log")))


def answer(description: dict[str, Any], user: SignedInUser, **data: object) -> requests.Response:
    headers = {"Authorization": f"Bearer {user.id_token}"}
    return requests.post(description["functionUrl"], json={"data": data or None}, headers=headers, timeout=60)


async def talk(live_token: dict[str, Any], authority: Path) -> tuple[list[str], int | None]:
    """Say nothing until the connection is closed: the names of the messages, and the code of the close."""
    heard: list[str] = []
    trust = ssl.create_default_context(cafile=authority)
    async with asyncio.timeout(60), connect(live_token["websocketUrl"], ssl=trust, proxy=None) as socket:
        await socket.send(json.dumps({"setup": live_token["setup"]}))
        with contextlib.suppress(ConnectionClosed):
            while True:
                heard += json.loads(await socket.recv())
    return heard, socket.close_code


def node_outcome(description: dict[str, Any], *, trusted: bool) -> str:
    script = "fetch(process.argv[1]).then((r) => console.log(r.status), (e) => console.log(e.cause.code))"
    environment = os.environ | ({"NODE_EXTRA_CA_CERTS": description["gemini"]["certificate"]} if trusted else {})
    node = shutil.which("node")
    assert node is not None
    command = [node, "-e", script, description["gemini"]["authTokensUrl"]]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_sigterm_ends_it_as_ctrl_c_does_and_leaves_no_program_and_no_port(run: Run) -> None:
    assert run.returncode == 0
    assert run.programs == 4
    assert run.left_behind == []


def test_its_description_has_every_address_and_is_gone_at_the_end(run: Run) -> None:
    gemini = run.description["gemini"]
    assert run.description["functionUrl"] in run.printed
    assert run.description["authEmulatorUrl"] in run.printed
    assert gemini["url"] in run.printed
    assert gemini["apiKey"] == API_KEY
    documented = {row[0].strip("`") for row in table("docs/local-stack.md", "stack-json")}
    assert set(run.description) == documented
    assert not run.description_at_the_end


def test_with_tls_the_app_talks_to_gemini_over_wss(run: Run) -> None:
    gemini = run.description["gemini"]
    assert run.live_token["websocketUrl"].startswith(f"{gemini['constrainedUrl']}?access_token=auth_tokens/")
    assert gemini["constrainedUrl"].startswith("wss://")
    assert run.heard[0] == "setupComplete"


def test_a_short_limit_makes_go_away_come_soon(run: Run) -> None:
    assert "goAway" in run.heard
    assert run.closed == 1008


def test_the_next_conversations_follow_a_scenario(run: Run) -> None:
    assert "serverContent" in run.heard, "it speaks first"
    assert run.description["gemini"]["controlUrl"] == f"{run.description['gemini']['url']}/control"


def test_a_scenario_that_is_wrong_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    with stack_command(tmp_path, "--scenario", "no-such-thing") as command:
        output, _ = command.process.communicate(timeout=STOP_SECONDS)
        assert command.process.returncode == 1
        assert "no-such-thing is not a file that can be read" in output
        assert command.left_behind() == []


def test_the_printed_lines_make_python_node_and_chromium_trust_its_certificate(run: Run) -> None:
    gemini = run.description["gemini"]
    assert f"export SSL_CERT_FILE={gemini['certificate']} " in run.printed
    assert f"export NODE_EXTRA_CA_CERTS={gemini['certificate']} " in run.printed
    assert f"--ignore-certificate-errors-spki-list={gemini['certificateFingerprint']} " in run.printed
    assert run.node_trusts == ["404", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"], "GET is no method of that path"


def test_it_has_the_scarce_profiles_of_the_demo_and_that_of_the_app(run: Run) -> None:
    assert run.description["profiles"] == ["colours", "default", "short-leases", "tutor", "two-per-hour"]
    assert run.quota == [200, 200, 429]
    assert run.lease_seconds == 30


def test_its_own_probes_are_no_refusals_in_the_logs(run: Run) -> None:
    assert "refused" not in run.log_at_the_start.lower()
    assert "Live token refused" in run.logs, "a real one is"


def test_the_printed_lines_stop_callers(run: Run, tmp_path: Path) -> None:
    """The lines are for a shell; what they write is what the function reads."""
    file = run.description["switchesFile"]
    lines = re.findall(r"^((?:echo|rm) .*switches\.json) +# (.*)$", run.printed, re.MULTILINE)
    assert [comment.split(",")[0] for _, comment in lines] == ["pause the service", "block a user", "go on"]
    written = []
    for line, _ in lines:
        assert Path(ROOT, line.split()[-1]).resolve() == Path(file)
        here = line.replace(line.split()[-1], str(tmp_path / "switches.json"))
        subprocess.run(["bash", "-c", here], check=True)
        written.append(
            json.loads((tmp_path / "switches.json").read_text()) if (tmp_path / "switches.json").exists() else 0
        )
    assert written == [{"service": {"message": "Back at noon."}}, {"users": {"UID": {}}}, 0]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_during_the_start_leaves_nothing_either(tmp_path: Path, ending: signal.Signals) -> None:
    with stack_command(tmp_path) as command:
        command.wait_until(lambda: len(children(command.process.pid)) == 4)
        command.end(ending)
        assert command.process.returncode == 0
        assert len(command.groups) == 4
        assert command.left_behind() == []


def test_an_address_that_no_app_can_open_is_refused(tmp_path: Path) -> None:
    with stack_command(tmp_path, "--host", "0.0.0.0") as command:  # noqa: S104  # refused
        output, _ = command.process.communicate(timeout=STOP_SECONDS)
    assert command.process.returncode == 1
    assert "HOST=0.0.0.0 means every address of this machine" in output
    assert "make stack HOST=192.168.1.20" in output


@pytest.mark.parametrize("option", [["--tls"], ["--connection-seconds", "20"], ["--scenario", "x"]])
def test_what_only_the_stand_in_can_do_is_refused_with_a_key_of_googles(tmp_path: Path, option: list[str]) -> None:
    with stack_command(tmp_path, *option, GEMINI_API_KEY="made-up") as command:
        output, _ = command.process.communicate(timeout=STOP_SECONDS)
    assert command.process.returncode == 1
    assert "GEMINI_API_KEY is set, so Gemini is Google's" in output
    assert "made-up" not in output


def test_make_passes_every_documented_variable_on() -> None:
    documented = [row[0].strip("`") for row in table("docs/local-stack.md", "stack-options")]
    names = [name for name in documented if name not in {"TLS", "CONTROL", "GEMINI_API_KEY"}]
    values = {f"--{name.lower().replace('_', '-')}": str(number) for number, name in enumerate(names)}
    given = [f"{name}={number}" for number, name in enumerate(names)]
    command = subprocess.run(
        ["make", "--dry-run", "stack", *given, "TLS=1", "CONTROL=1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.replace("\\\n", "")
    line = next(line for line in command.splitlines() if "-m stack" in line).replace('"', "").split()
    options = dict(pairwise(line))
    assert {option: options[option] for option in values} == values
    assert {option for option in line if option.startswith("--")} == {*values, "--tls", "--control"}
