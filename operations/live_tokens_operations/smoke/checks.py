"""The checks of a deployed service, in the order of a real caller."""

from __future__ import annotations

from dataclasses import dataclass, field

from live_tokens_operations.client.live_session import LiveSession, SessionError, live_session
from live_tokens_operations.client.mint_client import Answer
from live_tokens_operations.smoke.answers import explanation, session_explanation
from live_tokens_operations.smoke.contract import ContractError, LiveToken, read_live_token
from live_tokens_operations.smoke.id_tokens import IdToken
from live_tokens_operations.smoke.report import Report
from live_tokens_operations.smoke.service import Service

QUESTION = "Please keep the word heron in mind, and say only: hello."
RECALL = "Which word did I ask you to keep in mind?"

_WORD = "heron"
_SPENT = "used too many times"
_BYTES_PER_SECOND = 2 * 24_000
# A smaller difference cannot be distinguished from the transport time of the answer.
_CLOCK_SECONDS = 2.0
_MODEL_OF_A_MODIFIED_APP = "models/of-a-modified-app"
_OBEYED = (_MODEL_OF_A_MODIFIED_APP, "response modalities")
_SETUP_OF_A_MODIFIED_APP = {
    "model": _MODEL_OF_A_MODIFIED_APP,
    "generationConfig": {"responseModalities": ["TEXT"]},
}


class ChecksAbortedError(Exception):
    """A check failed that all later checks depend on. It has been reported."""


@dataclass(frozen=True, slots=True)
class HeldSession:
    """A session that has ended, and can be resumed.

    Attributes:
        handle: its last resumption handle, or None.
    """

    live_token: LiveToken
    handle: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Checks:
    """Runs the checks.

    Attributes:
        seconds: longest silence of a session.
        of_another_project: an ID token that Google signed for another project, or None.
    """

    service: Service
    report: Report
    seconds: float
    of_another_project: IdToken | None = None

    def without_sign_in(self) -> None:
        """Call without an ID token.

        Raises:
            ChecksAbortedError: another service answered.
            FunctionUnreachableError: there was no answer.
        """
        answer = self.service.call(None)
        if answer.refusal is None and answer.result is None:
            self.report.bad(f"{self.service.url} answers {explanation(answer, self.service.project)}", answer)
            raise ChecksAbortedError
        self._expect_refusal("A call without an ID token", answer, "ID_TOKEN_MISSING")

    def first_session(self, id_token: IdToken) -> HeldSession:
        """Sign in with wrong tokens, then with the right one, and return the session that was held.

        Raises:
            ChecksAbortedError: the function issued no token, or the session did not open.
            FunctionUnreachableError: there was no answer.
        """
        self._foreign_tokens(id_token)
        return self._session(self._mint(id_token))

    def what_is_refused(self, id_token: IdToken, held: HeldSession) -> None:
        """Use the token of the session once more, end the session, and try to get round the lock of another token.

        Raises:
            FunctionUnreachableError: there was no answer.
        """
        self._second_use(held.live_token)
        self._end(id_token)
        self._lock(id_token)
        self._caching()

    def user_deleted(self, id_token: IdToken) -> None:
        """Call with the ID token of a deleted user.

        This also tests the form of a look-up's answer, which the function assumes: see firebase_identity.py.

        Raises:
            FunctionUnreachableError: there was no answer.
        """
        answer = self.service.call(id_token.text)
        if answer.result is not None:
            self.report.note("The user's ID token still gets tokens. CHECK_REVOKED is off, or the user still exists")
            return
        self._expect_refusal("A call of the deleted user", answer, "ID_TOKEN_REVOKED")

    def _foreign_tokens(self, id_token: IdToken) -> None:
        made_up = self.service.call(id_token.of_another_project())
        if id_token.unsigned:
            self._expect_refusal("A call with another project's ID token", made_up, "ID_TOKEN_INVALID")
        else:
            # Only Google signs for a project, so these two are refused for their signature.
            call = "A call with an ID token for another project, with a foreign signature,"
            self._expect_refusal(call, made_up, "ID_TOKEN_INVALID")
            forged = self.service.call(id_token.forged())
            self._expect_refusal("A call with a forged ID token", forged, "ID_TOKEN_INVALID")
        if self.of_another_project is not None:
            self._given_foreign_token(self.of_another_project, id_token)

    def _given_foreign_token(self, foreign: IdToken, own: IdToken) -> None:
        if fault := foreign.unfit_to_stand_for_another_project(own):
            self.report.bad(
                f"FOREIGN_ID_TOKEN is not usable: {fault}. Set it to an ID token of another project, or unset it."
            )
            return
        answer = self.service.call(foreign.text)
        self._expect_refusal("A call with FOREIGN_ID_TOKEN, of another project,", answer, "ID_TOKEN_INVALID")

    def _expect_refusal(self, call: str, answer: Answer, reason: str) -> None:
        refusal = answer.refusal
        self.report.expect(
            refusal is not None and (refusal.status, refusal.reason) == (401, reason),
            f"{call} is refused: 401 {reason}",
            f"{call} must be refused with 401 {reason}. The answer was {explanation(answer, self.service.project)}",
            answer,
        )

    def _mint(self, id_token: IdToken) -> LiveToken:
        answer = self.service.call(id_token.text)
        if answer.result is None:
            self.report.bad(f"A signed-in user gets no token: {explanation(answer, self.service.project)}", answer)
            raise ChecksAbortedError
        try:
            live_token = read_live_token(answer.result, self.service.profile)
        except ContractError as error:
            self.report.bad(f"The answer breaks the contract: {error}")
            raise ChecksAbortedError from error
        self.report.good(
            f"A signed-in user gets a token with every field of the contract: profile {self.service.profile}, "
            f"{live_token.model}, {live_token.api_version}"
        )
        self.report.good(f"Its times are plausible: {_times(live_token)}; {_clock(live_token, answer)}")
        fault = live_token.faulty_url(self.service.url)
        if not self.report.expect(
            fault is None, "websocketUrl has the method that accepts the token", f"websocketUrl is wrong: {fault}"
        ):
            raise ChecksAbortedError
        return live_token

    def _session(self, live_token: LiveToken) -> HeldSession:
        opened = False
        try:
            with live_session(live_token.websocket_url, live_token.setup, seconds=self.seconds) as session:
                opened = True
                self.report.good("websocketUrl, unchanged, and the setup that came with it: setupComplete")
                self._answer(session)
                return HeldSession(live_token, newest_handle(session))
        except SessionError as error:
            what = "The session gave no complete answer" if opened else "The token opens no session"
            self.report.bad(f"{what}: {session_explanation(error)}")
            raise ChecksAbortedError from error

    def _answer(self, session: LiveSession) -> None:
        reply = session.ask(QUESTION)
        words, speech = reply.transcript.strip(), len(reply.audio) / _BYTES_PER_SECOND
        self.report.expect(
            bool(words or speech),
            f"Gemini answers, with {speech:.1f} s of speech: “{words}”",
            "Gemini ended its turn without audio and without text",
        )

    def _second_use(self, live_token: LiveToken) -> None:
        try:
            with live_session(live_token.websocket_url, live_token.setup, seconds=self.seconds):
                self.report.bad("The same token opens a second session. Its `uses` must be 1. Do not release this.")
        except SessionError as error:
            self.report.expect(
                _SPENT in str(error),
                f"The same token opens no second session: {error}",
                f"Could not determine whether the token is single-use: {session_explanation(error)}",
            )

    def _end(self, id_token: IdToken) -> None:
        """End the session. Where a user may have one at a time, the next token shows whether its slot is free."""
        session, answer = self.service.session, self.service.end(id_token.text)
        if answer is not None:
            self.report.expect(
                answer.result == {"ended": session},
                "The session ends when the app says so",
                f"The function did not end the session that it began: {explanation(answer, self.service.project)}",
                answer,
            )

    def _lock(self, id_token: IdToken) -> None:
        """Send another setup. A full lock ignores it silently. Without a lock it applies, and the session fails.

        Third parties have measured both. The rule: https://ai.google.dev/api/live#ephemeral-auth-tokens
        """
        answer = self.service.call(id_token.text)
        if answer.result is None:
            self.report.bad(
                f"There is no second token to check the lock with: {explanation(answer, self.service.project)}",
                answer,
            )
            return
        try:
            live_token = read_live_token(answer.result, self.service.profile)
        except ContractError as error:
            self.report.bad(f"The second answer breaks the contract: {error}")
            return
        try:
            with live_session(live_token.websocket_url, _SETUP_OF_A_MODIFIED_APP, seconds=self.seconds):
                self.report.good("The lock works: another model and modality in the app's setup have no effect")
        except SessionError as error:
            if any(words in str(error) for words in _OBEYED):
                self.report.bad(f"The token is not locked: the app's own setup applies ({error}). Do not release this.")
            else:
                self.report.bad(f"Could not determine whether the lock works: {session_explanation(error)}")

    def _caching(self) -> None:
        cacheable = self.service.cacheable
        self.report.expect(
            cacheable == 0,
            "All answers have Cache-Control: no-store",
            f"{cacheable} answers lack Cache-Control: no-store. A load balancer or a CDN may change them.",
        )


