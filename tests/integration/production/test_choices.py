"""An app chooses from the lists of a profile, and the token is locked to that and nothing else."""

import secrets
from typing import Any

import pytest

from support.production.function_process import FunctionProcess, Refusal, StartFunction, functions_with
from support.production.local_google import LocalGoogle, Traffic

PROFILE = """
model = "gemini-3.8-live"
[lifetime]
start_within_seconds = 60
session_seconds = 900
[config]
response_modalities = ["AUDIO"]
system_instruction = "You talk to {choice:level}."
[choices.voice]
field = "speech_config.voice_config.prebuilt_voice_config.voice_name"
values = ["Kore", "Puck"]
[choices.level]
values = ["a beginner", "an expert"]
"""
CLOSED = '[allow]\nclaims = { plan = ["pro"] }\n'
MALFORMED = Refusal(400, "INVALID_ARGUMENT", "MALFORMED_REQUEST")


@pytest.fixture(scope="module")
def choosing(
    start_function: StartFunction, google: LocalGoogle, tmp_path_factory: pytest.TempPathFactory
) -> FunctionProcess:
    """A function with a profile that offers a voice and a level, and the same one for others."""
    profiles = {"choosing": PROFILE, "closed": PROFILE + CLOSED}
    functions = functions_with(profiles, tmp_path_factory.mktemp("choosing"))
    return start_function(google.key_file, functions)


def test_the_setup_has_the_chosen_voice_and_no_other(choosing: FunctionProcess, google: LocalGoogle) -> None:
    chosen = {"voice": "Puck", "level": "an expert"}

    answer = choosing.call(google.sign_in(), {"profile": "choosing", "choices": chosen})

    mint = google.gemini_stand_in.mint_requests[-1]
    assert isinstance(mint.body, dict)
    assert "fieldMask" not in mint.body
    assert _choices_in(mint.body["bidiGenerateContentSetup"]) == ("Puck", "You talk to an expert.")
    assert answer.result["choices"] == chosen
    assert choosing.audit_event(answer.trace)["choices"] == chosen
    another = {"speechConfig": {"voice_config": {"prebuilt_voice_config": {"voice_name": "Charon"}}}}
    token = google.gemini_stand_in.tokens.find(answer.result["token"])
    assert token is not None
    effective = token.lock.effective_setup({**answer.result["setup"], "generationConfig": another})
    assert _choices_in(effective) == ("Puck", "You talk to an expert.")


def test_a_resumed_session_can_go_on_with_what_was_chosen(choosing: FunctionProcess, google: LocalGoogle) -> None:
    handle = secrets.token_urlsafe(32)

    choosing.call(google.sign_in(), {"profile": "choosing", "resumptionHandle": handle, "choices": {"voice": "Puck"}})

    mint = google.gemini_stand_in.mint_requests[-1]
    assert isinstance(mint.body, dict)
    setup = mint.body["bidiGenerateContentSetup"]
    assert setup["sessionResumption"] == {"handle": handle}
    assert _choices_in(setup) == ("Puck", "You talk to a beginner.")


def test_a_choice_that_is_not_offered_costs_nothing_and_the_answer_names_those_that_are(
    choosing: FunctionProcess, google: LocalGoogle
) -> None:
    before = google.traffic

    answer = choosing.call(google.sign_in(), {"profile": "choosing", "choices": {"voice": "Charon"}})

    assert answer.refusal == MALFORMED
    assert answer.body["error"]["message"] == (
        "`choices.voice` is not one of the values on offer. "
        'This profile offers voice: "Kore", "Puck"; level: "a beginner", "an expert".'
    )
    assert google.traffic == Traffic(before.look_ups + 1, before.secret_reads, before.mints)
    event = choosing.audit_event(answer.trace)
    assert event["diagnosis"] == "`choices.voice` is not one of the values on offer."
    assert "Charon" not in str(event)


def test_a_caller_whom_a_profile_is_not_for_does_not_learn_its_lists(
    choosing: FunctionProcess, google: LocalGoogle
) -> None:
    answer = choosing.call(google.sign_in(), {"profile": "closed", "choices": {"voice": "Charon"}})

    assert answer.refusal == Refusal(403, "PERMISSION_DENIED", "PROFILE_NOT_ALLOWED")
    assert "Kore" not in str(answer.body)


def _choices_in(setup: dict[str, Any]) -> tuple[str, str]:
    """Return the voice, of which the speech config has nothing else, and the instruction. Both spellings are taken."""
    voice = setup["generationConfig"]["speechConfig"]
    while isinstance(voice, dict):
        (voice,) = voice.values()
    return voice, setup["systemInstruction"]["parts"][0]["text"]
