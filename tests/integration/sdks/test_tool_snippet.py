"""What people copy out of docs/app.md: the profile with a tool starts, and the app answers the calls of it."""

from pathlib import Path
from typing import Any

from live_tokens.gemini_lock import find_config_faults
from support.loaded_profiles import load_profiles
from support.sdks.node_scripts import NodeScripts

PAGE = (Path(__file__).parents[3] / "docs" / "app.md").read_text(encoding="utf-8")


def snippet(marker: str, language: str) -> str:
    return PAGE.split(f"<!-- {marker} -->\n```{language}\n", 1)[1].split("\n```", 1)[0]


def test_the_profile_with_the_tool_is_one_that_starts(tmp_path: Path) -> None:
    (tmp_path / "default.toml").write_text(snippet("profile-of-the-tool", "toml"), encoding="utf-8")

    profiles = load_profiles(tmp_path, find_config_faults)

    tools: Any = profiles.files["default"].profile.config["tools"]
    assert tools[0]["function_declarations"][0]["name"] == "get_order"


def test_each_call_of_a_tool_is_answered_with_its_id_and_name(scripts: NodeScripts) -> None:
    calls = [
        {"id": "fc_1", "name": "get_order", "args": {"order_id": "7"}},
        {"id": "fc_2", "name": "delete_all", "args": {}},
    ]
    messages = [
        {"setupComplete": {}},
        {"toolCall": {"functionCalls": calls}},
        {"serverContent": {"turnComplete": True}},
    ]
    document = {
        "source": snippet("answers-tool-calls", "js"),
        "messages": messages,
        "results": {"get_order": {"is": 1}},
    }

    sent = scripts.run("tool-calls.mjs", document)

    answers = [
        {"id": "fc_1", "name": "get_order", "response": {"result": {"is": 1, "args": {"order_id": "7"}}}},
        {"id": "fc_2", "name": "delete_all", "response": {"error": "There is no such tool."}},
    ]
    assert sent == [{"toolResponse": {"functionResponses": answers}}], "and nothing for the other messages"
