"""The stack: its programs, their ports and environment, and the order of their start."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from gemini_live_stand_in.certificates import LOOPBACK, Certificate, make_certificate
from secret_manager_stand_in import PAYLOAD_VARIABLE
from stack.prerequisites import FIREBASE_TOOLS, free_ports, node, require_address, require_free
from stack.process import Process

# The emulators never contact Google for a project whose id starts with `demo-`.
# Source: https://firebase.google.com/docs/emulator-suite/connect_auth#choose_a_firebase_project
PROJECT_ID = "demo-live-tokens"
API_KEY = "local-gemini-key"

_LOOPBACK = "127.0.0.1"
_LOCAL = Path(__file__).parents[1]
_FUNCTION = _LOCAL.parent / "functions"
_SECRET = f"projects/{PROJECT_ID}/secrets/gemini-api-key"
_STAND_INS = _LOCAL / "stand_ins"
_FIND_STAND_INS = {"PYTHONPATH": f"{_STAND_INS / 'gemini'}{os.pathsep}{_STAND_INS / 'secret_manager'}"}
# The Auth emulator alone takes 10 to 15 s, more on a busy machine.
_START_SECONDS = 120
# The variables that the programs inherit. All others are set in this file.
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "HTTPS_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports of the stack."""

    function: int = 8080
    auth: int = 9099
    gemini: int = 8090
    secret_manager: int = 8091

    @classmethod
    def free(cls, host: str) -> Ports:
        """Return four free ports."""
        return cls(*free_ports(host, 4))

    def require_free(self, host: str) -> None:
        """Raise a `StackError` if one of the ports is in use."""
        for address, port, use, variable in (
            (host, self.function, "the function", "FUNCTION_PORT"),
            (host, self.auth, "the Auth emulator", "AUTH_PORT"),
            (host, self.gemini, "the Gemini stand-in", "GEMINI_PORT"),
            (_LOOPBACK, self.secret_manager, "the Secret Manager stand-in", "SECRET_MANAGER_PORT"),
        ):
            require_free(address, port, use, variable)


@dataclass(frozen=True, slots=True)
class StackOptions:
    """The options of a stack.

    Attributes:
        run_directory: receives logs and all other files.
        host: address to listen on.
        ports: which ports, or None for free ones.
        google_api_key: a real Gemini API key. With it, tokens come from Google, and no Gemini stand-in runs.
        stand_in_arguments: more arguments for `gemini_live_stand_in`.
        tls: whether the Gemini stand-in speaks https and wss only, with a certificate made at the start.
        extra_profiles: name → TOML of more profiles. The function then runs from a copy that contains them.
    """

    run_directory: Path
    host: str = "127.0.0.1"
    ports: Ports | None = None
    google_api_key: str | None = field(default=None, repr=False)
    stand_in_arguments: Sequence[str] = ()
    tls: bool = False
    function_environment: Mapping[str, str] = field(default_factory=dict)
    extra_profiles: Mapping[str, str] = field(default_factory=dict)


