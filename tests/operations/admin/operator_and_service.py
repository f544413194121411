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
from live_tokens.issuing import Caller, Profile, Quota, QuotaState, SessionCall
from live_tokens_operations.cli import main
from live_tokens_operations.process import Process

ROOT = Path(__file__).parents[3]
PER_HOUR = 3
NOW = timedelta()


@dataclass(frozen=True)
class Answer:
    """What a command has printed, and how it ended."""

    code: int
    out: str
    err: str

    def rows(self) -> list[list[str]]:
        """Return the cells of the table's rows, without its head and the line above it."""
        return [line.split() for line in self.out.splitlines()[2:]]


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
        if later not in self.stores:
            self.stores[later] = FirestoreQuotaStore(
                self.project,
                self.database,
                emulator_host=os.environ["FIRESTORE_EMULATOR_HOST"],
                decide_at=lambda read: read + later,
            )
        state = (
            self.stores[later]
            .spend(Caller(uid, "password"), profile_named(profile), SessionCall(), Deadline.after(60))
            .quota
        )
        assert state is not None
        return state


def profile_named(name: str) -> Profile:
    """Return a profile with a quota."""
    return Profile(name, "models/m", timedelta(seconds=60), timedelta(seconds=900), {}, Quota(per_hour=PER_HOUR))
