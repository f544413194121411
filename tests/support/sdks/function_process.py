"""The function in a process of its own, beside the stack: with other settings, or other neighbours."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from stack import PROJECT_ID
from stack.prerequisites import free_ports
from stack.process import Process

SECRET = f"projects/{PROJECT_ID}/secrets/gemini-api-key"

FUNCTIONS = Path(__file__).parents[3] / "functions"

_MAIN = FUNCTIONS / "main.py"
_START_SECONDS = 60


@contextmanager
def running_functions(
    directory: Path, environments: Mapping[str, Mapping[str, str]], main: Path = _MAIN
) -> Iterator[dict[str, str]]:
    """Start a function for each environment, all at once, and yield their URLs by the same names.

    Args:
        directory: takes their logs.
        environments: environment variables by name, on top of those that every function of these tests has.
        main: the `main.py` to run, beside its profiles.
    """
    ports = free_ports("127.0.0.1", len(environments))
    urls = {name: f"http://127.0.0.1:{port}" for name, port in zip(environments, ports, strict=True)}
    processes = [_process(directory / name, url, environments[name], main) for name, url in urls.items()]
    try:
        for process in processes:
            process.start()
        for process in processes:
            process.wait_until_ready(_START_SECONDS)
        yield urls
    finally:
        with ThreadPoolExecutor() as hands:
            list(hands.map(Process.stop, processes))


def _process(directory: Path, url: str, environment: Mapping[str, str], main: Path) -> Process:
    framework = Path(sys.executable).with_name("functions-framework")
    host, port = url.removeprefix("http://").split(":")
    return Process(
        name=f"function “{directory.name}”",
        command=[str(framework), "--source", str(main), "--target", "mint_live_token", "--host", host, "--port", port],
        log=directory / "function.log",
        environment={
            "PATH": os.environ["PATH"],
            "PYTHONUNBUFFERED": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            "XDG_RUNTIME_DIR": str(directory),
            "FIREBASE_PROJECT_ID": PROJECT_ID,
            "GEMINI_API_KEY_SECRET": f"{SECRET}/versions/latest",
            "QUOTA_STORE": "memory",
            **environment,
        },
        answers=url,
    )
