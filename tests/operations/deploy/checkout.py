"""A checkout of the repository's part that deploys, with a machine around it: programs, logins, a home folder."""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from operations.deploy.google import LOGIN_TOKEN, PROJECT
from operations.deploy.typed import Ended, Terminal, at_a_terminal, without_terminal

ROOT = Path(__file__).parents[3]
TINY_MODULE = Path(__file__).parent / "tiny_module"

_SMOKE = '''

def _run(self: SmokeTest, process: Process) -> Outcome:
    """Stand in for the smoke test: note what it was given, and end as it was told."""
    import pathlib

    notes = pathlib.Path(__file__).parents[3] / "smoke.json"
    runs = json.loads(notes.read_text()) if notes.exists() else []
    notes.write_text(json.dumps([*runs, self.arguments]))
    print("a live session with", self.typed.url, "- the key is", process.environment.get("GEMINI_API_KEY", "not here"))
    return Outcome(1, int((pathlib.Path(__file__).parent / "failed").read_text()))

SmokeTest.run = _run
'''


@dataclass(slots=True)
class Checkout:
    """A checkout in a folder of its own."""

    folder: Path
    environment: dict[str, str]

    @property
    def module(self) -> Path:
        """The root module."""
        return self.folder / "infra"

    @property
    def smoke_runs(self) -> list[list[str]]:
        """The arguments of each run of the smoke test."""
        notes = self.folder / "smoke.json"
        return list(json.loads(notes.read_text(encoding="utf-8"))) if notes.exists() else []

    @property
    def settings(self) -> Path:
        """The file with the settings of the project."""
        return self.module / "projects" / f"{PROJECT}.tfvars"

    def set(self, **settings: object) -> None:
        """Write the settings of the project."""
        lines = (f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
        self.settings.parent.mkdir(exist_ok=True)
        self.settings.write_text("".join(lines), encoding="utf-8")

    def smoke_fails(self, checks: int) -> None:
        """Say how many checks of the smoke test will fail."""
        (self.folder / "operations/live_tokens_operations/smoke/failed").write_text(str(checks), encoding="utf-8")

    def copied_to(self, folder: Path, temporary: Path) -> "Checkout":
        """Return the same checkout, with all that was done in it, in another place."""
        shutil.copytree(self.folder, folder, symlinks=True)
        old, new = str(self.folder), str(folder)
        moved = {name: value.replace(old, new) for name, value in self.environment.items()}
        return Checkout(folder, moved | {"TMPDIR": str(temporary)})

    def lose(self, *programs: str) -> None:
        """Uninstall programs."""
        for program in programs:
            (self.folder / "bin" / program).unlink()

    def install(self, program: str, script: str) -> None:
        """Put a program of our own in place of one."""
        _executable(self.folder / "bin" / program, script)

    def deploy(self, *options: str) -> AbstractContextManager[Terminal]:
        """Type `deploy` at a terminal."""
        return at_a_terminal(self._line("deploy", options), self.environment, self.folder)

    def destroy(self, *options: str) -> AbstractContextManager[Terminal]:
        """Type `destroy` at a terminal."""
        return at_a_terminal(self._line("destroy", options), self.environment, self.folder)

    def build(self, subcommand: str, *options: str, **more: str) -> Ended:
        """Run it as a build does, without a terminal; with more environment variables, perhaps."""
        return without_terminal(self._line(subcommand, options), self.environment | more, self.folder)

    @staticmethod
    def _line(subcommand: str, options: tuple[str, ...]) -> list[str]:
        project = () if any(option.startswith("--project") for option in options) else ("--project", PROJECT)
        return [sys.executable, "-m", "live_tokens_operations", subcommand, *project, *options]


def check_out(
    folder: Path, temporary: Path, hosts_environment: Mapping[str, str], module: Path, terraform_config: Path
) -> Checkout:
    """Make a checkout, whose programs are led to the stand-ins, and log somebody in.

    Args:
        folder: which is empty.
        temporary: for temporary files; its path is short, because the providers' sockets are in it.
        hosts_environment: environment variables that lead to the stand-ins.
        module: copied as its root module.
        terraform_config: of Terraform, which says where providers are.
    """
    for source, name in ((module, "infra"), *((ROOT / part, part) for part in ("operations", "functions"))):
        shutil.copytree(
            source,
            folder / name,
            ignore=shutil.ignore_patterns("__pycache__", ".terraform*", "*.tfstate*", ".build", "*.tfvars"),
        )
    shutil.copy(ROOT / "requirements.txt", folder)
    smoke = folder / "operations/live_tokens_operations/smoke"
    with (smoke / "command.py").open("a", encoding="utf-8") as command:
        command.write(_SMOKE)
    settings = folder / "home/.config/gcloud"
    settings.mkdir(parents=True)
    (folder / "login").write_text(LOGIN_TOKEN, encoding="utf-8")
    (settings / "application_default_credentials.json").write_text(json.dumps(_DEFAULT_CREDENTIALS), encoding="utf-8")
    checkout = Checkout(
        folder,
        {
            **hosts_environment,
            "HOME": str(folder / "home"),
            "PATH": str(folder / "bin"),
            "PYTHONPATH": ":".join(map(str, (folder / "operations", ROOT / "functions"))),
            "LANG": "C.UTF-8",
            "TF_CLI_CONFIG_FILE": str(terraform_config),
            "TMPDIR": str(temporary),
            "CLOUDSDK_CONFIG": str(settings),
            "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(folder / "login"),
            "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE": hosts_environment["SSL_CERT_FILE"],
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
            "CLOUDSDK_CORE_DISABLE_FILE_LOGGING": "1",
            "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
        },
    )
    _made(folder / "bin")
    for program in ("gcloud", "terraform"):
        checkout.install(program, f'PATH="{os.environ["PATH"]}" exec "{shutil.which(program)}" "$@"')
    checkout.smoke_fails(0)
    return checkout


_DEFAULT_CREDENTIALS = {
    "type": "authorized_user",
    "client_id": "made-up.apps.googleusercontent.com",
    "client_secret": "made-up-client-secret",
    "refresh_token": "made-up-refresh-token",
}


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _executable(file: Path, script: str) -> None:
    file.unlink(missing_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


def contents_below(folder: Path) -> bytes:
    """Return what is in all files below a folder, but for links: those lead to programs of others."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return b"\0".join(path.read_bytes() for path in files)