class LocalStack:
    """A running stack; a context manager.

    Args:
        progress: called repeatedly during the start, with the name of the program that is not ready yet.

    Attributes:
        function_url: URL of `mint_live_token`.
        auth_host: `host:port` of the Auth emulator.
        gemini_host: `host:port` of the Gemini stand-in. With a real key nothing listens there.
        secret_manager_host: `host:port` of the Secret Manager stand-in.
        certificate: what the Gemini stand-in shows with TLS, from the start on.
        switches_file: JSON file of stop switches. It may be missing. `MemoryQuotaStore` describes it.

    Raises:
        StackError: on entering, if something is missing or does not start. Programs that had started are stopped.
    """

    def __init__(self, options: StackOptions, progress: Callable[[str], None] = lambda _: None) -> None:
        self._options = options
        self._run = options.run_directory.absolute()
        self._progress = progress
        ports = options.ports or Ports.free(options.host)
        self._ports = ports
        self.function_url = f"http://{options.host}:{ports.function}"
        self.auth_host = f"{options.host}:{ports.auth}"
        self.gemini_host = f"{options.host}:{ports.gemini}"
        self.certificate: Certificate | None = None
        # It returns the API key, perhaps a real one, to every caller. Only the function needs to reach it.
        self.secret_manager_host = f"{_LOOPBACK}:{ports.secret_manager}"
        self.switches_file = self._run / "switches.json"
        self._gemini_says = self._run / "gemini-stand-in.json"
        self.processes: list[Process] = []

    def __enter__(self) -> LocalStack:
        require_address(self._options.host)
        self._options.run_directory.mkdir(parents=True, exist_ok=True)
        self._ports.require_free(self._options.host)
        if self._options.tls:
            self.certificate = make_certificate(self._run / "tls", [*LOOPBACK, self._options.host])
        self.processes = [self._auth_emulator(), self._secret_manager(), self._function()]
        if self._options.google_api_key is None:
            self.processes.append(self._gemini())
        try:
            for process in self.processes:
                process.start()
            for process in reversed(self.processes):
                self._wait_for(process)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, stack: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def gemini(self) -> dict[str, object] | None:
        """What the Gemini stand-in of a running stack says of itself: `Endpoints.ready_line`. None: it is Google's."""
        if self._options.google_api_key is not None:
            return None
        said: dict[str, object] = json.loads(self._gemini_says.read_text(encoding="utf-8"))
        return said

    @property
    def profiles(self) -> tuple[str, ...]:
        """The names that a call can ask for, in order."""
        ours = (file.stem for file in (_FUNCTION / "profiles").glob("*.toml"))
        return tuple(sorted({*ours, *self._options.extra_profiles}))

    @property
    def logs(self) -> str:
        """The output of all programs so far."""
        return "\n".join(process.log.read_text(errors="replace") for process in self.processes if process.log.exists())

    def _wait_for(self, process: Process) -> None:
        process.wait_until_ready(_START_SECONDS, waiting=lambda: self._progress(process.name))

    def _stop(self) -> None:
        for process in reversed(self.processes):
            process.stop()

    def _process(
        self,
        name: str,
        command: Sequence[str],
        answers: str,
        environment: Mapping[str, str],
        announces: Path | None = None,
    ) -> Process:
        run = self._run
        inherited = {variable: os.environ[variable] for variable in _INHERITED if variable in os.environ}
        return Process(
            name=name,
            command=command,
            log=run / f"{name.lower().replace(' ', '-')}.log",
            environment=inherited
            | {
                "PYTHONUNBUFFERED": "1",
                "NO_PROXY": f"127.0.0.1,localhost,{self._options.host}",
            }
            # gunicorn writes a control socket there, firebase-tools its settings.
            | {"XDG_RUNTIME_DIR": str(run), "XDG_CONFIG_HOME": str(run)}
            | dict(environment),
            answers=answers,
            announces=announces,
        )

    def _auth_emulator(self) -> Process:
        host, run = self._options.host, self._run
        hub, logging = free_ports(host, 2)
        hosts = {
            # On fixed ports, a second stack on the same machine would find the hub's port taken.
            "hub": {"host": host, "port": hub},
            "logging": {"host": host, "port": logging},
            "auth": {"host": host, "port": self._ports.auth},
            "ui": {"enabled": False},
        }
        configuration = run / "firebase.json"
        configuration.write_text(json.dumps({"emulators": hosts}))
        command = [node(), str(FIREBASE_TOOLS), "emulators:start", "--only", "auth"]
        command += ["--project", PROJECT_ID, "--config", str(configuration)]
        return self._process(
            "Auth emulator", command, f"http://{self.auth_host}", {"CI": "1", "NO_UPDATE_NOTIFIER": "1"}
        )

    def _secret_manager(self) -> Process:
        command = [sys.executable, "-m", "secret_manager_stand_in", "--secret", _SECRET]
        command += ["--host", _LOOPBACK, "--port", str(self._ports.secret_manager)]
        payload = self._options.google_api_key or API_KEY
        return self._process(
            "Secret Manager stand-in",
            command,
            f"http://{self.secret_manager_host}",
            _FIND_STAND_INS | {PAYLOAD_VARIABLE: payload},
        )

    def _gemini(self) -> Process:
        command = [sys.executable, "-m", "gemini_live_stand_in", *self._options.stand_in_arguments]
        command += ["--host", self._options.host, "--port", str(self._ports.gemini)]
        if self.certificate is not None:
            command += ["--tls-cert", str(self.certificate.chain), "--tls-key", str(self.certificate.key)]
        environment = _FIND_STAND_INS | {"GEMINI_STAND_IN_API_KEYS": API_KEY}
        # It logs each request, and what it announces has the key.
        url = f"http://{self.gemini_host}"
        return self._process("Gemini stand-in", command, url, environment, announces=self._gemini_says)

    def _function(self) -> Process:
        framework = Path(sys.executable).with_name("functions-framework")
        command = [str(framework), "--source", str(self._function_source()), "--target", "mint_live_token"]
        command += ["--host", self._options.host, "--port", str(self._ports.function)]
        environment = {
            "FIREBASE_PROJECT_ID": PROJECT_ID,
            "FIREBASE_AUTH_EMULATOR_HOST": self.auth_host,
            "GEMINI_API_KEY_SECRET": f"{_SECRET}/versions/latest",
            "SECRET_MANAGER_EMULATOR_HOST": self.secret_manager_host,
            "QUOTA_STORE": "memory",
            "MEMORY_SWITCHES_FILE": str(self.switches_file),
            "CORS_ALLOWED_ORIGINS": "*",
        }
        if self._options.google_api_key is None:
            environment["GEMINI_EMULATOR_HOST"] = self.gemini_host
        if self.certificate is not None:
            environment["GEMINI_EMULATOR_HOST"] = f"https://{self.gemini_host}"
            environment["SSL_CERT_FILE"] = str(self.certificate.authority)
        environment |= self._options.function_environment
        return self._process("function", command, self.function_url, environment)

    def _function_source(self) -> Path:
        if not self._options.extra_profiles:
            return _FUNCTION / "main.py"
        copy = self._run / "functions"
        shutil.rmtree(copy, ignore_errors=True)  # an earlier run's, perhaps with a profile that is gone
        shutil.copytree(_FUNCTION, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for name, toml in self._options.extra_profiles.items():
            (copy / "profiles" / f"{name}.toml").write_text(toml, encoding="utf-8")
        return copy / "main.py"
