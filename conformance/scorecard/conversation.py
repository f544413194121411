"""Runs one client through one case."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gemini_live_stand_in.journal import Journal
from scorecard.cases import Case, Credential, Expected
from scorecard.clients import Installed
from scorecard.stage import API_VERSION, MODEL, Stage, staged
from scorecard.user import App, Asked, Microphone, User
from scorecard.verdict import Conversation, Verdict, judge

_END_SECONDS = 10
_STORM_SECONDS = 4.0  # long enough to see a client try again and again
_START_WINDOW_SECONDS = 61


def meet(installed: Installed, case: Case, logs: Path) -> Verdict:
    """Let a client meet a case, and return what became of it. What it printed and the journal are kept in `logs`."""
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{case.name}.log"
    with staged(case.scenario, secure=installed.client.secure) as stage:
        credential = _credential(case, stage)
        with _running(installed, _environment(installed, case, stage, credential), log) as app:
            talk = _talk(app, case, stage)
            events = [*app.events]
        trace = stage.stand_in.journal.trace()
    with log.open("a", encoding="utf-8") as file:
        file.writelines(f"{event.what} {dict(event.details)}\n" for event in events)
        file.write(trace)
    return judge(case, talk)


def applies(installed: Installed, case: Case) -> bool:
    """Return whether a client has to do with a case at all."""
    client = installed.client
    return (client.mints or case.credential is not Credential.MINT) and (client.pauses or not case.mute)


def _talk(app: App, case: Case, stage: Stage) -> Conversation:
    assert app.process.stdin  # noqa: S101  # for mypy: it is a pipe
    microphone = Microphone(app.process.stdin)
    journal = stage.stand_in.journal
    user = User(app, microphone, lambda: _stirs(journal), lambda: _floor_is_free(journal))
    asked: list[Asked] = []
    opened = user.wait_for_opening()
    while opened and len(asked) < case.questions and (not asked or (asked[-1].answered and not app.ended)):
        asked.append(user.ask(then_mute=case.mute))
        if len(asked) == 1 and case.after_first:
            case.after_first(stage)
        user.wait(case.pause_seconds)
    if case.questions == 0 or case.after_first or not all(question.answered for question in asked):
        user.wait_until_told()
    if case.expected is Expected.TOLD:
        user.wait(_STORM_SECONDS)
    # Before the microphone is closed: a client that ends because the user hangs up has not given up.
    talk = Conversation(opened, asked, app.told, [*app.events], app.ended, journal.connections)
    microphone.close()
    return talk


def _stirs(journal: Journal) -> int:
    """Count what has happened on all connections, apart from the microphone."""
    connections = journal.connections
    events = sum((event.who, event.what) != ("client", "audio") for talk in connections for event in talk.events)
    return events + sum(talk.ending is not None for talk in connections) + len(connections) + len(journal.mints)


def _floor_is_free(journal: Journal) -> bool:
    connections = journal.connections
    if not connections or connections[-1].ending:
        return True
    spoken = ("audio", "outputTranscription", "generationComplete", "turnComplete", "interrupted", "toolCall")
    content = [event.what for event in connections[-1].events if event.who == "server" and event.what in spoken]
    return not content or content[-1] in ("turnComplete", "interrupted")


def _credential(case: Case, stage: Stage) -> str:
    if case.credential in (Credential.KEY, Credential.MINT):
        return stage.key
    token = stage.token()
    if case.credential is Credential.SPENT:
        stage.spend(token)
    if case.credential is Credential.LATE:
        stage.clock.move(_START_WINDOW_SECONDS)
    return token


def _environment(installed: Installed, case: Case, stage: Stage, credential: str) -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "PYTHONUNBUFFERED": "1",
        "SSL_CERT_FILE": str(stage.authority),
        "LIVE_URL": stage.url,
        "LIVE_KEY": credential,
        "LIVE_MODEL": MODEL,
        "LIVE_API_VERSION": API_VERSION,
        "LIVE_MINT": "1" if case.credential is Credential.MINT else "0",
        **installed.environment,
    }


@contextmanager
def _running(installed: Installed, environment: Mapping[str, str], log: Path) -> Iterator[App]:
    command, *arguments = installed.command
    program = shutil.which(command) or command
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [program, *arguments],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=installed.client.folder,
        )
        app = App(process, log)
        try:
            yield app
        finally:
            process.kill()
            app.close()
            with contextlib.suppress(OSError):  # what the microphone has not got rid of
                if process.stdin:
                    process.stdin.close()
            process.wait(_END_SECONDS)
