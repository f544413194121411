"""What the next conversations do: scenarios, as frozen dataclasses that refuse what makes no sense.

Their names are those of the file format, which `scenario_file` reads. All seconds are of the stand-in's clock.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from gemini_live_stand_in.refusals import (
    ASSUMED,
    CLOSE_REFUSALS,
    CONNECTION_LIMIT,
    HTTP_REFUSALS,
    CloseError,
    CloseRefusal,
    HttpRefusal,
    MintError,
    placeholders,
)
from gemini_live_stand_in.speech import RECORDINGS, Speech, WavError, in_tones, read_wav, recording

_LONGEST_SECONDS = 86_400.0
_MOST_MODEL_TURNS = 20
_LOWEST_HZ, _HIGHEST_HZ = 50, 8000
_CODES = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a scenario.

    Attributes:
        source: the file, or what stands for it.
        path: where in it, such as `connection[0].steps[2].in_seconds`.
        value: what is there, shortened.
        expected: what can be there.
    """

    source: str
    path: str
    value: str
    expected: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.source}: {self.path}: {self.value} is not {self.expected}"


class ScenarioError(ValueError):
    """A scenario makes no sense; `faults` has everything that is wrong with it."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("\n".join(map(str, faults)))


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value must be, apart from its type."""

    expected: str
    holds: Callable[[Any], bool]


def _is_json(value: object) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


Seconds = Annotated[float, Rule("a number of seconds from 0 to 86400", lambda value: 0 <= value <= _LONGEST_SECONDS)]
_Hertz = Annotated[float, Rule("a frequency from 50 to 8000", lambda value: _LOWEST_HZ <= value <= _HIGHEST_HZ)]
_Turns = Annotated[int, Rule("a whole number from 1 to 20", lambda value: 1 <= value <= _MOST_MODEL_TURNS)]
_Text = Annotated[str, Rule("a text that is not empty", bool)]
_Arguments = Annotated[Mapping[str, Any], Rule("a table of JSON values", _is_json)]
_Code = Annotated[
    int,
    Rule(
        "a code that a server can send: 1000-1003, 1007-1014 or 3000-4999; for 1006 there is drop", _CODES.__contains__
    ),
]
_Recording = Annotated[str, Rule(f"one of {', '.join(RECORDINGS)}", RECORDINGS.__contains__)]
_Sound = Annotated[str, Rule("one of speech, tone", {"speech", "tone"}.__contains__)]
_CloseName = Annotated[str, Rule(f"one of {', '.join(CLOSE_REFUSALS)}", CLOSE_REFUSALS.__contains__)]
_MintName = Annotated[str, Rule(f"one of {', '.join(HTTP_REFUSALS)}", HTTP_REFUSALS.__contains__)]


class Checked:
    """A part of a scenario, which cannot be made with values that break its rules."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Refuse values and combinations that make no sense."""
        values = {name: getattr(self, name) for name in _rules(type(self))}
        faults = [*rule_faults(type(self), values)] or [*self._conflicts()]
        if faults:
            raise ScenarioError(*faults)

    def _conflicts(self) -> Iterator[Fault]:
        """Yield what does not go together, once each value alone is right."""
        return iter(())


def _rules(kind: type[Checked]) -> Mapping[str, Rule]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: rule for name, hint in hints.items() if (rule := _rule(hint))}


def _rule(hint: object) -> Rule | None:
    if get_origin(hint) is Annotated:
        return next((extra for extra in get_args(hint)[1:] if isinstance(extra, Rule)), None)
    return next((rule for part in get_args(hint) if (rule := _rule(part))), None)


def rule_faults(kind: type[Checked], values: Mapping[str, object]) -> Iterator[Fault]:
    """Yield which of some values break the rule of their name."""
    for name, rule in _rules(kind).items():
        value = values.get(name)
        if value is not None and not rule.holds(value):
            yield fault(name, value, rule.expected)


