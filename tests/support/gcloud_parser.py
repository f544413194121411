"""gcloud itself says whether it accepts command lines. It parses them, runs none, and needs no network.

    def test_gcloud_accepts_what_we_run():
        assert refusals([["gcloud", "run", "services", "list", "--region=europe-west1"]]) == [None]

Parsing finds an unknown command, a misspelt flag, a flag or argument that is missing, and a value of the wrong form. It
does not find what a command checks only when it runs.
"""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from support.missing_program import require_program

_PROGRAM = Path(__file__).parent / "parse_with_gcloud.py"
_INFO_FORMAT = "--format=json(installation.sdk_root,basic.python_location,basic.version)"
_TIMEOUT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Gcloud:
    """The gcloud of this machine.

    Attributes:
        root: folder of the SDK; its library is in `lib`.
        python: the interpreter that gcloud runs on.
        version: such as "528.0.0".
    """

    root: Path
    python: Path
    version: str


def require_gcloud() -> Gcloud:
    """Return the gcloud of this machine. Where there is none, the test is skipped, or fails if it must not be."""
    require_program("gcloud")
    return _find()


def refusals(lines: Sequence[Sequence[str]]) -> list[str | None]:
    """Return for each command line None, or why gcloud refuses it. One process parses all of them.

    Args:
        lines: argument lists that start with "gcloud". Nothing is expanded, so no `$VARIABLE` and no quotes in them.
    """
    gcloud = require_gcloud()
    if any(line[0] != "gcloud" for line in lines):
        raise ValueError('A command line of gcloud starts with "gcloud".')
    with TemporaryDirectory() as configuration:
        finished = subprocess.run(
            [gcloud.python, "-I", _PROGRAM, gcloud.root / "lib"],
            input=json.dumps([list(line[1:]) for line in lines]),
            env={"PATH": os.environ["PATH"], **settings_of_its_own(Path(configuration))},
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_SECONDS,
        )
    if finished.returncode:
        raise RuntimeError(f"gcloud's parser did not start: {finished.stderr}")
    answers: list[str | None] = json.loads(finished.stdout)
    return answers


def settings_of_its_own(configuration: Path) -> dict[str, str]:
    """Return the environment for a gcloud that knows nothing of this machine's user, asks nothing and tells nobody.

    Args:
        configuration: an empty folder, for what gcloud writes.
    """
    return {
        "HOME": str(configuration),
        "CLOUDSDK_CONFIG": str(configuration),
        "CLOUDSDK_CORE_PROJECT": "some-project",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "true",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "true",
    }


@cache
def _find() -> Gcloud:
    with TemporaryDirectory() as configuration:
        information = subprocess.run(
            ["gcloud", "info", _INFO_FORMAT],
            env={"PATH": os.environ["PATH"], **settings_of_its_own(Path(configuration))},
            capture_output=True,
            text=True,
            check=True,
            timeout=_TIMEOUT_SECONDS,
        )
    about = json.loads(information.stdout)
    return Gcloud(
        root=Path(about["installation"]["sdk_root"]),
        python=Path(about["basic"]["python_location"]),
        version=about["basic"]["version"],
    )
