"""`speed`: what it says of a run follows from the run, and its stand-ins answer what the functions ask."""

import asyncio
import json
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from speed.calls import a_call_each, answered, many_calls, refused
from speed.measuring import AT_ONCE, spread
from speed.report import (
    COLUMNS,
    GOALS,
    WARM_COLUMNS,
    Goal,
    callers_table,
    long_table,
    median_ratio,
    medians,
    tables,
)
from speed.running import BenchmarkError, Running
from speed.stand_ins import DELAYS, GEMINI, StandIns
from speed.subjects import DEPLOYED, FORUM, LIKE_FOR_LIKE, LOWER_BOUND, NAIVE, baselines, this_function

NAMES = (LIKE_FOR_LIKE, DEPLOYED, NAIVE, FORUM, LOWER_BOUND)


class Answering(BaseHTTPRequestHandler):
    """Answers as a function would that lets nobody in but `good`."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status = {"Bearer good": 200, "Bearer overrun": 503}.get(self.headers["Authorization"], 401)
        body = b'{"result": {"token": "auth_tokens/1"}}' if status == 200 else b'{"error": {}}'
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def function(tmp_path: Path) -> Any:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        log = tmp_path / "log"
        log.write_text("its last words")
        yield Running("f", 0, server.server_port, 0.0, 0.0, log)
        server.shutdown()
        thread.join()


def test_a_function_that_answers_as_it_should_is_no_error(function: Running) -> None:
    refused(function)
    answered(function, "good")
    answers = many_calls(function, ["good"], callers=1, calls=4)
    assert len(answers.seconds) == 4
    assert answers.percentile(50) <= answers.percentile(99) <= answers.wall_seconds


def test_another_answer_than_a_token_ends_the_run_with_the_functions_last_words(function: Running) -> None:
    with pytest.raises(BenchmarkError, match=r"f answered 401.*\nits last words"):
        answered(function, "bad")


def test_calls_that_an_overrun_function_gives_up_are_counted_unless_it_gives_up_all(function: Running) -> None:
    answers = many_calls(function, ["good", "overrun"], callers=2, calls=6)
    assert (len(answers.seconds), answers.unavailable) == (6, 3)
    with pytest.raises(BenchmarkError, match="answers nobody"):
        many_calls(function, ["overrun"], callers=1, calls=2)


def test_each_user_calls_once_when_many_are_to_be_known(function: Running) -> None:
    assert len(a_call_each(function, ["good"] * 5, at_once=2).seconds) == 5
    with pytest.raises(BenchmarkError, match="f answered 401"):
        a_call_each(function, ["good"] * 4 + ["bad"], at_once=2)


@pytest.mark.parametrize("users", [10, 100, 1_000, 10_000])
def test_calls_are_spread_over_all_users_and_no_two_at_once_are_of_the_same(users: int) -> None:
    rounds = [spread(400, users, number) for number in range(3)]
    for calls in rounds:
        by_connection = [set(calls[number::AT_ONCE]) for number in range(AT_ONCE)]
        assert sum(map(len, by_connection)) == len(set(calls)) == min(400, users)
        assert max(calls) >= 0.9 * (users - 1)
    assert users < 1_000 or rounds[0] != rounds[1]


def test_growth_is_a_row_for_each_store_and_a_column_for_each_number_of_callers() -> None:
    rounds = [{"cpu per call": cpu, "pss": 101.0, "p50": 60.0} for cpu in (2.0, 9.0, 3.0)]
    head, _, row = callers_table({LIKE_FOR_LIKE: {10: rounds, 10_000: rounds[:1]}}).splitlines()
    assert head.endswith("| 10 | 10,000 |")
    assert row == f"| {LIKE_FOR_LIKE} | 3.0 / 101 | 2.0 / 101 |"


def test_many_calls_are_told_by_cpu_and_memory_before_and_after() -> None:
    figures = {"cpu per call before": 3.0, "cpu per call after": 3.5, "pss before": 101.0, "pss after": 102.0}
    assert long_table({DEPLOYED: [figures]}).splitlines()[-1] == f"| {DEPLOYED} | 3.0 | 3.5 | 101 | 102 |"


def test_figures_are_medians_and_ratios_are_medians_of_those_of_each_round() -> None:
    rounds = {"a": [{"x": 1.0}, {"x": 90.0}, {"x": 2.0}], "b": [{"x": 2.0}, {"x": 100.0}, {"x": 10.0}]}
    assert medians(rounds) == {"a": {"x": 2.0}, "b": {"x": 10.0}}
    assert median_ratio(Goal("x", "x", "x", "b", (1, 1)), rounds, "a") == 0.5


def test_the_wait_for_others_is_no_part_of_a_ratio_less_upstream() -> None:
    goal = next(goal for goal in GOALS if goal.less_upstream)
    waits = 1e3 * DELAYS[GEMINI]
    found = {LIKE_FOR_LIKE: {goal.mine: waits + 3}, LOWER_BOUND: {goal.its: waits + 6}}
    assert goal.ratio(found, LIKE_FOR_LIKE) == pytest.approx(0.5)


def test_every_goal_has_a_row_and_every_function_two() -> None:
    figures = {figure: 100.0 for figure, _ in (*COLUMNS, *WARM_COLUMNS)}
    figures |= {figure: 100.0 for goal in GOALS for figure in (goal.mine, goal.its)}
    cold = warm = {name: [figures] for name in NAMES}
    printed = tables(cold, warm)
    assert [goal.title for goal in GOALS if f"| {goal.title} | " not in printed] == []
    assert [printed.count(f"\n| {name} | ") for name in NAMES] == [2] * len(NAMES)
    assert "no ratios" in tables({NAIVE: [figures]}, {NAIVE: [figures]})


def test_no_two_functions_have_the_same_name() -> None:
    names = [subject.name for subject in [*this_function(Path("f"), "h"), *baselines()]]
    assert set(NAMES) < set(names)
    assert len(set(names)) == len(names)


def test_the_stand_ins_answer_under_googles_names_and_count(tmp_path: Path) -> None:
    stand_ins = StandIns(tmp_path, dict.fromkeys(DELAYS, 0.0))

    async def mint_and_count() -> tuple[Any, Any]:
        server = await asyncio.start_server(stand_ins.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"CONNECT {GEMINI}:443 HTTP/1.1\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        await writer.start_tls(ssl.create_default_context(cafile=stand_ins.bundle), server_hostname=GEMINI)
        minted = await ask(reader, writer, "/v1beta/auth_tokens")
        writer.close()
        counts = await ask(*await asyncio.open_connection("127.0.0.1", port), "/counts")
        server.close()
        return minted, counts

    minted, counts = asyncio.run(mint_and_count())
    assert minted["name"].startswith("auth_tokens/")
    assert counts["requests"][GEMINI] == counts["handshakes"][GEMINI] == 1


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> Any:
    writer.write(f"POST {path} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    body = await reader.readexactly(int(head.partition("Content-Length: ")[2].split()[0]))
    writer.close()
    return json.loads(body)