def newest_handle(session: LiveSession) -> str | None:
    """Return the handle that includes the last turn. A profile may work without handles, so None is no failure."""
    try:
        return session.wait_for_handle()
    except SessionError:
        return session.handle


def remembers(transcript: str) -> bool:
    """Whether an answer to RECALL has the word of QUESTION."""
    return _WORD in transcript.lower()


def _times(live_token: LiveToken) -> str:
    start = (live_token.new_session_expire_time - live_token.issued_at).total_seconds()
    session = (live_token.expire_time - live_token.issued_at).total_seconds()
    if live_token.lease is None:
        return f"{start:.0f} s to open a session, {session:.0f} s until it ends"
    whole = (live_token.lease.ends_at - live_token.issued_at).total_seconds()
    return f"{start:.0f} s to open a session, {session:.0f} s until its lease ends, {whole:.0f} s until it ends"


def _clock(live_token: LiveToken, answer: Answer) -> str:
    """Compare the clocks. `issuedAt` has no fraction, so a difference of up to one second means nothing."""
    ahead = (answer.called_at - live_token.issued_at).total_seconds() - 1
    behind = (live_token.issued_at - answer.answered_at).total_seconds()
    if ahead > _CLOCK_SECONDS:
        return f"this machine's clock is {ahead:.0f} s ahead of the server's"
    if behind > _CLOCK_SECONDS:
        return f"this machine's clock is {behind:.0f} s behind the server's"
    return "this machine's clock agrees with the server's"
