"""What is measured: how each function is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from speed.stand_ins import PROJECT, SECRET

ROOT = Path(__file__).parents[2]
BASELINES = Path(__file__).parent / "baselines"
PYTHON = ROOT / "build/benchmarks/function/bin/python"
"""Of an environment with what requirements.txt names, and nothing else. `make bench` creates it."""

_OF_BASELINES = {"PYTHONPATH": f"{ROOT / 'benchmarks'}:{ROOT / 'build/benchmarks/baselines'}"}

LIKE_FOR_LIKE = "this, like for like"
DEPLOYED = "this, as deployed"
NAIVE = "naive"
FORUM = "forum"
LOWER_BOUND = "lower bound"


@dataclass(frozen=True, slots=True)
class Subject:
    """A function to measure.

    Attributes:
        command: what to run, with `{port}` in the place of its port.
        environment: variables of its own.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def this_function(functions: Path, firestore_host: str, name: str = "this") -> list[Subject]:
    """Return the two forms of this function.

    Args:
        functions: a packaged copy that no quota ends early, see `staging`.
        firestore_host: where Firestore stands in.
    """
    command = _framework(functions / "main.py", "mint_live_token")
    deployed = {
        "CHECK_REVOKED": "true",
        "QUOTA_STORE": "firestore",
        "FIRESTORE_EMULATOR_HOST": firestore_host,
        "LOG_EXECUTION_ID": "true",
        "PYTHONUNBUFFERED": "1",
    }
    return [
        Subject(f"{name}, like for like", command, {"CHECK_REVOKED": "false", "QUOTA_STORE": "memory"}),
        Subject(f"{name}, as deployed", command, deployed),
    ]


def deployed_in_steps(functions: Path, firestore_host: str) -> Subject:
    """Return this function as deployed, with a stopwatch at each step; see `stepped.py`."""
    deployed = this_function(functions, firestore_host)[1]
    source = Path(__file__).parent / "stepped.py"
    environment = {**deployed.environment, "FUNCTIONS": str(functions), "PYTHONPATH": str(ROOT / "benchmarks")}
    return Subject("this, in steps", _framework(source, "mint_live_token"), environment)


def baselines() -> list[Subject]:
    """Return what this function is compared with, in the order of the table."""
    return [
        Subject(NAIVE, _framework(BASELINES / "naive.py"), _OF_BASELINES),
        Subject("naive, 80 threads", _framework(BASELINES / "naive.py"), {**_OF_BASELINES, "THREADS": "80"}),
        Subject("clients per request", _framework(BASELINES / "clients_per_request.py"), _OF_BASELINES),
        Subject(FORUM, _uvicorn("speed.baselines.forum:app"), _OF_BASELINES),
        Subject(LOWER_BOUND, _uvicorn("speed.baselines.lower_bound:app"), _OF_BASELINES),
        Subject("hello", _framework(BASELINES / "hello.py"), _OF_BASELINES),
    ]


def environment(address: str, bundle: str, home: Path) -> dict[str, str]:
    """Return the variables that all have in common: what an operator sets, and the way to the stand-ins."""
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "FIREBASE_PROJECT_ID": PROJECT,
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "GEMINI_API_KEY_SECRET": SECRET,
        "GEMINI_API_KEY": "AIzaSy-not-a-key-of-anybody-0000000000",
        "HTTPS_PROXY": f"http://{address}",
        "NO_PROXY": "127.0.0.1,localhost",
        "REQUESTS_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
        "GCE_METADATA_HOST": address,
        "GCE_METADATA_IP": address,
    }


def _framework(source: Path, target: str = "mint") -> tuple[str, ...]:
    framework = (str(PYTHON), "-m", "functions_framework", "--host", "127.0.0.1", "--port", "{port}")
    return (*framework, "--source", str(source), "--target", target)


def _uvicorn(app: str) -> tuple[str, ...]:
    return (str(PYTHON), "-m", "uvicorn", app, "--port", "{port}", "--log-level", "error")
