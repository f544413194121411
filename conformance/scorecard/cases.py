"""What the clients meet: scenarios of the stand-in that break real apps, and what a user may expect in each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from gemini_live_stand_in import Answer, Connection, GoAway, Scenario, load_scenario
from gemini_live_stand_in.records import ConnectionRecord
from gemini_live_stand_in.refusals import CLOSE_REFUSALS
from scorecard.stage import Stage

Connections = Sequence[ConnectionRecord]


class Expected(Enum):
    """What counts as survived."""

    ANSWERS = "every question is answered, by a model that remembers the ones before"
    ANSWERS_ANEW = "every question is answered; the conversation may begin anew"
    TOLD = "the app is told why, and the client stops trying"
    EITHER = "the question is answered, or the app is told"


class Basis(Enum):
    """What a scenario rests on. A failure counts only if it is something that Google or any network does."""

    DOCUMENTED = "documented"
    MEASURED = "measured"
    NETWORK = "any network"
    REPORTED = "reported"
    ASSUMED = "assumed"

    @property
    def counts(self) -> bool:
        """Whether a failure is one."""
        return self in (Basis.DOCUMENTED, Basis.MEASURED, Basis.NETWORK)


class Credential(Enum):
    """What the app is given to connect with."""

    KEY = "an API key"
    FRESH = "a token"
    SPENT = "a token that has been used"
    LATE = "a token whose window for new sessions is over"
    MINT = "an API key to mint a token with"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One scenario and how it is judged.

    Attributes:
        about: what happens, for the table.
        source: where the basis is written down.
        scenario: what the stand-in plays; None: nothing out of the ordinary.
        refusal: the name of a close in the stand-in's table, if it is about one: the basis is the provenance there.
        happened: whether the journal shows what the case is about. If not, nothing can be said about the client.
        says: what each answer must have in it.
        after_first: what is done to the stand-in when the first question is answered.
        mute: whether the microphone is switched off with the last word of the user.
    """

    name: str
    about: str
    basis: Basis
    source: str
    expected: Expected
    happened: Callable[[Connections], bool]
    refusal: str = ""
    scenario: Scenario | None = None
    questions: int = 2
    credential: Credential = Credential.KEY
    says: tuple[str, ...] = ()
    app_sees: str = ""
    after_first: Callable[[Stage], None] | None = None
    pause_seconds: float = 0.5
    mute: bool = False


def closed(code: int, reason: str = "") -> Callable[[Connections], bool]:
    """Whether the server closed a connection with a code and a reason that begins like that."""
    return lambda connections: any(
        (end := connection.ending) and end.by == "server" and end.code == code and end.reason.startswith(reason)
        for connection in connections
    )


def refused(name: str) -> Callable[[Connections], bool]:
    """Whether the server closed a connection with a refusal of the stand-in's table."""
    refusal = CLOSE_REFUSALS[name]
    return closed(refusal.code, refusal.text.partition("{")[0][:100])


def sent(*names: str) -> Callable[[Connections], bool]:
    """Whether the server sent all of these, or the stand-in did them."""
    return lambda connections: (
        set(names) <= {event.what for connection in connections for event in connection.events if event.who != "client"}
    )


def dropped(connections: Connections) -> bool:
    """Whether a connection ended without a close frame."""
    return any(connection.ending and connection.ending.by == "drop" for connection in connections)


def turns(count: int) -> Callable[[Connections], bool]:
    """Whether one connection had so many turns of the model."""
    return lambda connections: any(
        sum(event.what == "turnComplete" for event in connection.events) >= count for connection in connections
    )


def heard_a_turn_without_quiet(connections: Connections) -> bool:
    """Whether speech came in and the connection was left without a turn's end by quiet."""
    return any(connection.audio.speech_seconds > 0 for connection in connections)


def opened(connections: Connections) -> bool:
    """Whether a session was opened."""
    return any(connection.setup is not None for connection in connections)


_FACTS = "https://ai.google.dev/api/live"
_SESSIONS = "https://ai.google.dev/gemini-api/docs/live-session"
_TOOLS = "https://ai.google.dev/gemini-api/docs/live-tools"
_TOKENS = "https://ai.google.dev/gemini-api/docs/ephemeral-tokens"
_THIRD_PARTIES = "third parties, 2026"
_USERS = "users' reports"
_TCP = "RFC 6455, 7.1.5"

_TWO_ANSWERS_THEN_GO_AWAY = Scenario(
    name="go-away-between-turns",
    connections=(Connection(steps=(Answer(), GoAway(time_left_seconds=1.5))),),
)

