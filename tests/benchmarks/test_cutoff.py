"""`cutoff`: a user who talks without pause until cut off, and what is printed of fifty of them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from cutoff import SLACK_SECONDS, Talker, bound, exit_code, histogram
from gemini_live_stand_in import GeminiStandIn, StandInConfig, create_app
from gemini_live_stand_in.serving import serve
from support.documents import ROOT

KEY = "local-gemini-key"
SETUP = {
    "model": "models/gemini-3.8-live",
    "generationConfig": {"responseModalities": ["AUDIO"]},
    "sessionResumption": {},
}
PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")


class ShortLeases:
    """Answers as the function would whose leases are a second and a half: two of them, then a refusal."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.asked: list[Mapping[str, str]] = []

    def __call__(self, data: Mapping[str, str]) -> Mapping[str, Any] | None:
        self.asked.append(data)
        if len(self.asked) > 2:
            return None
        now = datetime.now(UTC)
        resumption = {"handle": data["resumptionHandle"]} if "resumptionHandle" in data else {}
        response = requests.post(
            f"http://{self._address}/v1beta/auth_tokens",
            json={
                "expireTime": (now + timedelta(seconds=1.5)).isoformat(),
                "bidiGenerateContentSetup": SETUP | {"sessionResumption": resumption},
            },
            headers={"x-goog-api-key": KEY},
            timeout=10,
        )
        service = "google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContentConstrained"
        return {
            "websocketUrl": f"ws://{self._address}/ws/{service}?access_token={response.json()['name']}",
            "setup": {"model": SETUP["model"]},
            "session": {"id": "s-1", "renewAfter": (now + timedelta(seconds=0.5)).isoformat(), "leaseSeconds": 5},
        }


def test_a_user_talks_over_all_leases_and_until_the_end_of_the_last() -> None:
    stand_in = GeminiStandIn(StandInConfig(api_keys=frozenset({KEY})))
    with serve(create_app(stand_in)) as address:
        take = ShortLeases(address)
        talker = Talker(take)
        talker.talk()
    assert talker.leases == 2
    assert talker.heard_something.is_set()
    assert [data.get("session") for data in take.asked] == [None, "s-1", "s-1"]
    assert all(data["resumptionHandle"] for data in take.asked[1:])


def test_every_moment_is_in_the_histogram() -> None:
    lines = histogram([0.0, 4.0, 5.0, 39.9], lease=30, seed=7).splitlines()
    assert lines[0].startswith("seconds heard after the block: 4 random moments, leases of 30 s")
    assert lines[1:4] == ["  0-5   ## 2", "  5-10  # 1", " 35-40  # 1"]
    assert lines[4] == "shortest 0.0, median 4.5, longest 39.9, bound 40 (a lease and the renewal window)"
    assert lines[5].startswith(f"{datetime.now(UTC).date()}, Python ")
    assert lines[5].endswith("seed 7")


def test_the_program_fails_if_somebody_is_heard_beyond_the_bound() -> None:
    assert exit_code([1.0, bound(30) + SLACK_SECONDS], 30) == 0
    assert exit_code([bound(30) + SLACK_SECONDS + 0.1, 1.0], 30) == 1


def test_the_document_has_the_bound_of_each_lease() -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) s \|$", PAGE, re.MULTILINE)
    assert [int(lease) for lease, _ in rows] == [30, 60, 120, 300, 600]
    assert [float(seconds) for _, seconds in rows] == [bound(int(lease)) for lease, _ in rows]


def test_the_histogram_in_the_document_has_fifty_moments_within_the_bound() -> None:
    printed = PAGE.partition("<!-- cutoff -->\n```text\n")[2].partition("\n```")[0]
    bars = re.findall(r"^ *\d+-(\d+) +(#+) (\d+)$", printed, re.MULTILINE)
    assert all(len(bar) == int(count) for _, bar, count in bars)
    assert sum(int(count) for _, _, count in bars) == 50
    (longest,) = re.findall(r"longest ([\d.]+), bound 40 ", printed)
    assert exit_code([float(longest)], 30) == 0
    assert re.search(r"^\d{4}-\d\d-\d\d, Python \S+, google-genai \S+, seed \d+$", printed, re.MULTILINE)