def fault(path: str, value: object, expected: str) -> Fault:
    """Return a fault that does not know its file yet."""
    shown = str(value) if isinstance(value, Path) else json.dumps(value, default=str)
    return Fault("scenario", path, shown if len(shown) <= 60 else f"{shown[:57]}…", expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation(Checked):
    """What the user's turn should sound like. The journal has what was not met; the conversation goes on."""

    sound: _Sound
    min_seconds: Seconds = 0.0
    max_seconds: Seconds | None = None
    hz: _Hertz | None = None

    def _conflicts(self) -> Iterator[Fault]:
        if (self.hz is not None) != (self.sound == "tone"):
            yield fault("hz", self.hz, 'the frequency of a tone: it belongs to sound = "tone"')
        if self.max_seconds is not None and self.max_seconds < self.min_seconds:
            yield fault("max_seconds", self.max_seconds, f"{self.min_seconds:g} or more, as min_seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen(Checked):
    """Wait for the end of the user's next turn.

    Attributes:
        input_transcription: the words that a spoken turn is transcribed as.
    """

    input_transcription: _Text | None = None
    expect: Expectation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Checked):
    """Speak. It waits for the user's turn, unless a `Listen` or `ToolCall` before it has had one.

    Attributes:
        say: the transcript; without a recording or a WAV it is also what is heard, in tones.
        recording: a name of `speech.RECORDINGS`. Nothing at all: they come in turn.
        wav: a file of 16 bit, mono, 24 kHz; in a file, a path beside that file.
        model_turns: how many model turns it is cut into; None: as many as the model does.
        interrupted_after_seconds: the model stops as if it had heard the user, after so much sound.
        unprompted: whether it comes without the user's turn.
    """

    say: _Text | None = None
    recording: _Recording | None = None
    wav: Path | None = None
    model_turns: _Turns | None = None
    interrupted_after_seconds: Seconds | None = None
    unprompted: bool = False

    def _conflicts(self) -> Iterator[Fault]:
        if self.wav is not None and self.recording is not None:
            yield fault("wav", self.wav, "possible together with recording")
        elif self.wav is not None:
            try:
                read_wav(self.wav)
            except WavError as error:
                yield fault("wav", self.wav, f"a WAV file of 16 bit, mono, 24 kHz ({error})")

    def speech(self) -> Speech | None:
        """Return what is said, or None for the recording whose turn it is."""
        if self.wav is not None:
            return Speech(self.say or "", read_wav(self.wav))
        if self.recording is not None:
            recorded = recording(self.recording)
            return Speech(self.say or recorded.transcript, recorded.pcm)
        return in_tones(self.say) if self.say else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCall(Checked):
    """One call of a function; without an id it is given one."""

    name: _Text
    args: _Arguments = field(default_factory=dict)
    id: _Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall(Checked):
    """Ask the app to call functions. It waits for the user's turn as `Answer` does.

    Attributes:
        wait: whether the next step waits for the responses to all calls.
        cancel_after_seconds: when calls that have no response yet are cancelled.
    """

    calls: tuple[FunctionCall, ...]
    wait: bool = True
    cancel_after_seconds: Seconds | None = None

    def _conflicts(self) -> Iterator[Fault]:
        ids = [call.id for call in self.calls if call.id]
        if not self.calls or len(ids) > len(set(ids)):
            yield fault("calls", ids, "at least one call, each with an id of its own")


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitToolResponse(Checked):
    """Wait until every call has a response or is cancelled, after a `ToolCall` that did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Checked):
    """Do nothing for a while; the user is still heard."""

    seconds: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed(Checked):
    """Something that happens at once or in so many seconds. The steps after it do not wait for it."""

    in_seconds: Seconds = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending(Timed):
    """How the server closes: a name of the table of refusals, or a code and a reason of your own.

    Attributes:
        code: also in place of the code of a refusal whose code is not stable.
        words: what stands in the places of the refusal's text, such as `{model}`.
    """

    code: _Code | None = None
    reason: str = ""
    refusal: _CloseName | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    def _conflicts(self) -> Iterator[Fault]:
        if self.refusal is None:
            if self.reason and self.code is None:
                yield fault("code", self.code, "a close code, which a reason needs")
            if self.words:
                yield fault("words", dict(self.words), "possible without a refusal")
            return
        if self.reason:
            yield fault("reason", self.reason, "possible together with refusal")
        yield from _word_faults(CLOSE_REFUSALS[self.refusal].text, self.words)

    def close_error(self) -> CloseError:
        """Return the close as the error that brings it about; without a code and a refusal, that of the age limit."""
        if self.refusal is None and self.code is not None:
            return CloseError(CloseRefusal(ASSUMED, self.code, "{reason}"), reason=self.reason)
        refusal = CLOSE_REFUSALS[self.refusal] if self.refusal else CONNECTION_LIMIT
        return CloseError(CloseRefusal(refusal.provenance, self.code or refusal.code, refusal.text), **self.words)


def _word_faults(text: str, words: Mapping[str, str]) -> Iterator[Fault]:
    needed = placeholders(text)
    if needed != words.keys():
        yield fault("words", dict(words), f"a text for each of: {', '.join(sorted(needed)) or '(none)'}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoAway(_Ending):
    """Say goAway, and close so many seconds later, by default as at the age limit. The steps go on meanwhile."""

    time_left_seconds: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(_Ending):
    """Close the WebSocket."""

    def _conflicts(self) -> Iterator[Fault]:
        if self.code is None and self.refusal is None:
            yield fault("code", self.code, "a close code, and there is no refusal either")
            return
        yield from super(Close, self)._conflicts()  # dataclasses with slots break the short form


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop(Timed):
    """Drop the TCP connection without a close frame: 1006 for the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence(Timed):
    """Send nothing more; the socket stays open and answers pings and closes. The limits still hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfOpen(Timed):
    """Stop hearing and answering anything, pings and closes included, as behind a dead network.

    Attributes:
        seconds: how long; then the TCP connection is dropped. None: until the client gives it up.
    """

    seconds: Seconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseHandle(Timed):
    """Forget the conversation: whoever resumes it is refused like that."""

    refusal: _CloseName = "HANDLE_UNKNOWN"


SpokenStep = Listen | Answer | ToolCall | AwaitToolResponse | GoAway | LoseHandle
BareStep = Wait | Close | Drop | Silence | HalfOpen
Step = SpokenStep | BareStep


def step_name(kind: type) -> str:
    """Return what a kind of step is called in files: `ToolCall` is `tool_call`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(Checked):
    """What one WebSocket does. After the steps it talks as without a scenario.

    Attributes:
        on_connect: right after the handshake, before the credential is judged.
        on_setup: after the setup was accepted, before setupComplete.
        steps: after setupComplete.
        delay_seconds: how long each message of the server is held back.
        resumable: whether it gives out handles; if not, it says `resumable: false` once.
    """

    on_connect: tuple[BareStep, ...] = ()
    on_setup: tuple[BareStep, ...] = ()
    steps: tuple[Step, ...] = ()
    delay_seconds: Seconds = 0.0
    resumable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MintAnswer(Checked):
    """How one `POST auth_tokens` is answered; by default as without a scenario, only later.

    Attributes:
        refusal: a name of the table of refusals.
        not_json: whether the answer is 200 with a page of HTML.
        words: what stands in the places of the refusal's text.
    """

    refusal: _MintName | None = None
    not_json: bool = False
    delay_seconds: Seconds = 0.0
    words: Mapping[str, str] = field(default_factory=dict)

    def _conflicts(self) -> Iterator[Fault]:
        if self.not_json and self.refusal:
            yield fault("not_json", self.not_json, "possible together with refusal")
        yield from _word_faults(HTTP_REFUSALS[self.refusal].text if self.refusal else "", self.words)

    def mint_error(self) -> MintError | None:
        """Return the refusal, if it is one."""
        refusal: HttpRefusal | None = HTTP_REFUSALS[self.refusal] if self.refusal else None
        return MintError(refusal, **self.words) if refusal else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario(Checked):
    """What the next connections and mint requests do, one after the other; those after them are as usual.

    Attributes:
        about: what it is good for.
        repeat: whether it starts again after its last.
    """

    name: str = ""
    about: str = ""
    connections: tuple[Connection, ...] = field(default=(), metadata={"in_files": "connection"})
    mints: tuple[MintAnswer, ...] = field(default=(), metadata={"in_files": "mint"})
    repeat: bool = False
