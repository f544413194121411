"""Scenario files: what they can hold, and that everything that is wrong is told at once."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

import gemini_live_stand_in
from gemini_live_stand_in import (
    Answer,
    Close,
    Connection,
    Expectation,
    FunctionCall,
    GoAway,
    HalfOpen,
    Listen,
    LoseHandle,
    MintAnswer,
    Scenario,
    ScenarioError,
    ToolCall,
    load_scenario,
    parse_scenario,
    ready_made,
)
from gemini_live_stand_in.scenario import Silence, Step, Wait, step_name
from stand_ins.gemini_client import Message

SCENARIOS = Path(gemini_live_stand_in.__file__).parent / "scenarios"
WHOLE = """
about = "Everything."
repeat = true

[[mint]]
refusal = "MINT_TOO_FAR"
words = { name = "expire_time" }
delay_seconds = 2

[[connection]]
on_connect = [{ do = "wait", seconds = 1 }]
on_setup = [{ do = "silence" }]
delay_seconds = 0.25
resumable = false
[[connection.steps]]
do = "listen"
input_transcription = "What is the weather?"
expect = { sound = "tone", hz = 440, min_seconds = 1 }
[[connection.steps]]
do = "tool_call"
calls = [{ name = "get_weather", args = { city = "Paris", days = [1, 2] }, id = "fc_1" }]
cancel_after_seconds = 3
[[connection.steps]]
do = "go_away"
time_left_seconds = 10
in_seconds = 2
refusal = "CONNECTION_DEADLINE"
code = 1000
[[connection.steps]]
do = "half_open"
[[connection.steps]]
do = "lose_handle"
refusal = "HANDLE_INVALID"
[[connection.steps]]
do = "close"
code = 1011
reason = "No."
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(structure: object) -> list[str]:
    with pytest.raises(ScenarioError) as refused:
        parse_scenario(structure, "mine.toml")
    return [str(fault) for fault in refused.value.faults]


def steps(*steps: Message) -> Message:
    return {"connection": [{"steps": list(steps)}]}


def test_a_file_becomes_what_can_be_written_in_python(tmp_path: Path) -> None:
    assert load_scenario(write(tmp_path, WHOLE)) == Scenario(
        name="mine",
        about="Everything.",
        repeat=True,
        mints=(MintAnswer(refusal="MINT_TOO_FAR", words={"name": "expire_time"}, delay_seconds=2),),
        connections=(
            Connection(
                on_connect=(Wait(seconds=1),),
                on_setup=(Silence(),),
                delay_seconds=0.25,
                resumable=False,
                steps=(
                    Listen(
                        input_transcription="What is the weather?",
                        expect=Expectation(sound="tone", hz=440, min_seconds=1),
                    ),
                    ToolCall(
                        calls=(FunctionCall(name="get_weather", args={"city": "Paris", "days": [1, 2]}, id="fc_1"),),
                        cancel_after_seconds=3,
                    ),
                    GoAway(time_left_seconds=10, in_seconds=2, refusal="CONNECTION_DEADLINE", code=1000),
                    HalfOpen(),
                    LoseHandle(refusal="HANDLE_INVALID"),
                    Close(code=1011, reason="No."),
                ),
            ),
        ),
    )


def test_an_empty_file_is_as_usual() -> None:
    assert parse_scenario({}, "nothing.toml") == Scenario(name="nothing")


