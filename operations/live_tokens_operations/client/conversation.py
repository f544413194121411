"""A conversation over all its leases: a new token and a new connection before each lease ends, and after each drop.

    with Conversation(lambda data: mint.call(id_token, data), {"profile": "tutor"}) as talk:
        talk.ask("Hello!")

The token is swapped at a pause between `renewAfter` and `renewBefore`, or at `renewBefore` if there is none. The
function is asked first, while the old connection is open; then the old one is closed and the new one opened: Gemini is
reported to refuse to resume a session that is open. A `goAway` and a lost connection take the same path. At the end,
the session's slot is given back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any

from live_tokens_operations.client.live_session import (
    LiveSession,
    Reply,
    SessionClosedError,
    SessionError,
    SessionSilentError,
    live_session,
)
from live_tokens_operations.client.mint_client import Answer, FunctionUnreachableError, Refusal

_ANSWER_SECONDS = 30.0
_HANDLE_SECONDS = 5.0
_RETRY_SECONDS = 5.0
_OUTAGE = 500

Call = Callable[[Mapping[str, str]], Answer]
"""Calls the function as the user, with this `data`."""


class ConversationRefusedError(Exception):
    """The function gives no token to begin or to go on with.

    Attributes:
        refusal: why, or None for an answer that is not one of the function.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.refusal or f"{answer.status}, without a token")
        self.refusal: Refusal | None = answer.refusal


@dataclass(frozen=True, slots=True)
class Swap:
    """One connection in place of another.

    Attributes:
        renewed: whether the new one has another lease. Otherwise it has the rest of the old one's.
        gap_seconds: from closing the old one until Gemini accepted the setup of the new one.
    """

    renewed: bool
    gap_seconds: float


