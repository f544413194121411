"""The clients: where each is from, and how its app is started."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "conformance" / "clients"
ENVIRONMENTS = ROOT / "build" / "conformance"

_INSTALL_SECONDS = 1200


@dataclass(frozen=True, slots=True)
class Client:
    """A client, with an app of ours on top of it.

    Attributes:
        name: its folder in `clients/`, with its lock file and its app.
        package: its name, in its registry if it is in one. The table shows its version.
        secure: whether it speaks to nothing but TLS.
        mints: whether its app mints tokens.
        pauses: whether it has a call that says that the microphone is off.
    """

    name: str
    package: str
    secure: bool = False
    mints: bool = False
    pauses: bool = False

    @property
    def folder(self) -> Path:
        """Where its app is."""
        return FOLDER / self.name

    @property
    def javascript(self) -> bool:
        """Whether it is from npm."""
        return (self.folder / "app.mjs").exists()


@dataclass(frozen=True, slots=True)
class Installed:
    """A client that can be started.

    Attributes:
        version: of its package.
        command: starts the app.
        environment: variables that its app needs besides the usual ones.
    """

    client: Client
    version: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


OURS = Client("gemini-live-tokens", "gemini-live-tokens", mints=True, pauses=True)
"""The client of this checkout, which is not in a registry."""

CLIENTS = (
    OURS,
    Client("google-genai-python", "google-genai", secure=True, mints=True, pauses=True),
    Client("google-genai-node", "@google/genai", mints=True, pauses=True),
    Client("ai-sdk-google", "@ai-sdk/google", mints=True, pauses=True),
    Client("google-adk", "google-adk", secure=True),
    Client("livekit-plugins-google", "livekit-plugins-google", secure=True),
    Client("pipecat", "pipecat-ai", secure=True),
)

HERE = {OURS.name, "google-genai-python", "google-genai-node"}
"""Those that the tests of the project use anyway, so that its own environments have them in some version."""


def here(client: Client) -> Installed:
    """Return one of `HERE` as the project's own environments have it."""
    if client is OURS:
        return _ours()
    if client.javascript:
        return in_node(client, ROOT / "tests" / "support" / "sdks" / "node" / "node_modules")
    return in_python(client, ROOT / ".venv" / "bin" / "python", ROOT / "requirements-dev.txt")


def install(client: Client) -> Installed:
    """Install what the lock file of a client names into its own environment, if that has not been done.

    Raises:
        subprocess.CalledProcessError: the installation failed.
    """
    if client is OURS:
        return _ours()
    environment = ENVIRONMENTS / client.name
    lock = client.folder / ("package-lock.json" if client.javascript else "requirements.txt")
    done = environment / ".lock"
    if not done.exists() or done.read_bytes() != lock.read_bytes():
        shutil.rmtree(environment, ignore_errors=True)
        environment.mkdir(parents=True)
        (_install_javascript if client.javascript else _install_python)(client, environment)
        shutil.copyfile(lock, done)
    if client.javascript:
        return in_node(client, environment / "node_modules")
    return in_python(client, environment / "bin" / "python", lock)


def in_python(client: Client, python: Path, lock: Path) -> Installed:
    """Return a Python client that is installed where `python` is, as `lock` says."""
    found = re.search(rf"^{re.escape(client.package)}==(\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE)
    version = found[1] if found else "unknown"
    return Installed(client, version, (str(python), str(client.folder / "app.py")), {"PYTHONPATH": str(FOLDER)})


def in_node(client: Client, modules: Path) -> Installed:
    """Return a client that is installed in a folder `node_modules`, with the Node that is in there or else in PATH."""
    own = next(modules.glob("node-*/bin/node"), None)
    return _with_node(client, modules / client.package, modules, str(own or "node"))


def _ours() -> Installed:
    """Return the client of this checkout as it was built; it finds itself and its packages from its own folder."""
    package = ROOT / "client"
    return _with_node(OURS, package, package, "node")


def _with_node(client: Client, package: Path, modules: Path, node: str) -> Installed:
    version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    return Installed(client, version, (node, str(client.folder / "app.mjs")), {"CLIENT_MODULES": str(modules)})


def _install_python(client: Client, environment: Path) -> None:
    uv = ROOT / ".venv" / "bin" / "uv"
    python = environment / "bin" / "python"
    _run(uv, "venv", "--quiet", "--python", ROOT / ".venv" / "bin" / "python", environment)
    lock = client.folder / "requirements.txt"
    _run(uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--python", python, "--requirement", lock)


def _install_javascript(client: Client, environment: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(client.folder / name, environment / name)
    _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", environment)


def _run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, timeout=_INSTALL_SECONDS)