def test_all_faults_are_told_at_once_each_with_its_place_its_value_and_what_can_be_there() -> None:
    broken = {
        "abut": "A typo.",
        "repeat": "yes",
        "connection": [
            {
                "on_setup": [{"do": "answer"}],
                "steps": [{"do": "clse"}, {"do": "answer", "model_turns": 0, "recording": "hallo"}, {"do": "wait"}],
            }
        ],
        "mint": [{"delay_seconds": -1}, 7],
    }
    assert sorted(faults_of(broken)) == [
        'mine.toml: abut: "A typo." is not one of the names here: name, about, connection, mint, repeat',
        'mine.toml: connection[0].on_setup[0].do: "answer" is not one of wait, close, drop, silence, half_open',
        (
            'mine.toml: connection[0].steps[0].do: "clse" is not one of listen, answer, tool_call, '
            "await_tool_response, go_away, lose_handle, wait, close, drop, silence, half_open"
        ),
        "mine.toml: connection[0].steps[1].model_turns: 0 is not a whole number from 1 to 20",
        (
            'mine.toml: connection[0].steps[1].recording: "hallo" is not one of hello, remember, still-know, '
            "go-on, in-mind"
        ),
        "mine.toml: connection[0].steps[2].seconds: (left out) is not possible: it is needed",
        "mine.toml: mint[0].delay_seconds: -1.0 is not a number of seconds from 0 to 86400",
        "mine.toml: mint[1]: 7 is not a table",
        'mine.toml: repeat: "yes" is not true or false',
    ]


@pytest.mark.parametrize(
    ("structure", "place"),
    [
        ([], "(file)"),
        ({"connection": {}}, "connection"),
        ({"connection": [[]]}, "connection[0]"),
        ({"connection": [{"delay_seconds": True}]}, "connection[0].delay_seconds"),
        ({"connection": [{"delay_seconds": float("inf")}]}, "connection[0].delay_seconds"),
        ({"connection": [{"delay_seconds": 86_401}]}, "connection[0].delay_seconds"),
        (steps("answer"), "connection[0].steps[0]"),  # type: ignore[arg-type]
        (steps({}), "connection[0].steps[0].do"),
        (steps({"do": ["answer"]}), "connection[0].steps[0].do"),
        (steps({"do": "answer", "say": ""}), "connection[0].steps[0].say"),
        (steps({"do": "answer", "model_turns": 1.5}), "connection[0].steps[0].model_turns"),
        (steps({"do": "answer", "wav": "missing.wav"}), "connection[0].steps[0].wav"),
        (steps({"do": "answer", "wav": "missing.wav", "recording": "hello"}), "connection[0].steps[0].wav"),
        (steps({"do": "close"}), "connection[0].steps[0].code"),
        (steps({"do": "close", "reason": "No."}), "connection[0].steps[0].code"),
        (steps({"do": "close", "code": 1006}), "connection[0].steps[0].code"),
        (steps({"do": "close", "refusal": "QOUTA"}), "connection[0].steps[0].refusal"),
        (steps({"do": "close", "refusal": "MINT_KEY_BAD"}), "connection[0].steps[0].refusal"),
        (steps({"do": "close", "refusal": "QUOTA", "reason": "No."}), "connection[0].steps[0].reason"),
        (steps({"do": "close", "refusal": "MODEL_NOT_FOUND"}), "connection[0].steps[0].words"),
        (steps({"do": "close", "refusal": "QUOTA", "words": {"x": "y"}}), "connection[0].steps[0].words"),
        (steps({"do": "close", "code": 1000, "words": {"x": "y"}}), "connection[0].steps[0].words"),
        (steps({"do": "close", "refusal": "QUOTA", "words": {"x": 1}}), "connection[0].steps[0].words"),
        (steps({"do": "go_away"}), "connection[0].steps[0].time_left_seconds"),
        (steps({"do": "go_away", "time_left_seconds": 1, "reason": "x"}), "connection[0].steps[0].code"),
        (steps({"do": "lose_handle", "refusal": "x"}), "connection[0].steps[0].refusal"),
        (steps({"do": "tool_call", "calls": []}), "connection[0].steps[0].calls"),
        (steps({"do": "tool_call", "calls": [{"name": ""}]}), "connection[0].steps[0].calls[0].name"),
        (
            steps({"do": "tool_call", "calls": [{"name": "f", "id": "1"}, {"name": "g", "id": "1"}]}),
            "connection[0].steps[0].calls",
        ),
        (
            steps({"do": "tool_call", "calls": [{"name": "f", "args": tomllib.loads("at = 2026-01-01")}]}),
            "connection[0].steps[0].calls[0].args",
        ),
        (steps({"do": "listen", "expect": {"sound": "noise"}}), "connection[0].steps[0].expect.sound"),
        (steps({"do": "listen", "expect": {"sound": "tone"}}), "connection[0].steps[0].expect.hz"),
        (steps({"do": "listen", "expect": {"sound": "speech", "hz": 440}}), "connection[0].steps[0].expect.hz"),
        (
            steps({"do": "listen", "expect": {"sound": "speech", "min_seconds": 2, "max_seconds": 1}}),
            "connection[0].steps[0].expect.max_seconds",
        ),
        ({"mint": [{"refusal": "QUOTA"}]}, "mint[0].refusal"),
        ({"mint": [{"refusal": "MINT_INTERNAL", "not_json": True}]}, "mint[0].not_json"),
        ({"mint": [{"refusal": "MINT_SHAPE"}]}, "mint[0].words"),
    ],
)
def test_a_fault_has_its_place(structure: object, place: str) -> None:
    (fault,) = faults_of(structure)
    assert fault.startswith(f"mine.toml: {place}: ")


