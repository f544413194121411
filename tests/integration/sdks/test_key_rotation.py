"""The operator rotates the Gemini API key while apps are asking for tokens."""

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
import requests

from firebase_sign_in import SignedInUser, sign_up
from stack import LocalStack
from support.sdks.in_process_stand_ins import InProcessStandIns

CALLS = 30
ROTATED_BEFORE = 10


def test_a_rotation_in_the_middle_of_many_calls_fails_none_of_them(
    in_process: InProcessStandIns, stack: LocalStack, run_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Many users: one alone would meet the end of a quota.
    with ThreadPoolExecutor() as newcomers:
        first, *users = newcomers.map(lambda _: sign_up(stack.auth_host), range(CALLS + 1))
    in_process.secrets_seen.collect([{"idToken": user.id_token} for user in (first, *users)])
    all_at_once = threading.Barrier(CALLS)
    mints = count(1)

    def mint_live_token(user: SignedInUser) -> requests.Response:
        all_at_once.wait(timeout=30)
        return requests.post(
            in_process.function_url,
            json={"data": None},
            headers={"Authorization": f"Bearer {user.id_token}"},
            timeout=60,
        )

    def rotate_in_the_middle() -> None:
        if next(mints) == ROTATED_BEFORE:
            in_process.rotate_key()

    # From here on the old key is in the function's memory, for five minutes.
    warm = requests.post(in_process.function_url, headers={"Authorization": f"Bearer {first.id_token}"}, timeout=60)
    assert warm.status_code == 200
    reads_before = in_process.secret.reads
    monkeypatch.setattr(in_process.observer, "before_mint", rotate_in_the_middle)
    with ThreadPoolExecutor(CALLS) as apps:
        responses = list(apps.map(mint_live_token, users))

    in_process.secrets_seen.collect([warm.json(), *[response.json() for response in responses]])
    assert [response.status_code for response in responses] == [200] * CALLS
    assert len({response.json()["result"]["token"] for response in responses}) == CALLS
    old, new = (f"versions/{len(in_process.secret.versions) - 1}", f"versions/{len(in_process.secret.versions)}")
    assert next(mints) > CALLS + 1, "somebody was refused with the old key, and never knew"
    assert in_process.secret.reads == reads_before + 1, "one read served all who were refused"
    lines = (run_directory / "in-process" / "function.log").read_text().splitlines()[-CALLS:]
    used = Counter(json.loads(line)["secretVersion"].rpartition("/secrets/gemini-api-key/")[2] for line in lines)
    assert used == {old: ROTATED_BEFORE - 1, new: CALLS - ROTATED_BEFORE + 1}
