"""`Programs` and `Operator` that follow a script, for what real programs would take too long to show."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from live_tokens_operations.arguments import UsageError
from live_tokens_operations.checks.deployer import NEEDED
from live_tokens_operations.google.look import Found, Look
from live_tokens_operations.outcome import Outcome
from live_tokens_operations.process import Process
from live_tokens_operations.programs import Finished


@dataclass
class ScriptedPrograms:
    """Answers command lines, and notes them.

    Attributes:
        answers: first words of a command line → what comes of it, time after time; the last one stays.
        lines: all command lines, with their stdin.
    """

    answers: dict[str, list[Finished]] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    lines: list[tuple[str, str]] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Tell whether there is such a program."""
        return name not in self.missing

    def ask(self, argv: Sequence[str], stdin: str = "") -> Finished:
        """Answer a command line."""
        line = " ".join(argv)
        self.lines.append((line, stdin))
        for words, answers in self.answers.items():
            if line.startswith(words):
                return answers.pop(0) if len(answers) > 1 else answers[0]
        raise AssertionError(f"nobody expected {line!r}")

    def show(self, argv: Sequence[str], output: Path | None = None) -> Finished:
        """Answer a command line."""
        del output
        return self.ask(argv)


@dataclass
class ScriptedOperator:
    """Types what it is told to.

    Attributes:
        types: the lines that are typed, one for each question.
    """

    types: list[str] = field(default_factory=list)
    interactive: bool = True
    told: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Take note."""
        self.told.append(text)

    def ask(self, question: str) -> str:
        """Type the next line."""
        self.told.append(question)
        return self.types.pop(0)

    def ask_secret(self, question: str) -> str:
        """Type the next line."""
        return self.ask(question)


ALLOWED = {"cloudresourcemanager.googleapis.com": Found({"permissions": list(NEEDED)})}
"""The look of an account that may do all that a deployment does."""


@dataclass
class ScriptedGoogle:
    """Answers for the APIs of Google: host name → what comes of a look."""

    looks: dict[str, Look]
    service_account: str | None = None

    def get(
        self, url: str, role: str, params: Mapping[str, str] | None = None, grant: Sequence[str] | None = None
    ) -> Look:
        """Answer a look."""
        del role, params, grant
        return self.looks[urlsplit(url).hostname or ""]

    def post(self, url: str, role: str, body: Mapping[str, object]) -> Look:
        """Answer a search."""
        del role, body
        return self.looks[urlsplit(url).hostname or ""]


@dataclass
class ScriptedSmokeTest:
    """Ends as it is told to.

    Attributes:
        outcomes: what comes of it, or why it takes not what it was given, time after time; the last one stays.
        has_signer: whether a service account was named that signs.
    """

    outcomes: list[Outcome | UsageError]
    runs: int = 0
    has_signer: bool = False

    def run(self, process: Process) -> Outcome:
        """End as the script says."""
        del process
        self.runs += 1
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, UsageError):
            raise outcome
        return outcome


def no_process() -> Process:
    """Return a process without an environment, whose output goes nowhere."""
    return Process({}, io.StringIO(), io.StringIO(), io.StringIO())


@dataclass
class ScriptedTime:
    """A clock that only waiting moves on."""

    now: float = 0.0

    def monotonic(self) -> float:
        """Return the seconds."""
        return self.now

    def pause(self, seconds: float) -> None:
        """Let time go by."""
        self.now += seconds
