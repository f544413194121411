"""An operator who types commands, and the service that feels them."""

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from live_tokens.deadline import Deadline
from live_tokens.firestore_quota import FirestoreQuotaStore
from live_tokens.issuing import Caller, Grant, Lease, Profile, Quota, QuotaState, SessionCall
from live_tokens_operations.cli import main
from live_tokens_operations.process import Process

ROOT = Path(__file__).parents[3]
PER_HOUR = 3
NOW = timedelta()
NEW = SessionCall()
LEASED = Profile(
    "talk",
    "models/m",
    timedelta(seconds=60),
    timedelta(seconds=3600),
    {},
    Quota(per_hour=PER_HOUR, minutes_per_day=30, minutes_per_month=300, sessions_at_once=2),
    lease=timedelta(seconds=600),
)


@dataclass(frozen=True)
class Answer:
    """What a command has printed, and how it ended."""

    code: int
    out: str
    err: str

    def rows(self) -> list[list[str]]:
        """Return the cells of the table's rows, without its head and the line above it."""
        return [line.split() for line in self.out.splitlines()[2:]]

    def squeezed(self) -> list[str]:
        """Return the lines with one space where there are several."""
        return [" ".join(line.split()) for line in self.out.splitlines()]


class Operator:
    """Types commands."""

    def types(self, *arguments: str) -> Answer:
        """Run a command in this process."""
        out, err = io.StringIO(), io.StringIO()
        code = main(["admin", *arguments], Process(os.environ, sys.stdin, out, err))
        return Answer(code, out.getvalue(), err.getvalue())

    def does(self, *arguments: str) -> str:
        """Run a command that has to work, and return what it answered."""
        answer = self.types(*arguments)
        assert answer.code == 0, answer.err
        return answer.out

    def types_in_a_shell(self, *arguments: str, environment: Mapping[str, str] = os.environ) -> Answer:
        """Run a command as a program of its own."""
        ran = subprocess.run(
            [sys.executable, "-m", "live_tokens_operations", "admin", *arguments],
            env={**environment, "PYTHONPATH": f"{ROOT / 'functions'}{os.pathsep}{ROOT / 'operations'}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Answer(ran.returncode, ran.stdout, ran.stderr)


@dataclass
class Service:
    """Takes from the real quota store what a call would take."""

    project: str
    database: str = "live-tokens"
    stores: dict[timedelta, FirestoreQuotaStore] = field(default_factory=dict)

    def call(self, uid: str = "ann", profile: str = "default", later: timedelta = NOW) -> QuotaState:
        """Take one live token, now or at another time."""
        state = self.grant(uid, profile_named(profile), later=later).quota
        assert state is not None
        return state

    def lease(self, uid: str, session: str | None = None, later: timedelta = NOW, profile: Profile = LEASED) -> Lease:
        """Take a lease, now or at another time: of a new session, or of this one, to which a handle comes along."""
        lease = self.grant(uid, profile, SessionCall(session, resumes=session is not None), later).lease
        assert lease is not None
        return lease

    def grant(self, uid: str, profile: Profile, call: SessionCall = NEW, later: timedelta = NOW) -> Grant:
        """Decide one call."""
        if later not in self.stores:
            self.stores[later] = FirestoreQuotaStore(
                self.project,
                self.database,
                emulator_host=os.environ["FIRESTORE_EMULATOR_HOST"],
                decide_at=lambda read: read + later,
            )
        return self.stores[later].spend(Caller(uid, "password"), profile, call, Deadline.after(60))


def profile_named(name: str) -> Profile:
    """Return a profile with a quota."""
    return Profile(name, "models/m", timedelta(seconds=60), timedelta(seconds=900), {}, Quota(per_hour=PER_HOUR))
