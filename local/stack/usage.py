"""What `make stack` prints: what an app needs, and lines to copy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from gemini_live_stand_in.certificates import Certificate
from stack.stack import PROJECT_ID, LocalStack


def print_usage(console: Console, stack: LocalStack, description: Path) -> None:
    """Print how to use a running stack."""
    console.print("[bold]The stack is running.[/] Ctrl-C stops it. Your app needs:\n")
    _lines(
        console,
        {
            f"MINT_URL={stack.function_url}": "httpsCallableFromURL(getFunctions(app), MINT_URL)",
            f"AUTH_EMULATOR_URL=http://{stack.auth_host}": "connectAuthEmulator(getAuth(app), AUTH_EMULATOR_URL)",
            f"FIREBASE_PROJECT_ID={PROJECT_ID}": 'initializeApp({ projectId: FIREBASE_PROJECT_ID, apiKey: "any" })',
        },
    )
    if stack.gemini is None:
        console.print("\nGemini is Google's; `websocketUrl` points to it.", highlight=False)
    else:
        console.print(
            f"\nGemini is the stand-in at {stack.gemini['url']}; `websocketUrl` points to it.", highlight=False
        )
    if stack.certificate is not None:
        console.print("To trust its certificate:")
        _lines(console, _trusting(stack.certificate))
    console.print(f"Profiles: {', '.join(stack.profiles)}.", highlight=False)
    console.print("To stop callers while it runs, and to let them in again:")
    _lines(console, _stopping(_short(stack.switches_file)))
    if stack.switches_file.exists():
        console.print("[yellow]Stop switches of an earlier run are set.[/]")
    android = "Android emulator: run `adb reverse tcp:PORT tcp:PORT` for each port, so that 127.0.0.1 works there."
    console.print(android, soft_wrap=True)
    console.print(
        f"All URLs: {_short(description)}. Logs: {_short(description.parent)}", highlight=False, soft_wrap=True
    )


def _trusting(certificate: Certificate) -> dict[str, str]:
    authority = certificate.authority
    spki = f"--ignore-certificate-errors-spki-list={certificate.fingerprint}"
    return {
        f"export SSL_CERT_FILE={authority}": "Python; requests wants REQUESTS_CA_BUNDLE",
        f"export NODE_EXTRA_CA_CERTS={authority}": "Node",
        f'chromium --user-data-dir="$(mktemp -d)" {spki}': "Chromium",
    }


def _stopping(file: str) -> dict[str, str]:
    return {
        f"""echo '{{"service": {{"message": "Back at noon."}}}}' > {file}""": "pause the service",
        f"""echo '{{"users": {{"UID": {{}}}}}}' > {file}""": "block a user, by auth.currentUser.uid",
        f"rm {file}": "go on",
    }


def _lines(console: Console, lines: Mapping[str, str]) -> None:
    """Print lines to copy, each with what it is for. They do not wrap."""
    width = max(map(len, lines))
    for line, comment in lines.items():
        shown = f"{escape(line.ljust(width))}  [dim]# {escape(comment)}[/]"
        console.print(shown, soft_wrap=True, highlight=False)


def _short(path: Path) -> str:
    return os.path.relpath(path)