def test_a_file_that_is_no_toml_or_not_there_is_a_fault_too(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"mine\.toml: \(file\): the text is not TOML: ."):
        load_scenario(write(tmp_path, "about = "))
    with pytest.raises(ScenarioError, match=r"a file that can be read, nor one of api-disabled, ") as missing:
        load_scenario(tmp_path / "none.toml")
    assert missing.value.faults[0].path == "(file)"


def test_a_value_in_a_fault_is_cut() -> None:
    (fault,) = faults_of({"repeat": "x" * 1000})
    assert len(fault) < 150


def test_a_wav_file_is_looked_for_beside_the_scenario(tmp_path: Path) -> None:
    wav = SCENARIOS.parent / "recordings" / "hello.wav"
    (tmp_path / "own.wav").write_bytes(wav.read_bytes())
    path = write(tmp_path, '[[connection]]\nsteps = [{ do = "answer", wav = "own.wav" }]')
    assert load_scenario(path).connections[0].steps == (Answer(wav=tmp_path / "own.wav"),)


def test_python_cannot_make_what_a_file_cannot_either() -> None:
    with pytest.raises(ScenarioError, match="in_seconds: -1 is not a number of seconds"):
        Close(code=1000, in_seconds=-1)
    with pytest.raises(ScenarioError, match=r"wav: .* is not possible together with recording"):
        Answer(recording="hello", wav=Path("x.wav"))


# --- ready-made ones


@pytest.mark.parametrize("name", sorted(path.stem for path in SCENARIOS.glob("*.toml")))
def test_every_ready_made_scenario_says_what_it_does_also_in_the_readme(name: str) -> None:
    scenario = ready_made()[name]
    assert load_scenario(name) is scenario
    assert scenario.name == name
    assert f"| [`{name}`]({name}.toml) | {scenario.about} |" in (SCENARIOS / "README.md").read_text().splitlines()


def test_the_readme_names_no_ready_made_scenario_that_is_gone() -> None:
    assert set(re.findall(r"\]\(([a-z-]+)\.toml\)", (SCENARIOS / "README.md").read_text())) == ready_made().keys()


def test_the_readme_has_a_row_for_every_step_with_all_of_its_names() -> None:
    rows = (SCENARIOS / "README.md").read_text().splitlines()
    inherited = {field.name for field in fields(Close)}
    for kind in get_args(Step):
        (row,) = [row for row in rows if row.startswith(f"| `{step_name(kind)}` |")]
        names = {field.name for field in fields(kind)} - (inherited if "a close as below" in row else set())
        assert [name for name in names if f"`{name}" not in row] == []


def test_the_example_in_the_readme_works() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (SCENARIOS / "README.md").read_text(), re.DOTALL)
    assert parse_scenario(tomllib.loads(example)).connections[0].steps
