"""What a running stack is, as JSON for programs: `stack.json` in its run directory, for as long as it runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.stack import PROJECT_ID, LocalStack


@contextmanager
def described(stack: LocalStack, file: Path) -> Iterator[None]:
    """Have the file there for the length of a `with` block, complete from its first moment on."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(_description(stack), indent=2) + "\n", encoding="utf-8")
    unfinished.replace(file)
    try:
        yield
    finally:
        if _is_ours(file):
            file.unlink()


def _description(stack: LocalStack) -> dict[str, object]:
    """A key of Google's is not in it."""
    return {
        "pid": os.getpid(),
        "projectId": PROJECT_ID,
        "functionUrl": stack.function_url,
        "authEmulatorUrl": f"http://{stack.auth_host}",
        "secretManagerUrl": f"http://{stack.secret_manager_host}",
        "gemini": _gemini(stack),
        "profiles": list(stack.profiles),
        "switchesFile": str(stack.switches_file),
    }


def _gemini(stack: LocalStack) -> dict[str, object] | None:
    if stack.gemini is None:
        return None
    if stack.certificate is None:
        return dict(stack.gemini)
    of_the_certificate = {
        "certificate": str(stack.certificate.authority),
        "certificateFingerprint": stack.certificate.fingerprint,
    }
    return stack.gemini | of_the_certificate


def _is_ours(file: Path) -> bool:
    """Whether another stack with the same run directory has not replaced it."""
    return file.exists() and json.loads(file.read_text(encoding="utf-8"))["pid"] == os.getpid()
