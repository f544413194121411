"""The journal as text to read."""

import json
from collections.abc import Iterator, Sequence

from gemini_live_stand_in.records import ConnectionRecord, Event, MintRecord
from gemini_live_stand_in.sound import Sound

_LONGEST_DETAILS = 160


def trace_of(connections: Sequence[ConnectionRecord], mints: Sequence[MintRecord]) -> str:
    """Return a line for each event, below a line for each connection and mint request, in their order."""
    told = [(mint.at, [_mint(mint)]) for mint in mints]
    told += [(connection.opened_at, list(_connection(connection))) for connection in connections]
    return "".join(f"{line}\n" for _, lines in sorted(told, key=lambda entry: entry[0]) for line in lines)


def _mint(mint: MintRecord) -> str:
    outcome = f"token {mint.token}" if mint.token else ""
    key = f"key {mint.key}" if mint.key else "no key"
    return " · ".join(filter(None, [f"mint {mint.path}", key, str(mint.status or "not answered yet"), outcome]))


def _connection(connection: ConnectionRecord) -> Iterator[str]:
    rpc = "Constrained" if connection.constrained else "plain RPC"
    token = f"token {connection.token}" if connection.token else ""
    scenario = f"scenario {connection.scenario}" if connection.scenario else ""
    resumed = "resumed" if connection.resumed else ""
    heading = [f"connection {connection.number}", f"{connection.version} {rpc}", token, resumed, scenario]
    yield " · ".join(filter(None, heading))
    for event in connection.events:
        yield f"{event.seconds:9.3f}  {event.who:8}  {_words(event)}"
    if connection.ending:
        ending = connection.ending
        yield f"{ending.seconds:9.3f}  {ending.by:8}  end {ending.code} {ending.reason}".rstrip()
    if connection.audio.chunks:
        yield f"           microphone: {_sound(connection.audio)}"


def _words(event: Event) -> str:
    details = event.details
    if event.what == "audio":
        return f"audio {details['seconds']:.2f} s, {details['bytes']} bytes in {details['chunks']} messages"
    text = json.dumps(details, ensure_ascii=False) if details else ""
    return f"{event.what} {text if len(text) <= _LONGEST_DETAILS else text[: _LONGEST_DETAILS - 1] + '…'}".rstrip()


def _sound(sound: Sound) -> str:
    rates = ", ".join(map(str, sound.rates))
    measured = f", came at {sound.measured_rate:.0f} a second" if sound.measured_rate else ""
    level = (
        f", {sound.speech_seconds:g} s of sound at {sound.speech_dbfs} dBFS" if sound.speech_dbfs else ", only quiet"
    )
    tone = f", a tone of {sound.tone_hz:g} Hz" if sound.tone_hz else ""
    gaps = f", {len(sound.gaps)} gaps up to {sound.longest_gap_seconds:g} s" if sound.gaps else ""
    return f"{sound.seconds:g} s at {rates} Hz{measured}{level}{tone}{gaps}"
