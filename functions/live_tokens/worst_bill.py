"""What one caller can cost at most with one profile: the limits of the function × Google's prices. No I/O.

    dollars = seconds of talk × (audio in + audio out + transcriptions + turns × (context + search))

The limits are those that the function keeps by itself. Nothing here relies on what Google is reported to refuse.
docs/threat-model.md has the formula in words, and what is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import ROUND_UP, Decimal

from live_tokens.config_shape import read_shape
from live_tokens.issuing import Profile
from live_tokens.model_prices import ModelPrices
from live_tokens.quota import most_seconds, most_tokens
from live_tokens.sessions import MOST_SESSIONS, renewal_seconds

HOUR, DAY, MONTH = timedelta(hours=1), timedelta(days=1), timedelta(days=30)

# Tokens of text in a minute of fast speech, for each transcription. An estimate.
_SPOKEN_TOKENS_PER_MINUTE = 300
_SECOND = timedelta(seconds=1)
_CENT = Decimal("0.01")
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class App:
    """What uses the tokens.

    Attributes:
        turns_per_minute: each is billed for the whole context. An assumption.
        respects_slots: whether it ends a conversation before it begins the next, and never opens one twice.
    """

    name: str
    turns_per_minute: int
    respects_slots: bool


HONEST = App("honest", 4, respects_slots=True)
MODIFIED = App("modified", 60, respects_slots=False)
APPS = (HONEST, MODIFIED)


@dataclass(frozen=True, slots=True)
class Bill:
    """US dollars, rounded up to a cent; None where no limit of the profile bounds them.

    Attributes:
        minute: of one conversation, rounded up to a tenth of a cent.
        hour: on all that an idle caller is granted within it, like the next two.
        month: 30 days.
    """

    minute: Decimal
    hour: Decimal | None
    day: Decimal | None
    month: Decimal | None


def worst_bill(profile: Profile, app: App, prices: ModelPrices) -> Bill:
    """Return the most that a caller with the quota of the profile can cost."""
    minute = _usd_per_minute(profile, app, prices)

    def within(span: timedelta) -> Decimal | None:
        seconds = talk_seconds(profile, app, span)
        return None if seconds is None else (minute * seconds / 60).quantize(_CENT, ROUND_UP)

    return Bill(minute.quantize(_CENT / 10, ROUND_UP), within(HOUR), within(DAY), within(MONTH))


def talk_seconds(profile: Profile, app: App, span: timedelta) -> int | None:
    """Return how many seconds of conversations there can be in a span, side by side ones added; None without a bound.

    A modified app is not bound by slots: it gives one back and goes on. Nor by minutes alone: within a lease that is
    paid, each further token can carry a conversation of its own to the end of the lease.
    """
    quota, seconds = profile.quota, span // _SECOND
    tokens, granted = most_tokens(quota, span), most_seconds(quota, span)
    early = timedelta() if app.respects_slots else _early(profile)
    life = min((profile.lease or profile.session) + early, span)
    by_tokens = None if tokens is None else tokens * (life // _SECOND)
    if app.respects_slots:
        slots = min(quota.sessions_at_once or MOST_SESSIONS, MOST_SESSIONS) if profile.has_sessions else None
        by_slots = None if slots is None else slots * seconds
        return min((bound for bound in (by_tokens, by_slots, granted) if bound is not None), default=None)
    at_once = most_tokens(quota, life)
    if by_tokens is None or at_once is None:
        return None
    leased = seconds
    if granted is not None:
        # Before each window that is paid comes the time by which it can be asked for early, at most a third of it.
        leased = min(seconds, granted + (granted // 3 if early else 0))
    return min(by_tokens, at_once * leased)


def what_lowers(profile: Profile, prices: ModelPrices) -> list[str]:
    """Return which settings lower what a modified app costs in a day. Each was tried by half."""
    day = _or_endless(worst_bill(profile, MODIFIED, prices).day)
    return [
        name
        for name, changed in _smaller(profile, prices)
        if _or_endless(worst_bill(changed, MODIFIED, prices).day) < day
    ]


def _smaller(profile: Profile, prices: ModelPrices) -> Iterator[tuple[str, Profile]]:
    """Yield setting → the profile with half of it. An absent `per_day` is proposed too: it bounds most."""
    quota = profile.quota
    limits = {
        "per_hour": quota.per_hour,
        "per_day": quota.per_day or 2 * (quota.per_hour or 10),
        "minutes_per_day": quota.minutes_per_day,
        "minutes_per_month": quota.minutes_per_month,
    }
    for name, limit in limits.items():
        if limit is not None:
            yield f"quota.{name}", replace(profile, quota=replace(quota, **{name: max(1, limit // 2)}))
    if profile.lease is None:
        yield "lifetime.session_seconds", replace(profile, session=profile.session / 2)
    yield "lifetime.lease_seconds", replace(profile, lease=(profile.lease or profile.session) / 2)
    trigger = {"trigger_tokens": _context_tokens(read_shape(profile.config).setup, prices) // 2}
    compressed = {**profile.config, "context_window_compression": {**trigger, "sliding_window": {}}}
    yield "config.context_window_compression.trigger_tokens", replace(profile, config=compressed)


def _or_endless(usd: Decimal | None) -> Decimal:
    return Decimal("Infinity") if usd is None else usd


def _early(profile: Profile) -> timedelta:
    """Return by how much a token may outlast its lease, because its renewal came early."""
    if profile.lease is None or profile.lease >= profile.session:
        return timedelta()
    return _SECOND * renewal_seconds(profile.lease // _SECOND)


def _usd_per_minute(profile: Profile, app: App, prices: ModelPrices) -> Decimal:
    setup = read_shape(profile.config).setup
    transcriptions = sum(f"{direction}_audio_transcription" in setup for direction in ("input", "output"))
    text = transcriptions * _SPOKEN_TOKENS_PER_MINUTE * prices.text_out_million / _MILLION
    turn = _context_tokens(setup, prices) * prices.audio_in_million / _MILLION
    if _searches(setup):
        turn += prices.search_thousand / 1000
    return prices.audio_in_minute + prices.audio_out_minute + text + app.turns_per_minute * turn


def _context_tokens(setup: Mapping[str, object], prices: ModelPrices) -> int:
    """Return how many tokens a turn is billed for at most: all that the model holds, unless compression begins before.

    Source: https://ai.google.dev/api/live#ContextWindowCompressionConfig
    """
    compression = setup.get("context_window_compression")
    trigger = compression.get("trigger_tokens") if isinstance(compression, dict) else None
    earliest = trigger if isinstance(trigger, int) and trigger > 0 else prices.context_tokens
    return min(earliest, prices.context_tokens)


def _searches(setup: Mapping[str, object]) -> bool:
    tools = setup.get("tools")
    return any(
        isinstance(tool, dict) and "google_search" in tool for tool in (tools if isinstance(tools, list) else [])
    )
