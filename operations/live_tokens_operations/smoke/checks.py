"""What has to hold of a deployed service, in the order in which a caller meets it."""

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
WORD = "heron"

_SPENT = "used too many times"
_BYTES_PER_SECOND = 2 * 24_000
# Anybody's phone is further off than this; less cannot be told from the way the answer took.
_CLOCK_SECONDS = 2.0
_MODEL_OF_A_MODIFIED_APP = "models/of-a-modified-app"
_OBEYED = (_MODEL_OF_A_MODIFIED_APP, "response modalities")
_SETUP_OF_A_MODIFIED_APP = {
    "model": _MODEL_OF_A_MODIFIED_APP,
    "generationConfig": {"responseModalities": ["TEXT"]},
}


class PointlessError(Exception):
    """A check failed without which the others make no sense. It has been reported."""


@dataclass(frozen=True, slots=True)
class HeldSession:
    """The session that was held, for those who want to go on with it.

    Attributes:
        handle: its last resumption handle, or None.
    """

    live_token: LiveToken
    handle: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Checks:
    """Makes them.

    Attributes:
        seconds: how long a session may stay silent.
        of_another_project: an ID token that Google signed for another project, or None.
    """

    service: Service
    report: Report
    seconds: float
    of_another_project: IdToken | None = None

    def without_sign_in(self) -> None:
        """Call without an ID token.

        Raises:
            PointlessError: that is not the function.
            FunctionUnreachableError: nothing came back.
        """
        answer = self.service.call(None)
        if answer.refusal is None and answer.result is None:
            self.report.bad(f"{self.service.url} answers {explanation(answer, self.service.project)}", answer)
            raise PointlessError
        self._expect_refusal("A call without an ID token", answer, "ID_TOKEN_MISSING")

    def signed_in(self, id_token: IdToken) -> HeldSession:
        """Make all the checks that take a user, and return the session that was held.

        Raises:
            PointlessError: there is no token, or no session.
            FunctionUnreachableError: nothing came back.
        """
        self._foreign_tokens(id_token)
        held = self._session(self._mint(id_token))
        self._second_use(held.live_token)
        self._lock(id_token)
        self._caching()
        return held

    def user_deleted(self, id_token: IdToken) -> None:
        """Call with the ID token of a user who is deleted by now.

        This tries the form of a look-up's answer, too, which the function believes of Google: live_tokens has it in
        firebase_identity.py.

        Raises:
            FunctionUnreachableError: nothing came back.
        """
        answer = self.service.call(id_token.text)
        if answer.result is not None:
            self.report.note("The user's ID token still gets tokens: CHECK_REVOKED is off, or the user is still there")
            return
        self._expect_refusal("A call of the deleted user", answer, "ID_TOKEN_REVOKED")

    def _foreign_tokens(self, id_token: IdToken) -> None:
        made_up = self.service.call(id_token.of_another_project())
        if id_token.unsigned:
            self._expect_refusal("A call with another project's ID token", made_up, "ID_TOKEN_INVALID")
        else:
            # Nobody but Google signs for a project, so these two are refused for their signature already.
            call = "A call with a token that names another project, signed by a stranger,"
            self._expect_refusal(call, made_up, "ID_TOKEN_INVALID")
            forged = self.service.call(id_token.forged())
            self._expect_refusal("A call with a forged ID token", forged, "ID_TOKEN_INVALID")
        if self.of_another_project is not None:
            self._given_foreign_token(self.of_another_project, id_token)

    def _given_foreign_token(self, foreign: IdToken, own: IdToken) -> None:
        if fault := foreign.unfit_to_stand_for_another_project(own):
            self.report.bad(f"FOREIGN_ID_TOKEN shows nothing: {fault}. Give one of another project, or none.")
            return
        answer = self.service.call(foreign.text)
        self._expect_refusal("A call with the ID token of another project that was given", answer, "ID_TOKEN_INVALID")

    def _expect_refusal(self, call: str, answer: Answer, reason: str) -> None:
        refusal = answer.refusal
        self.report.expect(
            refusal is not None and (refusal.status, refusal.reason) == (401, reason),
            f"{call} is refused: 401 {reason}",
            f"{call} must be refused with 401 {reason}, and the answer is {explanation(answer, self.service.project)}",
            answer,
        )

    def _mint(self, id_token: IdToken) -> LiveToken:
        answer = self.service.call(id_token.text)
        if answer.result is None:
            self.report.bad(f"A signed-in user gets no token: {explanation(answer, self.service.project)}", answer)
            raise PointlessError
        try:
            live_token = read_live_token(answer.result, self.service.profile)
        except ContractError as error:
            self.report.bad(f"The answer is not as the contract has it: {error}")
            raise PointlessError from error
        self.report.good(
            f"A signed-in user gets a token with all that the contract has: profile {self.service.profile}, "
            f"{live_token.model}, {live_token.api_version}"
        )
        self.report.good(f"Its times make sense: {_times(live_token)}; {_clock(live_token, answer)}")
        fault = live_token.faulty_url(self.service.url)
        if not self.report.expect(
            fault is None, "websocketUrl leads to the method that takes the token", f"websocketUrl is wrong: {fault}"
        ):
            raise PointlessError
        return live_token

    def _session(self, live_token: LiveToken) -> HeldSession:
        opened = False
        try:
            with live_session(live_token.websocket_url, live_token.setup, seconds=self.seconds) as session:
                opened = True
                self.report.good("websocketUrl as it came, then the setup that came with it: setupComplete")
                self._answer(session)
                return HeldSession(live_token, _handle(session))
        except SessionError as error:
            what = "The question got no whole answer" if opened else "The token opens no session"
            self.report.bad(f"{what}: {session_explanation(error)}")
            raise PointlessError from error

    def _answer(self, session: LiveSession) -> None:
        reply = session.ask(QUESTION)
        words, speech = reply.transcript.strip(), len(reply.audio) / _BYTES_PER_SECOND
        self.report.expect(
            bool(words or speech),
            f"Gemini answers, with {speech:.1f} s of speech: “{words}”",
            "Gemini ends its turn without a sound and without a word",
        )

    def _second_use(self, live_token: LiveToken) -> None:
        try:
            with live_session(live_token.websocket_url, live_token.setup, seconds=self.seconds):
                self.report.bad("The same token opens a second session: its `uses` must be 1. Do not release this.")
        except SessionError as error:
            self.report.expect(
                _SPENT in str(error),
                f"The same token opens no second session: {error}",
                f"Whether the token was good for one use only, nobody can tell: {session_explanation(error)}",
            )

    def _lock(self, id_token: IdToken) -> None:
        """A client's setup that differs from a full lock is ignored in silence; an open token would obey it, and fail.

        Both measured by third parties; see https://ai.google.dev/api/live#ephemeral-auth-tokens for the rule.
        """
        answer = self.service.call(id_token.text)
        if answer.result is None:
            self.report.bad(
                f"A second token, to try the lock with, was not given: {explanation(answer, self.service.project)}",
                answer,
            )
            return
        try:
            live_token = read_live_token(answer.result, self.service.profile)
        except ContractError as error:
            self.report.bad(f"The second answer is not as the contract has it: {error}")
            return
        try:
            with live_session(live_token.websocket_url, _SETUP_OF_A_MODIFIED_APP, seconds=self.seconds):
                self.report.good("The lock holds: another model and modality in the app's setup change nothing")
        except SessionError as error:
            if any(words in str(error) for words in _OBEYED):
                self.report.bad(
                    f"The token is not locked: a setup of the app's own counts ({error}). Do not release this."
                )
            else:
                self.report.bad(f"Whether the lock holds, nobody can tell: {session_explanation(error)}")

    def _caching(self) -> None:
        cacheable = self.service.cacheable
        self.report.expect(
            cacheable == 0,
            "No answer may be cached: Cache-Control: no-store",
            f"{cacheable} answers lack Cache-Control: no-store. Does a load balancer or a CDN change them?",
        )


def _handle(session: LiveSession) -> str | None:
    """Return the handle that knows the turn. Whether there is one fails nothing: a profile may do without."""
    try:
        return session.wait_for_handle()
    except SessionError:
        return session.handle


def _times(live_token: LiveToken) -> str:
    start = (live_token.new_session_expire_time - live_token.issued_at).total_seconds()
    session = (live_token.expire_time - live_token.issued_at).total_seconds()
    return f"{start:.0f} s to open it, {session:.0f} s until it ends"


def _clock(live_token: LiveToken, answer: Answer) -> str:
    """Compare clocks. `issuedAt` is cut to whole seconds, so up to one of them says nothing."""
    ahead = (answer.called_at - live_token.issued_at).total_seconds() - 1
    behind = (live_token.issued_at - answer.answered_at).total_seconds()
    if ahead > _CLOCK_SECONDS:
        return f"this machine's clock is {ahead:.0f} s ahead of the server's"
    if behind > _CLOCK_SECONDS:
        return f"this machine's clock is {behind:.0f} s behind the server's"
    return "this machine's clock agrees with the server's"
