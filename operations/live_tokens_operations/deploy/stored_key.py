"""The Gemini API key in Secret Manager. An existing key is kept; a new one is tested before it is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from live_tokens_operations.checks.key import look_at_version
from live_tokens_operations.defaults import KEY_VARIABLE
from live_tokens_operations.deploy.errors import DeclinedError, MisuseError, UnansweredError
from live_tokens_operations.deploy.explanations import require_answer
from live_tokens_operations.deploy.terminal import Operator
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.gemini_key import (
    WHERE_TO_GET_IT,
    GeminiKey,
    NotAKeyError,
    Refused,
    ask_gemini,
)
from live_tokens_operations.google.look import Found, Look, Looks, Missing, Unseen
from live_tokens_operations.programs import Programs

_TRIES = 3
_ANSWER_SECONDS = 20.0


class UselessKeyError(Exception):
    """The text is not a key, or Gemini refuses it. The message says why, without repeating the text."""


def list_models(key: GeminiKey) -> Look | Refused:
    """Test a key with a free call."""
    return ask_gemini(key, "v1beta/models?pageSize=1", _ANSWER_SECONDS)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """The key in one secret.

    Attributes:
        secret: `projects/P/secrets/S`.
        project: id of the project. Without it, gcloud would use its configured project.
    """

    programs: Programs
    api: Looks
    operator: Operator
    environment: Mapping[str, str] = field(repr=False)
    secret: str
    project: str
    ask: Callable[[GeminiKey], Look | Refused] = list_models

    def provide(self, *, replace: bool) -> None:
        """Store a key, unless one exists and is kept.

        Raises:
            MisuseError: the key in the environment is unusable.
            DeclinedError: no usable key was typed, or there is no terminal.
            UnansweredError: Secret Manager did not say whether it has a key.
            ProgramError: gcloud failed.
        """
        if not replace and self._is_there():
            self.operator.say(
                f"Secret Manager has a key in {self.secret}. It is kept. To replace it, add NEW_KEY=1 (--new-key)."
            )
            return
        key = self._from_environment() or self._from_operator()
        finished = self.programs.ask(
            [*gcloud_commands.add_key_version(self.project, self.secret), "--quiet"], stdin=key.value
        )
        require_answer(finished, f"The key could not be stored in {self.secret}")
        self.operator.say(f"The key is stored in Secret Manager, in {self.secret}, and nowhere else.")

    def _is_there(self) -> bool:
        """Whether the newest version, which the function reads, is enabled."""
        match look_at_version(self.api, f"{self.secret}/versions/latest"):
            case Missing():
                return False
            case Found({"state": "ENABLED"}):
                return True
            case Found(body):
                state = str(body.get("state", "in no state")).lower()
                self.operator.say(f"The newest version in {self.secret} is {state}. The function has no key.")
                return False
            case unseen:
                why = f"{unseen.why}\n{unseen.remedy}".rstrip()
                raise UnansweredError(f"The newest version of {self.secret} was not checked: {why}")

    def _from_environment(self) -> GeminiKey | None:
        if KEY_VARIABLE not in self.environment:
            return None
        try:
            key = self._tried(self.environment[KEY_VARIABLE])
        except UselessKeyError as error:
            raise MisuseError(
                f"{KEY_VARIABLE}: {error}\nEverything else is deployed. Correct the key and run this again."
            ) from error
        self.operator.say(f"The Gemini API key is taken from the environment variable {KEY_VARIABLE}.")
        return key

    def _from_operator(self) -> GeminiKey:
        if not self.operator.interactive:
            raise DeclinedError(
                f"A Gemini API key is needed, and there is no terminal to ask for it. Everything else is deployed. Set "
                f"{KEY_VARIABLE} to the key, or run this in a terminal."
            )
        for _ in range(_TRIES):
            try:
                return self._tried(self.operator.ask_secret("Gemini API key (it is not shown): "))
            except UselessKeyError as error:
                self.operator.say(str(error))
        raise DeclinedError(
            f"No key was entered. Everything else is deployed. Get one at {WHERE_TO_GET_IT} and run this again."
        )

    def _tried(self, typed: str) -> GeminiKey:
        """Return the key unless Gemini refuses it. An outage of Gemini is no refusal."""
        try:
            key = GeminiKey.read(typed)
        except NotAKeyError as error:
            raise UselessKeyError(f"This {error}. Get one at {WHERE_TO_GET_IT}") from error
        match self.ask(key):
            case Refused(why):
                raise UselessKeyError(f"Gemini: {why}. Correct that, or get another key at {WHERE_TO_GET_IT}")
            case Unseen(why):
                self.operator.say(f"The key is stored without a test, because Gemini did not answer: {why}.")
        return key
