"""What leases cost at scale: a simulation of conversations, and a comparison with the limits that are known.

Prints three Markdown tables. All assumptions are fields of `Assumptions`; nothing here was measured at Google.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LEASES = (60, 120, 300)
MINUTES_PER_HOUR = (1_000, 10_000, 100_000, 1_000_000)
CALLS_PER_DAY = (10, 100, 1_000, 10_000, 100_000)
MIN_INSTANCES = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the tables rest on.

    Attributes:
        conversation_minutes: mean length of a conversation. Lengths are exponential.
        longest_minutes: `session_seconds` of the profile.
        drops_per_minute: how often a connection drops in a minute of talk. Each drop is a reconnect.
        peak: the busiest ten minutes of an hour, over their mean.
        cpu_seconds: of one call, with Firestore. 19 ms on two shared cores, 2026-11-27.
        call_seconds: of one warm call, mostly waiting.
        utilisation: of the CPU of an instance.
        concurrency: calls at once in an instance, the default of infra/.
        max_instances: the default of infra/.
        documents_read: by one call for a token: the quota and three stop switches.
        usd_per_read: of a Firestore document, as quoted for regions in the US. Yours may cost more:
            https://cloud.google.com/firestore/pricing
        usd_per_write: the same.
        ramp: writes a second with which Firestore advises to start in a new collection, then 50 % more every five
            minutes. https://firebase.google.com/docs/firestore/best-practices
        usd_per_minute: of talk with gemini-3.8-live, audio in and out on a short context, as quoted on 2026-10-09.
        usd_per_ten_minutes: Gemini's spend limit by tier, as quoted on 2026-10-09.
        waking_hours: of a day, through which calls come at random. There are none in the rest.
        idle_minutes: how long an unused instance is kept at most: https://cloud.google.com/run/docs/about-instance-autoscaling
        cold_seconds: of a start on Cloud Run. Not measured.
        usd_per_active_second: of one vCPU and half a GiB while a call is answered, in a region of tier 1, without the
            free tier: https://cloud.google.com/run/pricing
        usd_per_idle_second: the same, of an instance of `min_instances` that answers nobody.
        usd_per_call: of a request to Cloud Run.
    """

    conversation_minutes: float = 6
    longest_minutes: float = 60
    drops_per_minute: float = 1 / 30
    peak: float = 2
    cpu_seconds: float = 0.020
    call_seconds: float = 0.4
    utilisation: float = 0.6
    concurrency: int = 32
    max_instances: int = 10
    documents_read: int = 4
    usd_per_read: float = 0.03 / 100_000
    usd_per_write: float = 0.09 / 100_000
    ramp: float = 500
    usd_per_minute: float = 0.023
    usd_per_ten_minutes: tuple[float, ...] = (10, 50, 200)
    waking_hours: float = 16
    idle_minutes: float = 15
    cold_seconds: float = 5
    usd_per_active_second: float = 0.000024 + 0.5 * 0.0000025
    usd_per_idle_second: float = 0.0000025 + 0.5 * 0.0000025
    usd_per_call: float = 0.40 / 1_000_000


@dataclass(frozen=True, slots=True)
class PerMinute:
    """What one minute of talk takes.

    Attributes:
        mints: tokens: leases and reconnects.
        ends: calls that end a session.
        granted: minutes taken from quotas. The rest of a last lease is granted and not talked.
    """

    mints: float
    ends: float
    granted: float

    @property
    def calls(self) -> float:
        """Calls of the function. Each is one write in Firestore."""
        return self.mints + self.ends


@dataclass(frozen=True, slots=True)
class Load:
    """What so many minutes of talk an hour come to. Rates are means over the hour; instances are for the peak."""

    mints_per_second: float
    writes_per_second: float
    firestore_usd_per_hour: float
    instances: int
    gemini_usd_per_hour: float


