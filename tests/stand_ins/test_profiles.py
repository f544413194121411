"""The check at the start and the stand-in agree on profiles: what starts is opened, what is refused is refused."""

import tomllib
import warnings
from datetime import timedelta

import pytest
from google import genai
from google.genai import errors, types
from websockets.exceptions import ConnectionClosed

from live_tokens.gemini_lock import token_request
from live_tokens.issuing import Profile
from live_tokens.profile_check import check_text
from stand_ins.gemini_client import KEY, Gemini, has
from support.profile_cases import PROFILE_CASES, ProfileCase

OPENED, SILENCE = "opened", "no answer"


def session_of(case: ProfileCase, gemini: Gemini) -> str:
    """Mint with a profile that nothing has checked, open a session, and return what came of it."""
    document = tomllib.loads(case.text)
    profile = Profile(
        "default", f"models/{case.model}", timedelta(seconds=60), timedelta(seconds=900), document["config"]
    )
    options = types.HttpOptions(base_url=f"http://{gemini.address}", api_version="v1beta")
    now = gemini.clock()
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("GOOGLE_API_KEY", raising=False)
        client = genai.Client(api_key=KEY, enterprise=False, http_options=options)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # google-genai warns of an unknown value, and sends it
            request = token_request(profile, None, now + timedelta(seconds=900), now + timedelta(seconds=60))
            token = client.auth_tokens.create(config=request).name
    except errors.APIError as error:
        return f"{error.code} {error.message}"
    except (ValueError, TypeError, AttributeError) as error:
        return f"never sent: {type(error).__name__}"
    finally:
        client.close()
    assert token is not None
    with gemini.connect(token) as live:
        live.send({"setup": {"model": f"models/{case.model}"}})
        try:
            return OPENED if has(live.receive_within(2), "setupComplete") else "another answer"
        except TimeoutError:
            return SILENCE
        except ConnectionClosed:
            code, reason = live.closing()
            return f"{code} {reason}"


TAKEN_BY_GOOGLE = {
    "a placeholder in the parts of an instruction": "Gemini would read the placeholder as it is",
    "tools of JavaScript": "google-genai reads both spellings within tools; a profile has one rule for all fields",
}
"""Refused at the start although Google takes it → why."""

NEVER_SENT = {
    "generation_config beside its fields",
    "a list of types",
    "a config of JavaScript",
    "camelCase within snake_case",
    "a name of no Google API",
    "half of it in camelCase",
}
"""google-genai refuses them by itself: there is no wire form of them."""


@pytest.mark.parametrize("case", PROFILE_CASES, ids=lambda case: case.name)
def test_what_starts_is_opened_and_what_is_refused_at_the_start_is_refused_by_the_stand_in(
    gemini: Gemini, case: ProfileCase
) -> None:
    starts = not check_text(case.text).refusals
    assert starts == (case.expected != "refuse")
    came = session_of(case, gemini)
    if starts or case.name in TAKEN_BY_GOOGLE:
        assert came == OPENED
    elif case.name in NEVER_SENT:
        assert came.startswith("never sent: ")
    elif case.name == "affective dialog with proactivity on 3.1":
        assert came == SILENCE, "as it is reported of Google"
    else:
        assert came.partition(" ")[0] in {"400", "1007"}


def test_the_lists_of_exceptions_name_cases() -> None:
    assert {case.name for case in PROFILE_CASES} >= TAKEN_BY_GOOGLE.keys() | NEVER_SENT
