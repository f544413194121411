"""How long a blocked user is still heard: a histogram over random moments, on the local stack, in real time.

Users talk without pause and renew as early as they can, which is the worst case for the operator. Each is blocked at a
random moment of its first minutes. Seconds count from the moment at which the switch is set to the last audio that
arrives. The exit code is 1 if one of them is beyond a lease and the renewal window.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from firebase_sign_in import SignedInUser, sign_up
from live_tokens_operations.client.live_session import (
    LiveConnection,
    SessionClosedError,
    SessionSilentError,
    live_connection,
)
from live_tokens_operations.client.mint_client import MintClient
from stack import LocalStack, StackError, StackOptions

SHORTEST_LEASE = 30
SLACK_SECONDS = 1.0
"""The stand-in looks at its clock twenty times a second, and a busy machine late."""
_CYCLES = 3
_BIN_SECONDS = 5
_PROFILE = """
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 30
lease_seconds = {lease}
session_seconds = 3600
[quota]
sessions_at_once = 1
[config]
response_modalities = ["AUDIO"]
"""

Take = Callable[[Mapping[str, str]], Mapping[str, Any] | None]
"""Calls the function with some data. Returns the token, or None for a refusal."""


def bound(lease: int) -> float:
    """Return how long a blocked user may still be heard at most: a lease and the renewal window, in seconds."""
    return lease + min(lease // 3, 60)


class Talker:
    """A user who asks the next question as soon as the last one is answered, and renews as early as possible.

    Attributes:
        last_heard: monotonic time at which the last audio came, or None.
        leases: how many tokens it had.
    """

    def __init__(self, take: Take) -> None:
        self._take = take
        self._handle: str | None = None
        self.heard_something = threading.Event()
        self.last_heard: float | None = None
        self.leases = 0

    def talk(self) -> None:
        """Talk until a renewal is refused and the connection that is open then has ended."""
        token = self._take({})
        while token is not None:
            self.leases += 1
            token = self._talk_on(token)

    def _talk_on(self, token: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Talk on one connection. Return the token of the next one, or None at the end of the talk."""
        session = token["session"]
        with live_connection(token["websocketUrl"]) as connection:
            connection.send({"setup": token["setup"]})
            self._hear(connection, _seconds_until(session["renewAfter"]))
            renewed = self._take({"session": session["id"], "resumptionHandle": self._handle or ""})
            if renewed is None:
                self._hear(connection, 2 * session["leaseSeconds"])
            return renewed

    def _hear(self, connection: LiveConnection, seconds: float) -> None:
        try:
            for message in connection.messages("audio", seconds):
                self._note(connection, message)
        except (SessionSilentError, SessionClosedError):
            return

    def _note(self, connection: LiveConnection, message: Mapping[str, Any]) -> None:
        content = message.get("serverContent", {})
        if "modelTurn" in content:
            self.last_heard = time.monotonic()
            self.heard_something.set()
        if "setupComplete" in message or "turnComplete" in content:
            connection.send({"realtimeInput": {"text": "Go on, please."}})
        self._handle = message.get("sessionResumptionUpdate", {}).get("newHandle", self._handle)


def _seconds_until(moment: str) -> float:
    # A tenth later: a call that comes early is a reconnect.
    return (datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds() + 0.1


def measure(moments: int, lease: int, seed: int) -> list[float]:
    """Return the seconds heard after the block, of so many users at once.

    Raises:
        StackError: the stack did not start.
    """
    chance = random.Random(seed)  # noqa: S311  # no secret
    with tempfile.TemporaryDirectory() as folder:
        options = StackOptions(Path(folder), extra_profiles={"short": _PROFILE.format(lease=lease)})
        with LocalStack(options) as stack, ThreadPoolExecutor(moments) as threads:
            users = [sign_up(stack.auth_host) for _ in range(moments)]
            talkers = [Talker(_taking(stack, user)) for user in users]
            talks = []
            for talker in talkers:
                # Spread over a lease, so that they do not all renew at the same moment.
                time.sleep(lease / moments)
                talks.append(threads.submit(talker.talk))
            for talker, talk in zip(talkers, talks, strict=True):
                while not talker.heard_something.wait(1):
                    if talk.done():
                        talk.result()
            blocked_at = _block_all(stack.switches_file, users, chance, _CYCLES * lease)
            for talk in talks:
                talk.result()
            pairs = zip(talkers, users, strict=True)
            return [max(0.0, (talker.last_heard or 0.0) - blocked_at[user.uid]) for talker, user in pairs]


def _taking(stack: LocalStack, user: SignedInUser) -> Take:
    client = MintClient(stack.function_url)

    def take(data: Mapping[str, str]) -> Mapping[str, Any] | None:
        answer = client.call(user.id_token, {"profile": "short", **data})
        if answer.result is None and (answer.refusal is None or answer.refusal.reason != "USER_BLOCKED"):
            raise RuntimeError(f"The function answered {answer.status}: {answer.refusal}")
        return answer.result

    return take


def _block_all(
    switches: Path, users: Sequence[SignedInUser], chance: random.Random, within: float
) -> Mapping[str, float]:
    """Block each user at a random moment. Return uid → the monotonic time of it."""
    started, blocked_at = time.monotonic(), dict[str, float]()
    for moment, user in sorted((chance.uniform(0, within), user.uid) for user in users):
        time.sleep(max(0.0, started + moment - time.monotonic()))
        written = switches.with_suffix(".new")
        written.write_text(json.dumps({"users": {uid: {} for uid in (*blocked_at, user)}}))
        written.replace(switches)
        blocked_at[user] = time.monotonic()
    return blocked_at


def histogram(heard: Sequence[float], lease: int, seed: int) -> str:
    """Return the measurement as text, with its date and versions."""
    limit = bound(lease)
    counts = Counter(int(seconds // _BIN_SECONDS) for seconds in heard)
    bars = [
        f"{_BIN_SECONDS * low:3}-{_BIN_SECONDS * (low + 1):<3} {'#' * counts[low]} {counts[low]}"
        for low in sorted(counts)
    ]
    found = f"shortest {min(heard):.1f}, median {statistics.median(heard):.1f}, longest {max(heard):.1f}"
    versions = f"Python {platform.python_version()}, google-genai {version('google-genai')}"
    return "\n".join(
        [
            f"seconds heard after the block: {len(heard)} random moments, leases of {lease} s, renewed early",
            *bars,
            f"{found}, bound {limit:g} (a lease and the renewal window)",
            f"{datetime.now(UTC).date()}, {versions}, seed {seed}",
        ]
    )


def exit_code(heard: Sequence[float], lease: int) -> int:
    """Return 0 if nobody was heard beyond the bound."""
    return int(max(heard) > bound(lease) + SLACK_SECONDS)


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make cutoff", description=__doc__)
    parser.add_argument("--moments", type=int, default=50, help="how many users are blocked; default: %(default)s")
    parser.add_argument("--lease", type=int, default=SHORTEST_LEASE, help="seconds, from 30; default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments; default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        heard = measure(options.moments, options.lease, options.seed)
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(histogram(heard, options.lease, options.seed) + "\n")
    return exit_code(heard, options.lease)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
