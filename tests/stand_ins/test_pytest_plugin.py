"""The fixtures that the package gives to pytest, in a project of its own."""

import os
import subprocess
import sys
from pathlib import Path

import gemini_live_stand_in
from support.readme_projects import project_in

PROJECT = """
import asyncio
import json
import urllib.request

import pytest
from websockets.asyncio.client import connect

SETUP = {"model": "models/gemini-3.8-live", "generationConfig": {"responseModalities": ["AUDIO"]}}
seen = []


def first_answer(gemini, setup=SETUP):
    async def ask():
        url = f"{gemini.endpoints.live_url}?key={gemini.endpoints.api_key}"
        async with connect(url, ssl=gemini.trust, proxy=None) as socket:
            await socket.send(json.dumps({"setup": setup}))
            return json.loads(await socket.recv())

    return asyncio.run(ask())


def mint(gemini):
    headers = {"x-goog-api-key": gemini.endpoints.api_key}
    request = urllib.request.Request(gemini.endpoints.auth_tokens_url, b"{}", headers)
    with urllib.request.urlopen(request, context=gemini.trust) as answer:
        return json.load(answer)["name"]


def test_a_client_is_answered(gemini_live):
    assert first_answer(gemini_live) == {"setupComplete": {}}


def test_a_client_is_answered_over_tls(gemini_live_tls):
    assert gemini_live_tls.endpoints.certificate.exists()
    assert first_answer(gemini_live_tls) == {"setupComplete": {}}
    assert mint(gemini_live_tls).startswith("auth_tokens/")


@pytest.mark.parametrize("again", [False, True])
def test_each_test_has_a_stand_in_of_its_own(gemini_live, again):
    assert gemini_live.stand_in.mint_requests == ()
    mint(gemini_live)
    assert len(gemini_live.stand_in.mint_requests) == 1


class TestWithOtherSettings:
    @pytest.fixture
    def gemini_live_config(self):
        from gemini_live_stand_in import StandInConfig

        return StandInConfig(api_keys=frozenset({"mine"}), models=frozenset({"mine"}), pace=0)

    def test_they_count(self, gemini_live):
        assert gemini_live.endpoints.api_key == "mine"
        assert first_answer(gemini_live, SETUP | {"model": "models/mine"}) == {"setupComplete": {}}
"""


def test_the_fixtures_work_where_warnings_are_errors(tmp_path: Path) -> None:
    (tmp_path / "test_voice.py").write_text(PROJECT, encoding="utf-8")
    ran = pytest_in(tmp_path, "-W", "error")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "5 passed" in ran.stdout


def test_googles_sdk_works_with_them_as_the_readme_says(tmp_path: Path) -> None:
    readme = Path(gemini_live_stand_in.__file__).parents[1] / "README.md"
    for name, text in project_in(readme, "google-sdk").files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    ran = pytest_in(tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 passed" in ran.stdout


def pytest_in(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    # As pytest does by itself where the package is installed.
    plugin = ["-p", "gemini_live_stand_in.pytest_plugin", "-p", "no:cacheprovider"]
    environment = os.environ | {
        "PYTHONPATH": str(Path(gemini_live_stand_in.__file__).parents[1]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", str(folder), *plugin, *options, str(folder)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
