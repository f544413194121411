"""`config_check`: the schema always decides, and the table of model rules unless the operator trusts the profile."""

from live_tokens.config_check import check_config

MODEL = "models/gemini-3.8-live"
GOOD = {"response_modalities": ["AUDIO"]}


def test_a_config_that_the_model_takes_is_not_mentioned() -> None:
    found = check_config(MODEL, GOOD, trust=False)
    assert (found.refusals, found.warnings) == ((), ())


def test_a_fault_of_the_schema_and_one_of_the_model_are_told_together() -> None:
    refusals = check_config(MODEL, {"response_modalities": ["TEXT"], "temprature": 1}, trust=False).refusals
    assert any("config.response_modalities" in refusal for refusal in refusals)
    assert any("config.temprature" in refusal for refusal in refusals)


def test_trust_turns_a_refusal_of_the_model_into_a_warning() -> None:
    found = check_config(MODEL, {"response_modalities": ["TEXT"]}, trust=True)
    assert found.refusals == ()
    assert any("config.response_modalities" in warning for warning in found.warnings)


def test_trust_does_not_overrule_the_schema() -> None:
    assert check_config(MODEL, GOOD | {"temprature": 1}, trust=True).refusals
