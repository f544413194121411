"""What a release installs, as its step `prepare` makes it: the smoke test runs on the function's packages alone."""

import os
import re
import subprocess
import sys
from pathlib import Path
from socket import socket

from live_tokens_operations.defaults import CHECKOUT


def _named(text: str) -> set[str]:
    """Return the packages of a list as `pip freeze` or a lock file writes it, without markers and hashes."""
    return {name.lower().replace("_", "-") for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}


def _run(*line: str | Path) -> subprocess.CompletedProcess[str]:
    # The way to a package index is this machine's own business; the path to the modules under test stays behind.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(line, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, timeout=600)


def test_the_smoke_test_of_a_release_runs_on_the_packages_of_the_function_alone(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    made = _run("make", f"VENV={venv}", f"PYTHON={sys.executable}", str(venv / ".runtime"))
    assert made.returncode == 0, made.stdout + made.stderr
    installed = _named(_run(venv / "bin" / "pip", "freeze").stdout)
    assert installed
    assert installed <= _named((CHECKOUT / "requirements.txt").read_text(encoding="utf-8"))

    with socket() as refusing:
        refusing.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"https://127.0.0.1:{refusing.getsockname()[1]}/"
        smoke = _run(venv / "bin" / "live-tokens", "smoke", "--no-observations", "--project=some-project", url)
    assert (smoke.returncode, smoke.stderr) == (1, "")
    assert f"{url} cannot be called: no connection" in smoke.stdout
