"""Runs one local stack for the tests of client/, until its input ends. Its one line of output says where it is."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from stack import LocalStack, StackOptions
from web import PageServer, PageStack

_EXAMPLE = Path(__file__).parents[2] / "example"
_TALK = """
[config]
response_modalities = ["AUDIO"]
input_audio_transcription = {}
output_audio_transcription = {}
"""
PROFILES = {
    # The shortest lease that there is, and one slot: a session that is not ended shuts the next one out.
    "leased": f"""
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 20
lease_seconds = 30
session_seconds = 300
[quota]
sessions_at_once = 1
{_TALK}""",
    "brief": f"""
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 4
session_seconds = 4
{_TALK}""",
    "once": f"""
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 60
session_seconds = 900
[quota]
per_hour = 1
{_TALK}""",
    # One minute, and then none for half a day.
    "minute": f"""
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 60
lease_seconds = 60
session_seconds = 300
[quota]
minutes_per_day = 1
{_TALK}""",
    "no-such-model": f"""
model = "gemini-of-another-day"
[lifetime]
start_within_seconds = 60
session_seconds = 900
{_TALK}""",
    "colours": (_EXAMPLE / "colours.toml").read_text(encoding="utf-8"),
}


def main() -> None:
    """Start the stack, say where it is, and stop it when the input ends."""
    with tempfile.TemporaryDirectory() as folder:
        options = StackOptions(run_directory=Path(folder), stand_in_arguments=["--control"], extra_profiles=PROFILES)
        with (
            LocalStack(options) as stack,
            PageServer(PageStack.of(stack)) as page,
            PageServer(PageStack.of(stack), app=_EXAMPLE / "dist") as app,
        ):
            addresses = {
                "functionUrl": stack.function_url,
                "authHost": stack.auth_host,
                "geminiHost": stack.gemini_host,
                "switchesFile": str(stack.switches_file),
                "pageUrl": page.url,
                "appUrl": app.url,
            }
            sys.stdout.write(json.dumps(addresses) + "\n")
            sys.stdout.flush()
            sys.stdin.read()


if __name__ == "__main__":
    main()
