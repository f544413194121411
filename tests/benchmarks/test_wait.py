"""`speed.wait`: the way of the bytes, Gemini's side, what a user taps in, and what is printed of the waits."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from speed.apps import CHROMIUM, NODE, Wait, chromium_path
from speed.distance import far_away
from speed.live_stand_in import live_stand_in
from speed.running import BenchmarkError
from speed.wait import AHEAD, FLOWS, PLAIN, Case, table


async def exchange() -> tuple[list[int], bytes, bytes]:
    """Ask a server that is far away; return who was reached, what it heard, and all of its answer."""
    reached: list[int] = []
    heard = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.set_result(await reader.readuntil(b"."))
        writer.write(b"answer")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:

        async def reach() -> int:
            port: int = server.sockets[0].getsockname()[1]
            reached.append(port)
            return port

        async with far_away(0.01, reach) as port:
            assert reached == []
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"question, ")
            writer.write(b"and another.")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            return reached, await heard, answer


def test_all_that_is_sent_to_somebody_far_away_arrives_and_so_does_its_end() -> None:
    reached, question, answer = asyncio.run(exchange())
    assert (len(reached), question, answer) == (1, b"question, and another.", b"answer")


def test_gemini_sets_up_any_session_and_answers_with_sound() -> None:
    async def talk() -> list[Any]:
        async with live_stand_in() as port, connect(f"ws://127.0.0.1:{port}/ws/any") as socket:
            answers = []
            for message in ({"setup": {"model": "models/any"}}, {"realtimeInput": {"text": "Hello"}}):
                await socket.send(json.dumps(message))
                answers.append(json.loads(await socket.recv()))
            return answers

    setup, sound = asyncio.run(talk())
    assert setup == {"setupComplete": {}}
    (part,) = sound["serverContent"]["modelTurn"]["parts"]
    assert part["inlineData"]["data"]


def test_a_browser_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="needs Chromium, and there is none: apt-get install chromium"):
        chromium_path(str(tmp_path))
    browser = tmp_path / "chromium-browser"
    browser.touch(mode=0o755)
    assert chromium_path(str(tmp_path)) == str(browser)


def test_each_flow_in_each_app_is_a_row_of_medians_and_the_gain_of_prefetch_a_ratio_of_them() -> None:
    waits = {AHEAD: [Wait(30, 40), Wait(10, 20), Wait(20, 90)], PLAIN: [Wait(50, 60)]}
    found = {
        Case(app, flow, 60, cold=False): waits.get(flow, [Wait(1, 2)]) for app in (NODE, CHROMIUM) for flow in FLOWS
    }
    head, _, *rows = table(found).splitlines()
    assert head == "| setupComplete / first sound, ms | warm, 60 ms |"
    assert rows[:2] == ["| Node: this, `prefetch()` | 20 / 40 |", "| Node: this | 50 / 60 |"]
    assert [row.partition(": ")[2] for row in rows[: len(FLOWS) + 1]] == [
        row.removeprefix("| Chromium: ") for row in rows[len(FLOWS) + 1 :]
    ]
    assert rows[-1] == "| Chromium: `prefetch()` / without, to setupComplete | 0.40 |"
