"""Runs the scripts of tests/support/sdks/node: the real client SDKs, in Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.sdks.secrets_seen import SecretsSeen

SDKS = Path(__file__).with_name("node")

_SECONDS = 30


class NotInstalledError(Exception):
    """The SDKs are not there. The text says what to do."""


@dataclass(frozen=True, slots=True)
class NodeScripts:
    """The scripts, ready to run.

    Args:
        node: path of Node.
        folder: the folder of the scripts and their node_modules.
        secrets_seen: told of everything that goes in and comes out.
    """

    node: str
    folder: Path
    secrets_seen: SecretsSeen = field(repr=False)

    def run(self, script: str, document: Mapping[str, object]) -> Any:
        """Give a script its JSON document and return the one it prints. Secrets stay off the command line."""
        self.secrets_seen.collect(document)
        ended = subprocess.run(
            [self.node, script],
            input=json.dumps(document),
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
            cwd=self.folder,
        )
        assert ended.returncode == 0, f"{script} failed:\n{ended.stderr}"
        answer = json.loads(ended.stdout)
        self.secrets_seen.collect(answer)
        return answer


def installed_scripts(folder: Path, secrets_seen: SecretsSeen) -> NodeScripts:
    """Return the scripts of a folder.

    Raises:
        NotInstalledError: Node is missing, or the SDKs are not installed.
    """
    node = shutil.which("node")
    if node is None:
        raise NotInstalledError("Node is missing. The client SDKs need Node 20 or newer: https://nodejs.org")
    packages = json.loads((folder / "package.json").read_text())["dependencies"]
    missing = [name for name in packages if not (folder / "node_modules" / name).is_dir()]
    if missing:
        raise NotInstalledError(f"Not installed in tests/support/sdks/node: {', '.join(missing)}. Run `make setup`.")
    return NodeScripts(node, folder, secrets_seen)
