"""Holds one session over several leases, as an app does: each next lease at the time that the function names."""

from __future__ import annotations

import time
from dataclasses import dataclass

from live_tokens_operations.client.live_session import SessionError, live_session
from live_tokens_operations.smoke.answers import explanation, session_explanation
from live_tokens_operations.smoke.checks import QUESTION, RECALL, newest_handle, remembers
from live_tokens_operations.smoke.contract import ContractError, Lease, LiveToken
from live_tokens_operations.smoke.id_tokens import IdToken
from live_tokens_operations.smoke.observations import WITHOUT_HANDLES
from live_tokens_operations.smoke.report import Report
from live_tokens_operations.smoke.service import NoTokenError, Service

# The function cuts its times to whole seconds, and takes them from Firestore's clock.
_CLOCKS_SECONDS = 1.0
_TALK_SECONDS = 15.0


class _Stopped(Exception):
    """The session does not go on. The text says why."""


@dataclass(frozen=True, slots=True)
class Leases:
    """Holds the session.

    Attributes:
        seconds: longest silence of a session.
        count: of leases, at least two.
    """

    service: Service
    report: Report
    seconds: float
    count: int

    def hold(self, id_token: IdToken, seconds_left: float) -> None:
        """Hold a session over its leases, and report each; a failure fails the run.

        Args:
            seconds_left: of the run. Nothing begins that would take longer.

        Raises:
            FunctionUnreachableError: there was no answer.
        """
        try:
            self._hold(id_token, seconds_left)
        except NoTokenError as error:
            self.report.bad(f"A lease was not granted: {explanation(error.answer, self.service.project)}", error.answer)
        except ContractError as error:
            self.report.bad(f"The answer with a lease breaks the contract: {error}")
        except SessionError as error:
            self.report.bad(f"The session did not outlast its leases: {session_explanation(error)} {WITHOUT_HANDLES}")
        except _Stopped as error:
            self.report.bad(f"No session over {self.count} leases: {error}")

    def _hold(self, id_token: IdToken, seconds_left: float) -> None:
        live_token = self.service.live_token(id_token.text)
        self._require_time(live_token, seconds_left)
        transcripts: list[str] = []
        handle, number = None, 1
        while True:
            received = time.monotonic()
            with live_session(live_token.websocket_url, live_token.setup, seconds=self.seconds) as session:
                if len(transcripts) < number:
                    transcripts.append(session.ask(RECALL if transcripts else QUESTION).transcript.strip())
                    self.report.good(f"Lease {number} of {self.count}: Gemini answers “{transcripts[-1]}”")
                if number == self.count:
                    break
                handle = newest_handle(session) or handle
                session.listen(max(0.0, _until_renewal(live_token) - (time.monotonic() - received)))
                # The next token first, so that the conversation stands still only while the sockets are swapped.
                following = self._next_token(id_token, live_token, session.handle or handle)
            if following.expire_time > live_token.expire_time:
                number += 1
            elif not session.going_away:
                raise _Stopped("a call after `renewAfter` got no further lease")
            live_token = following
        self._report_context(transcripts[1:])

    def _require_time(self, live_token: LiveToken, seconds_left: float) -> None:
        lease = _lease_of(live_token)
        needed = _until_renewal(live_token) + (self.count - 2) * lease.seconds + _TALK_SECONDS
        if needed > seconds_left:
            raise _Stopped(
                f"with leases of {lease.seconds} s it takes {needed:.0f} s, and the run ends in {seconds_left:.0f} s. "
                f"Use --profile for one with shorter leases, or ID_TOKEN, with which --deadline can be longer."
            )
        self.report.note(f"A session over {self.count} leases of {lease.seconds} s takes {needed:.0f} s")

    def _next_token(self, id_token: IdToken, before: LiveToken, handle: str | None) -> LiveToken:
        """Return the token of the next lease, or of the same one where Gemini ends the connection before it is due."""
        token = self.service.live_token(id_token.text, resumption_handle=handle, goes_on=True)
        last, lease = _lease_of(before), _lease_of(token)
        if lease.session != last.session:
            raise _Stopped("the answer to a renewal is of another session")
        gap = (token.expire_time - before.expire_time).total_seconds() - lease.seconds
        if token.expire_time > before.expire_time and abs(gap) > _CLOCKS_SECONDS:
            raise _Stopped(f"the next lease does not begin where the last one ends, but {gap:.0f} s after it")
        return token

    def _report_context(self, transcripts: list[str]) -> None:
        question = f"The context of a session over {self.count} leases"
        if not all(transcripts):
            self.report.observation(question, "not known, because the profile has no transcription")
        elif all(map(remembers, transcripts)):
            self.report.observation(question, "kept: Gemini remembered the word in each")
        else:
            self.report.observation(question, "not kept: Gemini did not remember the word in each")


def _lease_of(live_token: LiveToken) -> Lease:
    if live_token.lease is None:
        raise _Stopped("the profile has no leases")
    return live_token.lease


def _until_renewal(live_token: LiveToken) -> float:
    """Return how many seconds after its answer the next lease can be had."""
    renew_after = _lease_of(live_token).renew_after
    if renew_after is None:
        raise _Stopped("the session ends with this lease. Raise session_seconds of the profile.")
    return (renew_after - live_token.issued_at).total_seconds() + _CLOCKS_SECONDS
