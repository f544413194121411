"""What the stack needs from the machine, and messages that tell a newcomer how to get it."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path

OLDEST_NODE = 20
FIREBASE_TOOLS = Path(__file__).parents[1] / "node_modules" / "firebase-tools" / "lib" / "bin" / "firebase.js"

_EVERYWHERE = ("0.0.0.0", "0", "*", "::", "[::]")  # noqa: S104  # refused here


class StackError(Exception):
    """The stack cannot run. The message says what to do."""


def node() -> str:
    """Return the path of Node.

    Raises:
        StackError: Node is missing or too old, or the Auth emulator is not installed.
    """
    path = shutil.which("node")
    if path is None:
        raise StackError(f"Node is missing. The Auth emulator needs Node {OLDEST_NODE} or newer: https://nodejs.org")
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    major = re.match(r"v(\d+)\.", version)
    if major is None or int(major[1]) < OLDEST_NODE:
        raise StackError(f"Node {version} is too old. The Auth emulator needs Node {OLDEST_NODE} or newer.")
    if not FIREBASE_TOOLS.exists():
        raise StackError("The Auth emulator is not installed. Run `make setup`.")
    return path


def require_address(host: str) -> None:
    """Check that a host is an address that an app can open.

    Raises:
        StackError: it means every address of this machine.
    """
    if host in _EVERYWHERE:
        raise StackError(
            f"HOST={host} means every address of this machine, and an app cannot open it. Name one of them: "
            "127.0.0.1, or for a phone the address in its network, such as make stack HOST=192.168.1.20"
        )


def free_ports(host: str, count: int) -> list[int]:
    """Return that many different TCP ports that are free at the moment."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((host, 0))
        return [probe.getsockname()[1] for probe in probes]


def require_free(host: str, port: int, use: str, variable: str) -> None:
    """Check that a port is free.

    Raises:
        StackError: the port is in use. The message names the variable that sets another one.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StackError(
                f"Port {port} for {use} is in use or not allowed ({error.strerror}). Is another stack running? "
                f"Stop it, or choose another port: make stack {variable}={port + 1}"
            ) from error
