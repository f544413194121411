"""terraform itself says whether it accepts command lines. It parses them in an empty folder, where it then stops."""

import re
import shlex
import subprocess
from pathlib import Path

from support.missing_program import require_program

_REFUSALS = re.compile(r"Failed to parse command-line flags|Usage: terraform|has no command named")
_INLINE = re.compile(r"`(terraform [^`]+)`")
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TIMEOUT_SECONDS = 60


def terraform_lines(page: str) -> list[str]:
    """Return the command lines of terraform in a document: those in blocks for a shell, and in code with a folder."""
    in_blocks = [line for block in _BLOCK.findall(page) for line in block.splitlines() if line.startswith("terraform ")]
    return [*in_blocks, *(line for line in _INLINE.findall(_BLOCK.sub("", page)) if "-chdir=" in line)]


def refusal(line: str, empty: Path) -> str | None:
    """Return why terraform does not take a command line; None if it does.

    Args:
        line: as it is documented, with `-chdir=`.
        empty: a folder without a configuration, in place of the one that the line names.
    """
    require_program("terraform")
    words = [f"-chdir={empty}" if word.startswith("-chdir=") else word for word in shlex.split(line)]
    done = subprocess.run(
        words, cwd=empty, capture_output=True, text=True, check=False, timeout=_TIMEOUT_SECONDS, input=""
    )
    said = " ".join((done.stdout + done.stderr).split())
    return said if _REFUSALS.search(said) else None
