"""Command lines as an operator copies them into a shell."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

FIREBASE_CONSOLE = "https://console.firebase.google.com/project"


def command(argv: Sequence[str]) -> str:
    """Return one line. An argument with `$(…)` is left for the shell to fill in."""
    return " ".join(f'"{argument}"' if "$(" in argument else shlex.quote(argument) for argument in argv)


def store_key(add_version: Sequence[str]) -> str:
    """Return the line that asks for a key without echo and stores it. The key is in no process list, nor history."""
    return f'read -rs KEY && printf %s "$KEY" | {command(add_version)}; unset KEY'


def deploy(project_id: str, region: str) -> str:
    """Return the line that makes everything as `infra/` says."""
    return command(["make", "deploy", f"PROJECT_ID={project_id}", f"REGION={region}"])


def doctor(project_id: str) -> str:
    """Return the line that looks again."""
    return command(["make", "doctor", f"PROJECT_ID={project_id}"])


def release(project_id: str, region: str) -> str:
    """Return the line that releases the code of this checkout."""
    return command(["make", "release", f"PROJECT_ID={project_id}", f"REGION={region}"])


def set_and_deploy(variable: str, project_id: str, region: str) -> str:
    """Return what to do where a variable of `infra/` has to change."""
    return f"set {variable} in infra/terraform.tfvars, then {deploy(project_id, region)}"


def resume(project_id: str, database: str) -> str:
    """Return the line that ends a pause."""
    arguments = command(["resume", "--project", project_id, "--database", database])
    return f"make admin ARGS={shlex.quote(arguments)}"
