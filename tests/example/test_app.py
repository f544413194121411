"""The app of example/, as it is before its packages are installed: versions, words, and the tool of its profile."""

import json
import re
import tomllib
from typing import Any

import pytest

from support.documents import ROOT

APP = ROOT / "example"
PACKAGES = [APP / "package.json", APP / "react-native-firebase" / "package.json"]
LOCK: dict[str, dict[str, Any]] = json.loads((APP / "package-lock.json").read_text(encoding="utf-8"))["packages"]
PROFILE = tomllib.loads((APP / "colours.toml").read_text(encoding="utf-8"))
# Words of the page that name what an app does not have.
OF_THE_PAGE = {"It is not your fault. The cause is under Developer."}


def package(path: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((ROOT / path).read_text(encoding="utf-8"))
    return read


def copies(name: str) -> list[str]:
    """Return where the lock file puts a package."""
    return [path for path in LOCK if path.endswith(f"node_modules/{name}")]


def sentences(path: str) -> set[str]:
    """Return what a person reads: texts in quotes that begin with a capital and have a space."""
    return set(re.findall(r"'([A-Z][^'`$]* [^'`$]*)'", (ROOT / path).read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: str(path.parent.name))
def test_every_version_is_exact_and_what_the_lock_file_has(path: Any) -> None:
    named = json.loads(path.read_text(encoding="utf-8"))
    wanted = named["dependencies"] | named.get("devDependencies", {})
    ours = {"gemini-live-tokens": "file:../client"}
    locked = {name: ours.get(name) or LOCK[f"node_modules/{name}"]["version"] for name in wanted}
    assert wanted == locked


@pytest.mark.parametrize("name", ["@firebase/app", "firebase", "react", "react-native", "expo"])
def test_there_is_one_copy_of_what_holds_state(name: str) -> None:
    assert copies(name) == [f"node_modules/{name}"]


def test_the_client_that_is_installed_is_the_one_of_this_repository() -> None:
    assert LOCK["node_modules/gemini-live-tokens"]["version"] == package("client/package.json")["version"]
    assert "install-links=true" in (APP / ".npmrc").read_text(encoding="utf-8")


def test_the_app_and_the_client_are_of_the_same_react_and_firebase() -> None:
    client = package("client/package.json")["devDependencies"]
    app = package("example/package.json")["dependencies"]
    assert {name: client[name] for name in ("react", "react-dom", "firebase")} == {
        name: app[name] for name in ("react", "react-dom", "firebase")
    }


def test_the_app_says_what_the_page_says() -> None:
    page = sentences("local/web/page/words.js") - OF_THE_PAGE
    assert len(page) > 15
    assert page - sentences("example/src/words.ts") == {"If your browser asks for the microphone, say yes."}


def test_the_profile_declares_the_tool_and_the_colours_of_the_app() -> None:
    (tool,) = PROFILE["config"]["tools"]
    (declared,) = tool["function_declarations"]
    assert f"{declared['name']}({{ colour }}" in (APP / "src" / "Talk.tsx").read_text(encoding="utf-8")
    look = (APP / "src" / "look.ts").read_text(encoding="utf-8")
    screens = re.search(r"SCREENS[^=]*= \{(.*?)\};", look, re.DOTALL)
    assert screens
    assert declared["parameters"]["properties"]["colour"]["enum"] == re.findall(r"(\w+): \[", screens[1])


def test_the_profile_lets_no_anonymous_user_in() -> None:
    assert PROFILE["allow"] == {"anonymous": False}