class Conversation:
    """Open it with `with`.

    Args:
        call: also told of the end, with `{"end": id}`.
        data: of every call, such as the profile.
        clock: seconds, of any origin.
        seconds: how long the handshake, the acceptance, and each answer may take.

    Attributes:
        token: the latest `result` of the function.
        swaps: so far.
        refusal: why the latest renewal was refused, or None. The lease that is running goes on to its end.
    """

    _live: LiveSession

    def __init__(
        self,
        call: Call,
        data: Mapping[str, str] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        seconds: float = _ANSWER_SECONDS,
    ) -> None:
        self._call = call
        self._data = dict(data or {})
        self._clock = clock
        self._seconds = seconds
        self._connection = ExitStack()
        self._handle: str | None = None
        self._renew_after: float | None = None
        self._renew_before: float | None = None
        self.token: Mapping[str, Any] = {}
        self.swaps: list[Swap] = []
        self.refusal: Refusal | None = None

    def __enter__(self) -> Conversation:
        """Take the first token and connect.

        Raises:
            ConversationRefusedError: there is no token.
            FunctionUnreachableError: the function did not answer.
            SessionError: Gemini did not accept it.
        """
        self._accept(self._take())
        try:
            self._connect()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, stack: TracebackType | None
    ) -> None:
        self._connection.close()
        self._end()

    @property
    def session(self) -> str | None:
        """The id of the session, or None where the profile has none."""
        session: str | None = self.token.get("session", {}).get("id")
        return session

    def ask(self, text: str, heard: Callable[[str], None] = lambda _: None) -> Reply:
        """Send a turn of text and wait for the reply.

        If the connection is lost, or its lease is about to end before the reply does, the question is asked again on
        the next one. If that is refused, what there still is of the reply is waited for.

        Args:
            heard: called with each piece of the transcript.

        Raises:
            ConversationRefusedError: the connection is lost, and there is no token for another one.
            FunctionUnreachableError: the same, because the function did not answer.
            SessionError: there was no whole reply.
        """
        self._swap_if_due()
        try:
            reply = self._live.ask(text, heard, self._until(self._renew_before))
        except SessionClosedError:
            self._reconnect()
            reply = self._live.ask(text, heard)
        except SessionSilentError:
            if not self._is_past(self._renew_before):
                raise
            renewed = self._swap(handle=self._live.handle)
            reply = self._live.ask(text, heard) if renewed else self._live.wait_for_reply(heard)
        self._swap_if_due()
        return reply

    def pause(self, seconds: float) -> None:
        """Say nothing for some time. A pause is when a lease is renewed.

        Raises:
            ConversationRefusedError: the connection is lost, and there is no token for another one.
            FunctionUnreachableError: the same, because the function did not answer.
            SessionError: another connection did not open.
        """
        while seconds > 0:
            self._swap_if_due()
            step = min(seconds, self._until(self._renew_after))
            try:
                self._live.listen(step)
            except SessionClosedError:
                self._reconnect()
            seconds -= step
        self._swap_if_due()

    def _swap_if_due(self) -> None:
        if self._live.going_away or self._is_past(self._renew_after):
            self._swap(handle=self._newest_handle())

    def _swap(self, handle: str | None) -> bool:
        """Take the next token and connect with it, unless it is refused: then the running lease goes on."""
        self._handle = handle or self._handle
        try:
            token = self._take()
        except (ConversationRefusedError, FunctionUnreachableError) as error:
            self._live.going_away = False
            self._postpone_renewal(error)
            return False
        self._continue_with(token)
        return True

    def _postpone_renewal(self, error: ConversationRefusedError | FunctionUnreachableError) -> None:
        """Try again a little later after an outage, if there is time. A refusal is final."""
        again_at = self._clock() + _RETRY_SECONDS
        self.refusal = error.refusal if isinstance(error, ConversationRefusedError) else None
        is_outage = self.refusal is None or self.refusal.status >= _OUTAGE
        if is_outage and self._renew_before is not None and again_at < self._renew_before:
            self._renew_after = again_at
        else:
            self._renew_after = self._renew_before = None

    def _reconnect(self) -> None:
        """Go on after the connection was lost."""
        self._handle = self._live.handle or self._handle
        self._continue_with(self._take())

    def _continue_with(self, token: Mapping[str, Any]) -> None:
        renewed = token["expireTime"] != self.token["expireTime"]
        closed_at = self._clock()
        self._connection.close()
        self._accept(token)
        self._connect()
        self.swaps.append(Swap(renewed, self._clock() - closed_at))

    def _newest_handle(self) -> str | None:
        """Return the handle that knows the last turn, if it comes in time."""
        with suppress(SessionError):
            return self._live.wait_for_handle(min(_HANDLE_SECONDS, self._until(self._renew_before)))
        return self._live.handle

    def _take(self) -> Mapping[str, Any]:
        data = dict(self._data)
        if self.session is not None:
            data["session"] = self.session
        if self._handle is not None:
            data["resumptionHandle"] = self._handle
        answer = self._call(data)
        if answer.result is None:
            raise ConversationRefusedError(answer)
        return answer.result

    def _accept(self, token: Mapping[str, Any]) -> None:
        """Count from `issuedAt`: this machine's time may be wrong, and its clock begins anywhere."""
        now, session = self._clock(), token.get("session", {})
        issued_at = datetime.fromisoformat(token["issuedAt"])

        def at(name: str) -> float | None:
            moment = session.get(name)
            return None if moment is None else now + (datetime.fromisoformat(moment) - issued_at).total_seconds()

        self.token, self.refusal = token, None
        self._renew_after, self._renew_before = at("renewAfter"), at("renewBefore")

    def _connect(self) -> None:
        opening = live_session(self.token["websocketUrl"], self.token["setup"], seconds=self._seconds)
        self._live = self._connection.enter_context(opening)

    def _end(self) -> None:
        if self.session is not None:
            # Without an answer, the slot is free when the lease is over.
            with suppress(FunctionUnreachableError):
                self._call({"end": self.session})

    def _is_past(self, moment: float | None) -> bool:
        return moment is not None and self._clock() >= moment

    def _until(self, moment: float | None) -> float:
        """Return how long there is to wait for something at most."""
        return self._seconds if moment is None else min(self._seconds, max(0.0, moment - self._clock()))
