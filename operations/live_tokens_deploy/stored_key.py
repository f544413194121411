"""The Gemini API key in Secret Manager: kept if there is one, asked for if not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from live_tokens_deploy import gcloud_commands
from live_tokens_deploy.errors import DeclinedError, MisuseError
from live_tokens_deploy.explanations import require_answer
from live_tokens_deploy.gemini_key import KEY_VARIABLE, WHERE_TO_GET_IT, GeminiKey, NotAKeyError
from live_tokens_deploy.programs import Programs
from live_tokens_deploy.terminal import Operator

_TRIES = 3


@dataclass(frozen=True, slots=True)
class StoredKey:
    """The key in one secret.

    Attributes:
        programs: runs gcloud.
        operator: is asked for the key.
        environment: may hold the key.
        secret: `projects/P/secrets/S`.
        project: id of the project, which answers for the calls; gcloud would take the one it is set to.
    """

    programs: Programs
    operator: Operator
    environment: Mapping[str, str] = field(repr=False)
    secret: str
    project: str

    def provide(self, *, replace: bool) -> None:
        """Store a key, unless there is one that is to be kept.

        Raises:
            MisuseError: the environment's is no key.
            DeclinedError: none was typed, or nobody is there to type one.
            ProgramError: gcloud failed.
        """
        if not replace and self._is_there():
            self.operator.say(
                f"Secret Manager has a key in {self.secret}: kept. To replace it, add NEW_KEY=1 (--new-key)."
            )
            return
        key = self._from_environment() or self._from_operator()
        finished = self.programs.ask(gcloud_commands.add_version(self.secret, self.project), stdin=key.value)
        require_answer(finished, f"The key could not be stored in {self.secret}")
        self.operator.say(f"The key is in Secret Manager, in {self.secret}, and nowhere else.")

    def _is_there(self) -> bool:
        finished = self.programs.ask(gcloud_commands.list_enabled_versions(self.secret, self.project))
        require_answer(finished, f"The versions of {self.secret} could not be listed")
        return bool(finished.out.strip())

    def _from_environment(self) -> GeminiKey | None:
        if KEY_VARIABLE not in self.environment:
            return None
        try:
            key = GeminiKey.read(self.environment[KEY_VARIABLE])
        except NotAKeyError as error:
            raise MisuseError(f"{KEY_VARIABLE}: {error}\nAll else is there. Mend it and run this again.") from error
        self.operator.say(f"The Gemini API key is taken from the environment variable {KEY_VARIABLE}.")
        return key

    def _from_operator(self) -> GeminiKey:
        if not self.operator.present:
            raise DeclinedError(
                f"There is no Gemini API key yet, and no terminal to ask at. All else is there. Put the key into "
                f"{KEY_VARIABLE}, or run this in a terminal."
            )
        for _ in range(_TRIES):
            try:
                return GeminiKey.read(self.operator.ask_secret("Gemini API key (it is not shown): "))
            except NotAKeyError as error:
                self.operator.say(str(error))
        raise DeclinedError(f"No key was given. All else is there. Get one at {WHERE_TO_GET_IT} and run this again.")
