"""Sessions in leases: renewed during a conversation, one at a time, out of minutes, and a blocked user going quiet.

The shortest lease is 30 seconds, so two users begin to talk early, and the rest of the demo runs meanwhile.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from demo.narrator import Narrator
from firebase_sign_in import SignedInUser, sign_up
from live_tokens_operations.client.conversation import Conversation, ConversationRefusedError, Swap
from live_tokens_operations.client.live_session import Reply
from live_tokens_operations.client.mint_client import MintClient, Refusal

LEASE_SECONDS = 30
BOUND_SECONDS = LEASE_SECONDS + LEASE_SECONDS // 3
SHORT_LEASES_PROFILE = "short-leases"
SHORT_LEASES_TOML = f"""
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 30
lease_seconds = {LEASE_SECONDS}
session_seconds = 3600
[quota]
minutes_per_day = 2
sessions_at_once = 1
[config]
response_modalities = ["AUDIO"]
output_audio_transcription = {{}}
"""
_DATA = {"profile": SHORT_LEASES_PROFILE}
_STEP_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class _Renewed:
    swap: Swap
    reply: Reply


@dataclass(frozen=True, slots=True)
class _Quiet:
    """A talk that could not go on.

    Attributes:
        at: `time.monotonic()` of the end of the last connection.
    """

    at: float
    refusal: Refusal | None


@dataclass(slots=True)
class Leases:
    """Two users who talk, and what becomes of them.

    Args:
        switches_file: where the local stack looks for stop switches.
        real_gemini: whether a handle in a lock may be refused: Google has not been measured.
    """

    auth_host: str
    narrator: Narrator
    mint: MintClient
    switches_file: Path
    real_gemini: bool
    _first_hangs_up: Event = field(default_factory=Event)
    _all_over: Event = field(default_factory=Event)

    @contextmanager
    def two_users_talk(self) -> Iterator[None]:
        """Let two users begin, and tell what became of them at the end of the block.

        Raises:
            UnexpectedBehaviourError: a step did not behave as described.
        """
        self.narrator.step(f"Two users begin to talk with “{SHORT_LEASES_PROFILE}”, in leases of {LEASE_SECONDS} s")
        talker, blocked = sign_up(self.auth_host), sign_up(self.auth_host)
        renewed: Future[_Renewed] = Future()
        with ThreadPoolExecutor(2) as threads:
            try:
                talking = threads.submit(self._talk, talker, renewed)
                ending = threads.submit(self._talk_until_quiet, blocked)
                self.narrator.note("They go on while the next steps run")
                yield
                self._block(blocked)
                blocked_at = time.monotonic()
                self._tell_of_the_renewal(renewed, talking)
                self._refuse_a_second_session(talker, talking)
                self._run_out_of_minutes(talker)
                self._tell_of_the_silence(ending, blocked_at)
            finally:
                self._first_hangs_up.set()
                self._all_over.set()

    def _talk(self, user: SignedInUser, renewed: Future[_Renewed]) -> None:
        with self._conversation(user) as talk:
            talk.ask("Hello! Who are you?")
            while not talk.swaps and not self._first_hangs_up.is_set():
                talk.pause(_STEP_SECONDS)
            reply = talk.ask("What were we talking about?")
            if talk.swaps:
                renewed.set_result(_Renewed(talk.swaps[0], reply))
            while not self._first_hangs_up.is_set():
                talk.pause(_STEP_SECONDS)

    def _talk_until_quiet(self, user: SignedInUser) -> _Quiet:
        heard_at = time.monotonic()
        try:
            with self._conversation(user) as talk:
                while not self._all_over.is_set():
                    talk.ask("Tell me more.")
                    heard_at = time.monotonic()
        except ConversationRefusedError as error:
            return _Quiet(time.monotonic(), error.refusal)
        return _Quiet(heard_at, None)

    def _conversation(self, user: SignedInUser) -> Conversation:
        return Conversation(lambda data: self.mint.call(user.id_token, data), _DATA)

    def _block(self, user: SignedInUser) -> None:
        self.switches_file.write_text(json.dumps({"users": {user.uid: {}}}), encoding="utf-8")

    def _tell_of_the_renewal(self, renewed: Future[_Renewed], talking: Future[None]) -> None:
        self.narrator.step("The first user's lease is renewed during a conversation")
        while not renewed.done() and not talking.done():
            time.sleep(_STEP_SECONDS)
        if not renewed.done():
            talking.result()
        result = renewed.result(timeout=0)
        gap = f"{result.swap.gap_seconds * 1000:.0f} ms without a connection"
        if self.real_gemini:
            self.narrator.note(f"{gap}, then: {result.reply.transcript}")
            return
        self.narrator.expect(result.swap.renewed and "remember" in result.reply.transcript, f"{gap}, at a pause")
        self.narrator.good(f"The talk is remembered: “{result.reply.transcript}”")

    def _refuse_a_second_session(self, user: SignedInUser, talking: Future[None]) -> None:
        self.narrator.step("The same user opens a second session, and ends the first")
        refusal = self.mint.refusal(user.id_token, _DATA)
        self.narrator.expect(refusal.reason == "TOO_MANY_SESSIONS", f"{refusal}: when a slot is free at the latest")
        self._first_hangs_up.set()
        talking.result()
        session = self.mint.token(user.id_token, _DATA)["session"]["id"]
        self.narrator.good("Ended with {“end”: id}: the slot is free at once, and the next call gets a token")
        self.mint.call(user.id_token, {"end": session})

    def _run_out_of_minutes(self, user: SignedInUser) -> None:
        self.narrator.step("The user's two minutes of the day run out")
        while (answer := self.mint.call(user.id_token, _DATA)).result is not None:
            self.mint.call(user.id_token, {"end": answer.result["session"]["id"]})
            self.narrator.good(f"a lease of 30 s, {answer.result['quota']['minutesLeft']:g} minutes left")
        refusal = answer.refusal
        as_described = refusal is not None and refusal.reason == "MINUTES_EXCEEDED"
        wait = timedelta(seconds=(refusal and refusal.retry_after_seconds) or 0)
        due = f"{datetime.now(UTC) + wait:%H:%M:%S} UTC"
        self.narrator.expect(as_described, f"{refusal}: the next 30 s are due at {due}")

    def _tell_of_the_silence(self, ending: Future[_Quiet], blocked_at: float) -> None:
        self.narrator.step("The second user was blocked while talking")
        quiet = ending.result()
        reason = quiet.refusal.reason if quiet.refusal else "none"
        heard = quiet.at - blocked_at
        self.narrator.expect(
            reason == "USER_BLOCKED" and heard <= BOUND_SECONDS,
            f"{reason}: quiet {heard:.1f} s after the block. With this profile it is at most {BOUND_SECONDS} s",
        )
        self.switches_file.write_text("{}", encoding="utf-8")
