"""The Gemini API key in Secret Manager: kept if there is one, asked for if not, and tried before it is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from live_tokens_operations.checks.key import look_at_version
from live_tokens_operations.deploy.errors import DeclinedError, MisuseError, ProgramError
from live_tokens_operations.deploy.explanations import require_answer
from live_tokens_operations.deploy.programs import Programs
from live_tokens_operations.deploy.terminal import Operator
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.gemini_key import (
    KEY_VARIABLE,
    WHERE_TO_GET_IT,
    GeminiKey,
    NotAKeyError,
    Refused,
    ask_gemini,
)
from live_tokens_operations.google.look import Found, Look, Looks, Missing, Unseen

_TRIES = 3
_ANSWER_SECONDS = 20.0


class UselessKeyError(Exception):
    """What was given is no key, or Gemini refuses it. The text says why, and does not repeat it."""


def list_models(key: GeminiKey) -> Look | Refused:
    """Ask Gemini what costs nothing, and needs a key that is good."""
    return ask_gemini(key, "v1beta/models?pageSize=1", _ANSWER_SECONDS)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """The key in one secret.

    Attributes:
        secret: `projects/P/secrets/S`.
        project: id of the project, which answers for the calls; gcloud would take the one it is set to.
    """

    programs: Programs
    api: Looks
    operator: Operator
    environment: Mapping[str, str] = field(repr=False)
    secret: str
    project: str
    ask: Callable[[GeminiKey], Look | Refused] = list_models

    def provide(self, *, replace: bool) -> None:
        """Store a key, unless there is one that is to be kept.

        Raises:
            MisuseError: the environment's is no key, or Gemini refuses it.
            DeclinedError: none was typed that is of use, or nobody is there to type one.
            ProgramError: gcloud failed.
        """
        if not replace and self._is_there():
            self.operator.say(
                f"Secret Manager has a key in {self.secret}: kept. To replace it, add NEW_KEY=1 (--new-key)."
            )
            return
        key = self._from_environment() or self._from_operator()
        finished = self.programs.ask(
            [*gcloud_commands.add_key_version(self.project, self.secret), "--quiet"], stdin=key.value
        )
        require_answer(finished, f"The key could not be stored in {self.secret}")
        self.operator.say(f"The key is in Secret Manager, in {self.secret}, and nowhere else.")

    def _is_there(self) -> bool:
        """Tell whether the newest version, which is the one that the function reads, can be read."""
        match look_at_version(self.api, f"{self.secret}/versions/latest"):
            case Missing():
                return False
            case Found({"state": "ENABLED"}):
                return True
            case Found(body):
                state = str(body.get("state", "in no state")).lower()
                self.operator.say(f"The newest version in {self.secret} is {state}: the function has no key.")
                return False
            case unseen:
                why = f"{unseen.why}\n{unseen.remedy}".rstrip()
                raise ProgramError(f"The newest version of {self.secret} could not be looked at: {why}")

    def _from_environment(self) -> GeminiKey | None:
        if KEY_VARIABLE not in self.environment:
            return None
        try:
            key = self._tried(self.environment[KEY_VARIABLE])
        except UselessKeyError as error:
            raise MisuseError(f"{KEY_VARIABLE}: {error}\nAll else is there. Mend it and run this again.") from error
        self.operator.say(f"The Gemini API key is taken from the environment variable {KEY_VARIABLE}.")
        return key

    def _from_operator(self) -> GeminiKey:
        if not self.operator.interactive:
            raise DeclinedError(
                f"A Gemini API key is needed, and there is no terminal to ask at. All else is there. Put the key into "
                f"{KEY_VARIABLE}, or run this in a terminal."
            )
        for _ in range(_TRIES):
            try:
                return self._tried(self.operator.ask_secret("Gemini API key (it is not shown): "))
            except UselessKeyError as error:
                self.operator.say(str(error))
        raise DeclinedError(f"No key was given. All else is there. Get one at {WHERE_TO_GET_IT} and run this again.")

    def _tried(self, typed: str) -> GeminiKey:
        """Return the key that was typed. An outage does not speak against it."""
        try:
            key = GeminiKey.read(typed)
        except NotAKeyError as error:
            raise UselessKeyError(f"This {error}. Get one at {WHERE_TO_GET_IT}") from error
        match self.ask(key):
            case Refused(why):
                raise UselessKeyError(f"Gemini: {why}. Mend that, or get another at {WHERE_TO_GET_IT}")
            case Unseen(why):
                self.operator.say(f"The key is stored untried, because Gemini could not be asked: {why}.")
        return key