CASES: tuple[Case, ...] = (
    Case(
        name="talk",
        about="two questions and two answers; JSON comes in binary frames",
        basis=Basis.MEASURED,
        source=_THIRD_PARTIES,
        expected=Expected.ANSWERS,
        happened=turns(2),
    ),
    Case(
        name="several-turns",
        about="three model turns for each prompt, as 3.8 may bring; the first turnComplete is not the end",
        basis=Basis.REPORTED,
        source="gemini-skills#81",
        expected=Expected.ANSWERS,
        scenario=load_scenario("several-turns"),
        happened=turns(6),
        says=("Hello, I am the stand-in for Gemini.", "remember"),
    ),
    Case(
        name="no-turn-complete",
        about="an answer without its turnComplete",
        basis=Basis.REPORTED,
        source="seen once, on 3.1",
        expected=Expected.ANSWERS,
        scenario=load_scenario("no-turn-complete"),
        happened=sent("generationComplete"),
    ),
    Case(
        name="interrupted",
        about="the model is interrupted in its first answer",
        basis=Basis.DOCUMENTED,
        source=_FACTS,
        expected=Expected.ANSWERS,
        scenario=load_scenario("interrupted"),
        happened=sent("interrupted"),
        app_sees="interrupted",
    ),
    Case(
        name="tool-call",
        about="the answer needs the result of a function",
        basis=Basis.DOCUMENTED,
        source=_TOOLS,
        expected=Expected.ANSWERS,
        scenario=load_scenario("tool-call"),
        happened=sent("toolCall"),
        questions=1,
        says=("raining",),
    ),
    Case(
        name="tool-call-non-blocking",
        about="the model talks on while the function runs, and again when its result is there",
        basis=Basis.DOCUMENTED,
        source=_TOOLS,
        expected=Expected.ANSWERS,
        scenario=load_scenario("tool-call-non-blocking"),
        happened=sent("toolCall"),
        questions=1,
        says=("raining",),
    ),
    Case(
        name="tool-call-cancelled",
        about="the call is cancelled while the function runs",
        basis=Basis.DOCUMENTED,
        source=_FACTS,
        expected=Expected.ANSWERS,
        scenario=load_scenario("tool-call-cancelled"),
        happened=sent("toolCallCancellation"),
        questions=1,
        says=("cannot tell",),
    ),
    Case(
        name="go-away",
        about="goAway between two questions, and the close 1.5 s later",
        basis=Basis.DOCUMENTED,
        source=_SESSIONS,
        expected=Expected.ANSWERS,
        scenario=_TWO_ANSWERS_THEN_GO_AWAY,
        happened=sent("goAway"),
        pause_seconds=3,
    ),
    Case(
        name="go-away-mid-speech",
        about="goAway in the middle of an answer, and the close a second later",
        basis=Basis.DOCUMENTED,
        source=_SESSIONS,
        expected=Expected.ANSWERS,
        scenario=load_scenario("go-away-mid-speech"),
        happened=sent("goAway"),
        pause_seconds=2,
    ),
    Case(
        name="not-resumable",
        about="no handle is ever given out, then goAway and the close",
        basis=Basis.DOCUMENTED,
        source=_SESSIONS,
        expected=Expected.EITHER,
        scenario=load_scenario("not-resumable"),
        happened=sent("goAway"),
        questions=3,
        pause_seconds=2,
    ),
    Case(
        name="resumed-too-early",
        about="the first attempt to resume is refused because the old socket is still open (1011)",
        basis=Basis.REPORTED,
        source="https://github.com/aicc2025/sip-to-ai/pull/14",
        expected=Expected.ANSWERS,
        scenario=load_scenario("resumed-too-early"),
        refusal="HANDLE_IN_USE",
        happened=refused("HANDLE_IN_USE"),
        pause_seconds=3,
    ),
    Case(
        name="handle-lost",
        about="the handle is not known any more",
        basis=Basis.REPORTED,
        source=_USERS,
        expected=Expected.EITHER,
        scenario=load_scenario("handle-lost"),
        refusal="HANDLE_UNKNOWN",
        happened=refused("HANDLE_UNKNOWN"),
        pause_seconds=3,
    ),
    Case(
        name="closed-unasked",
        about="the server closes with 1000 after an answer",
        basis=Basis.REPORTED,
        source=_USERS,
        expected=Expected.ANSWERS,
        scenario=load_scenario("closed-unasked"),
        happened=closed(1000),
        pause_seconds=2,
    ),
    Case(
        name="internal-error-mid-speech",
        about="1011 Internal error in the middle of an answer",
        basis=Basis.REPORTED,
        source="python-genai#985",
        expected=Expected.ANSWERS,
        scenario=load_scenario("internal-error-mid-speech"),
        refusal="INTERNAL",
        happened=refused("INTERNAL"),
        pause_seconds=2,
    ),
    Case(
        name="unavailable-once",
        about="the first connection is closed with 1011 before setupComplete, the next would work",
        basis=Basis.REPORTED,
        source="js-genai#1236",
        expected=Expected.EITHER,
        scenario=load_scenario("unavailable-once"),
        refusal="UNAVAILABLE",
        happened=refused("UNAVAILABLE"),
        questions=1,
    ),
    Case(
        name="token-spent",
        about="a second session with a token of one use (1011)",
        basis=Basis.MEASURED,
        source=_THIRD_PARTIES,
        expected=Expected.TOLD,
        refusal="TOKEN_USED_UP",
        happened=refused("TOKEN_USED_UP"),
        credential=Credential.SPENT,
        questions=1,
    ),
    Case(
        name="start-window-over",
        about="a token whose window for new sessions is over (1011)",
        basis=Basis.MEASURED,
        source=_THIRD_PARTIES,
        expected=Expected.TOLD,
        refusal="TOKEN_TOO_LATE",
        happened=refused("TOKEN_TOO_LATE"),
        credential=Credential.LATE,
        questions=1,
    ),
    Case(
        name="token-expires",
        about="the token expires in a running session (1011)",
        basis=Basis.MEASURED,
        source=_THIRD_PARTIES,
        expected=Expected.TOLD,
        refusal="TOKEN_EXPIRED_RUNNING",
        happened=refused("TOKEN_EXPIRED_RUNNING"),
        credential=Credential.FRESH,
        after_first=lambda stage: stage.clock.move(1801),
    ),
    Case(
        name="quota-after-setup",
        about="the quota is used up: setupComplete, and 1011 a second later",
        basis=Basis.MEASURED,
        source=_THIRD_PARTIES,
        expected=Expected.TOLD,
        scenario=Scenario(
            name="quota-after-setup", connections=load_scenario("quota-after-setup").connections, repeat=True
        ),
        refusal="QUOTA",
        happened=refused("QUOTA"),
        questions=0,
    ),
    Case(
        name="api-disabled",
        about="the API is disabled in the project (1008)",
        basis=Basis.REPORTED,
        source=_USERS,
        expected=Expected.TOLD,
        scenario=load_scenario("api-disabled"),
        refusal="API_DISABLED",
        happened=refused("API_DISABLED"),
        questions=1,
    ),
    Case(
        name="silent-before-setup-complete",
        about="the setup is never answered; a second connection would work",
        basis=Basis.NETWORK,
        source=_TCP,
        expected=Expected.EITHER,
        scenario=load_scenario("silent-before-setup-complete"),
        happened=sent("silence"),
        questions=1,
    ),
    Case(
        name="silent-after-setup-complete",
        about="nothing comes after setupComplete; a second connection would work",
        basis=Basis.NETWORK,
        source=_TCP,
        expected=Expected.EITHER,
        scenario=load_scenario("silent-after-setup-complete"),
        happened=sent("silence"),
        questions=1,
    ),
    Case(
        name="half-open",
        about="after an answer nobody is at the other end, and pings are not answered",
        basis=Basis.NETWORK,
        source=_TCP,
        expected=Expected.EITHER,
        scenario=load_scenario("half-open"),
        happened=sent("half open"),
    ),
    Case(
        name="drop-mid-speech",
        about="the TCP connection breaks in the middle of an answer",
        basis=Basis.NETWORK,
        source=_TCP,
        expected=Expected.ANSWERS,
        scenario=load_scenario("drop-mid-speech"),
        happened=dropped,
        pause_seconds=2,
    ),
    Case(
        name="slow-network",
        about="every message is 300 ms late",
        basis=Basis.NETWORK,
        source=_TCP,
        expected=Expected.ANSWERS,
        scenario=load_scenario("slow-network"),
        happened=turns(2),
    ),
    Case(
        name="microphone-off",
        about="the microphone is switched off with the last word; 3.8 ignores audioStreamEnd and waits for quiet",
        basis=Basis.REPORTED,
        source="openclaw#152830",
        expected=Expected.ANSWERS,
        happened=heard_a_turn_without_quiet,
        questions=1,
        mute=True,
    ),
    Case(
        name="mint-slow",
        about="minting the token takes 8 seconds",
        basis=Basis.NETWORK,
        source=_TOKENS,
        expected=Expected.ANSWERS,
        scenario=load_scenario("mint-slow"),
        happened=opened,
        credential=Credential.MINT,
        questions=1,
    ),
)
