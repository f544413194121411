"""Commands for the operator to copy into a shell."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

FIREBASE_CONSOLE = "https://console.firebase.google.com/project"


def command(argv: Sequence[str]) -> str:
    """Return a command line. The shell expands an argument with `$(…)`."""
    return " ".join(f'"{argument}"' if "$(" in argument else shlex.quote(argument) for argument in argv)


def store_key(add_version: Sequence[str]) -> str:
    """Return the command that asks for a key and stores it. The key appears in no process list and no history."""
    return f'read -rs KEY && printf %s "$KEY" | {command(add_version)}; unset KEY'


def deploy(project_id: str, region: str) -> str:
    return command(["make", "deploy", f"PROJECT_ID={project_id}", f"REGION={region}"])


def doctor(project_id: str) -> str:
    return command(["make", "doctor", f"PROJECT_ID={project_id}"])


def release(project_id: str, region: str | None = None) -> str:
    """Return the command that releases to one region, or to all."""
    return command(["make", "release", f"PROJECT_ID={project_id}", *([f"REGION={region}"] if region else [])])


def set_and_deploy(variable: str, project_id: str, region: str) -> str:
    """Return what to do to change a variable of `infra/`."""
    return f"set {variable} in infra/projects/{project_id}.tfvars, then {deploy(project_id, region)}"


def resume(project_id: str, database: str) -> str:
    arguments = command(["resume", "--project", project_id, "--database", database])
    return f"make admin ARGS={shlex.quote(arguments)}"