def simulate(lease: int, assumed: Assumptions, conversations: int = 20_000, seed: int = 1) -> PerMinute:
    """Return what a minute of talk takes, over so many random conversations.

    An app renews in the middle of the renewal window, if its user is still talking then.

    Args:
        lease: seconds.
    """
    lengths = random.Random(seed)  # noqa: S311  # no secret
    renews_before = min(lease / 3, 60) / 2
    talked, leases = 0.0, 0
    for _ in range(conversations):
        seconds = min(60 * lengths.expovariate(1 / assumed.conversation_minutes), 60 * assumed.longest_minutes)
        talked += seconds / 60
        leases += min(1 + int((seconds + renews_before) // lease), math.ceil(60 * assumed.longest_minutes / lease))
    return PerMinute(
        mints=leases / talked + assumed.drops_per_minute,
        ends=conversations / talked,
        granted=leases * lease / 60 / talked,
    )


@dataclass(frozen=True, slots=True)
class Traffic:
    """What calls through a day meet.

    Attributes:
        cold_share: of the calls, those that wait for a start.
        instances: the most at once.
        usd_per_month: of Cloud Run, for thirty days.
    """

    cold_share: float
    instances: int
    usd_per_month: float


def traffic(calls: int, min_instances: int, assumed: Assumptions, seed: int = 1) -> Traffic:
    """Return what so many calls a day meet, over one random day or as many as it takes for 20,000 calls."""
    moments = random.Random(seed)  # noqa: S311  # no secret
    days, at_once = max(1, 20_000 // calls), _calls_at_once(assumed)
    cold, most = 0, min_instances
    warm = [_Instance() for _ in range(min_instances)]
    for day in range(days):
        for moment in sorted(moments.uniform(0, 3600 * assumed.waking_hours) for _ in range(calls)):
            now = 86_400 * day + moment
            gone = now - 60 * assumed.idle_minutes
            warm = [each for place, each in enumerate(warm) if place < min_instances or each.idle_since > gone]
            taken = next((each for each in warm if each.busy(now) < at_once), None)
            if taken is None:
                cold, taken = cold + 1, _Instance()
                warm.append(taken)
                taken.answer(now + assumed.cold_seconds + assumed.call_seconds)
            else:
                taken.answer(now + assumed.call_seconds)
            most = max(most, len(warm))
    each_call = assumed.usd_per_call + assumed.call_seconds * assumed.usd_per_active_second
    idle = min_instances * 86_400 * assumed.usd_per_idle_second
    return Traffic(cold / (days * calls), most, 30 * (calls * each_call + idle))


class _Instance:
    """One that is warm, and the calls that it answers."""

    def __init__(self) -> None:
        self._ends: list[float] = []
        self.idle_since = 0.0

    def answer(self, until: float) -> None:
        self._ends.append(until)
        self.idle_since = max(self.idle_since, until)

    def busy(self, now: float) -> int:
        self._ends = [end for end in self._ends if end > now]
        return len(self._ends)


def _calls_at_once(assumed: Assumptions) -> int:
    return int(min(assumed.concurrency, assumed.utilisation * assumed.call_seconds / assumed.cpu_seconds))


def load(minutes: float, each: PerMinute, assumed: Assumptions) -> Load:
    """Return what so many minutes of talk an hour come to."""
    calls = minutes * each.calls / 3600
    reads_per_hour = minutes * (each.mints * assumed.documents_read + each.ends)
    return Load(
        mints_per_second=minutes * each.mints / 3600,
        writes_per_second=calls,
        firestore_usd_per_hour=reads_per_hour * assumed.usd_per_read + minutes * each.calls * assumed.usd_per_write,
        instances=max(1, math.ceil(_instances(calls * assumed.peak, assumed))),
        gemini_usd_per_hour=minutes * assumed.usd_per_minute,
    )


def limits(each: PerMinute, assumed: Assumptions) -> Mapping[str, float]:
    """Return how many minutes of talk an hour each known limit allows."""
    peak_calls = each.calls * assumed.peak / 3600
    spend = {
        f"Gemini's spend limit, tier {tier}": 6 * usd / assumed.usd_per_minute / assumed.peak
        for tier, usd in enumerate(assumed.usd_per_ten_minutes, 1)
    }
    return {
        **spend,
        f"`max_instances = {assumed.max_instances}`": assumed.max_instances / _instances(peak_calls, assumed),
        f"Firestore's start, {assumed.ramp:.0f} writes/s": assumed.ramp / peak_calls,
    }


def _instances(calls_per_second: float, assumed: Assumptions) -> float:
    by_cpu = calls_per_second * assumed.cpu_seconds / assumed.utilisation
    by_concurrency = calls_per_second * assumed.call_seconds / assumed.concurrency
    return max(by_cpu, by_concurrency)


def tables(assumed: Assumptions) -> str:
    """Return all tables, in Markdown."""
    each = {lease: simulate(lease, assumed) for lease in LEASES}
    known = {lease: limits(each[lease], assumed) for lease in LEASES}
    first_of_60 = sorted(known[LEASES[0]], key=lambda name: known[LEASES[0]][name])
    loads = _rows(
        ["minutes/h", "lease", "mints/s", "writes/s", "Firestore $/h", "instances", "Gemini $/h"],
        (
            [f"{minutes:,}", f"{lease} s", *_cells(load(minutes, each[lease], assumed))]
            for minutes in MINUTES_PER_HOUR
            for lease in LEASES
        ),
    )
    allowed = _rows(
        ["minutes of talk an hour that it allows", *(f"leases of {lease} s" for lease in LEASES)],
        [
            *([name, *(_short(known[lease][name]) for lease in LEASES)] for name in first_of_60),
            ["Gemini's limit of mints", *["unpublished"] * len(LEASES)],
            ["Gemini's limit of sessions at once", *["unpublished"] * len(LEASES)],
        ],
    )
    granted = ", ".join(f"{each[lease].granted:.2f} with leases of {lease} s" for lease in LEASES)
    return f"{loads}\n\n{allowed}\n\nMinutes granted for one minute of talk: {granted}."


def start_table(assumed: Assumptions) -> str:
    """Return the table of starts, in Markdown."""
    return _rows(
        ["calls a day", "`min_instances`", "calls that wait for a start", "instances at most", "Cloud Run $/month"],
        (
            [f"{calls:,}", str(minimum), *_start_cells(traffic(calls, minimum, assumed))]
            for calls in CALLS_PER_DAY
            for minimum in MIN_INSTANCES
        ),
    )


def _start_cells(found: Traffic) -> list[str]:
    share = f"{100 * found.cold_share:.2g} %" if found.cold_share else "none"
    return [share, str(found.instances), f"{found.usd_per_month:.2f}"]


def _cells(load: Load) -> list[str]:
    return [
        _short(load.mints_per_second),
        _short(load.writes_per_second),
        f"{load.firestore_usd_per_hour:.3f}",
        str(load.instances),
        _short(load.gemini_usd_per_hour),
    ]


def _short(number: float) -> str:
    """Return two significant digits: no assumption has more."""
    digits = 1 - math.floor(math.log10(number))
    return f"{round(number, digits):,.{max(0, digits)}f}"


def _rows(head: list[str], rows: Iterable[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


if __name__ == "__main__":
    sys.stdout.write(f"{tables(Assumptions())}\n\n{start_table(Assumptions())}\n")
