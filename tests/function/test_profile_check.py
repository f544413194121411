"""`profile_check`: what a profile is told before anybody calls, in words that name the place and the cure."""

from pathlib import Path

import pytest

from live_tokens.configuration_error import ConfigurationError
from live_tokens.profile_check import check_folder, check_text
from live_tokens.profiles import CheckedProfile, usable
from support.profile_cases import LIVE_31, LIVE_38, PROFILE_CASES, ProfileCase

SHIPPED_PROFILES = Path(__file__).parents[2] / "functions" / "profiles"


def checked(config: str, model: str = LIVE_38, more: str = "") -> CheckedProfile:
    return check_text(ProfileCase("", model, "accept", config).text + more)


@pytest.mark.parametrize("case", PROFILE_CASES, ids=lambda case: case.name)
def test_what_people_wrote_is_judged_as_google_would(case: ProfileCase) -> None:
    found = check_text(case.text)
    match case.expected:
        case "refuse":
            said = found.refusals
        case "warn":
            said, others = found.warnings, found.refusals
            assert others == ()
        case "accept":
            said = (*found.refusals, *found.warnings)
    assert len(said) == len(case.words), said
    for words, line in zip(case.words, said, strict=True):
        assert words in line
    assert (found.profile is None) == (case.expected == "refuse")


def test_the_shipped_profiles_have_nothing_to_be_said_of() -> None:
    found = check_folder(SHIPPED_PROFILES)
    assert [each.file for each in found] == ["default.toml", "tutor.toml"]
    assert [(each.refusals, each.warnings) for each in found] == [((), ())] * 2


def test_all_files_of_a_folder_are_checked_and_a_missing_default_is_one_of_them(tmp_path: Path) -> None:
    for case in PROFILE_CASES[:2]:
        (tmp_path / f"{case.name.replace(' ', '-')}.toml").write_text(case.text)
    found = check_folder(tmp_path)
    assert len(found) == 3
    assert all(each.refusals for each in found)
    assert found[-1].file == "default.toml"


def test_every_fault_of_a_file_is_said_in_one_go() -> None:
    found = checked(
        """
        temperature = "hot"
        voice_name = "Kore"
        thinkingConfig = { thinkingLevel = "LOW", depth = 3 }
        [[config.tools]]
        googleSearch = {}
        [[config.tools]]
        [[config.tools.function_declarations]]
        name = 7
        behaviour = "BLOCKING"
        [config.tools.function_declarations.parameters]
        type = "thing"
        properties.a.minItems = "one"
        """,
        more="[quota]\nper_hour = 0\n",
    )
    function = "config.tools[1].function_declarations[0]"
    assert [line.split(" ")[0].rstrip(":") for line in found.refusals] == [
        "quota.per_hour",
        "config.temperature",
        "config.voice_name",
        "config.thinkingConfig",
        "config.thinkingConfig.thinkingLevel",
        "config.thinkingConfig.depth",
        "config.tools[0].googleSearch",
        f"{function}.name",
        f"{function}.behaviour",
        f"{function}.parameters.type",
        f"{function}.parameters.properties.a.minItems",
        f"{function}.parameters.properties.a.minItems",
        "config.thinking_config",
    ]


@pytest.mark.parametrize(
    "config",
    [
        'tools = ["google_search"]',
        "tools = { google_search = {} }",
        "tools = [[]]",
        "system_instruction = []",
        "system_instruction = {}",
        "system_instruction = ''",
        "system_instruction = 7",
        "speech_config = 'Kore'",
        "session_resumption = {}",
        "http_options.base_url = 'http://elsewhere.invalid'",
        "labels = 7",
        "max_output_tokens = 99999999999",
        "seed = 1979-05-27",
        "temperature = nan",
        "tools = [{ function_declarations = [{ name = 'f', parameters_json_schema = { default = inf } }] }]",
        "tools = [{ function_declarations = [{ name = 'f', parameters_json_schema = { default = 1979-05-27 } }] }]",
        "generation_config = { seed = 1 }",
        "speech_config.multi_speaker_voice_config = {}",
        "response_modalities.AUDIO = true",
    ],
)
def test_no_fault_is_in_the_words_of_a_library(config: str) -> None:
    text = f'model = "{LIVE_38}"\n[lifetime]\nstart_within_seconds = 60\nsession_seconds = 900\n[config]\n{config}\n'
    found = check_text(text)
    assert found.refusals
    for line in found.refusals:
        assert line.startswith("config")
        for raw in ("AttributeError", "Extra inputs", "Input should", "pydantic", "object has no", "Value error"):
            assert raw not in line


# --- overruled by the operator


def test_an_operator_can_overrule_the_table_of_rules() -> None:
    found = checked('thinking_config.thinking_level = "LOW"', more="[checks]\ntrust = true\n")
    assert found.refusals == ()
    assert found.profile is not None
    (warning,) = found.warnings
    assert warning.startswith("config.thinking_config: gemini-3.8-live takes no thinking level")
    assert warning.endswith("Overruled by [checks] trust.")


def test_without_trust_nothing_is_overruled() -> None:
    assert checked('thinking_config.thinking_level = "LOW"', more="[checks]\ntrust = false\n").refusals


@pytest.mark.parametrize(
    "config",
    ["voices = 'Kore'", "labels = 7", "session_resumption = {}", "tools = [{ mcp_servers = [] }]", "seed = 'x'"],
)
def test_neither_the_schema_nor_the_lock_can_be_overruled(config: str) -> None:
    assert checked(config, more="[checks]\ntrust = true\n").refusals


def test_what_a_trusting_operator_is_warned_of_becomes_a_note() -> None:
    found = checked("tools = [{ url_context = {} }]", "gemini-9-live", "[checks]\ntrust = true\n")
    assert (found.refusals, found.warnings) == ((), ())
    assert found.notes[0].startswith("model: gemini-9-live is not in the table")


@pytest.mark.parametrize(
    ("checks", "refused"),
    [
        ("checks = 1", "[checks] may hold max_usd_per_user_day, trust, and nothing else."),
        ("checks.trusts = true", "[checks] may hold max_usd_per_user_day, trust, and nothing else."),
        ("checks.trust = 1", "checks.trust must be true or false."),
        ("checks.trust = 'true'", "checks.trust must be true or false."),
        *(
            (f"checks.max_usd_per_user_day = {limit}", "checks.max_usd_per_user_day must be a number of US dollars")
            for limit in ("0", "-1.5", "'10'", "true", "nan", "inf")
        ),
    ],
)
def test_checks_must_be_spelt_right(checks: str, refused: str) -> None:
    text = f"{checks}\n{ProfileCase('', LIVE_38, 'accept', '').text}"
    (refusal,) = check_text(text).refusals
    assert refusal.startswith(refused)


# --- what a caller may cost

COMPRESSED = "context_window_compression = { trigger_tokens = 25000, sliding_window = {} }"
SESSIONS = """
[quota]
per_hour = 40
per_day = 30
minutes_per_day = 60
[quota.plans.pro]
per_day = 100
"""


def limited(limit: float, model: str = LIVE_38, quota: str = SESSIONS, config: str = "") -> tuple[str, ...]:
    return checked(config, model, f"[checks]\nmax_usd_per_user_day = {limit}\n{quota}").refusals


def test_a_profile_whose_worst_day_is_more_expensive_than_allowed_is_refused_with_the_figure_and_what_lowers_it() -> (
    None
):
    assert limited(13_569, config=COMPRESSED) == ()
    (refusal,) = limited(13_568.99, config=COMPRESSED)
    assert refusal == (
        "checks.max_usd_per_user_day is 13568.99, and the worst day of a caller (plan pro) is 13569.00 USD. "
        "What lowers it: quota.per_day, lifetime.session_seconds, lifetime.lease_seconds, "
        "config.context_window_compression.trigger_tokens."
    )


def test_the_function_does_not_start_with_a_profile_over_its_price_limit(tmp_path: Path) -> None:
    text = ProfileCase("", LIVE_38, "accept", "").text
    (tmp_path / "default.toml").write_text(f"{text}[checks]\nmax_usd_per_user_day = 1\n[quota]\nper_day = 30\n")
    with pytest.raises(ConfigurationError, match=r"default\.toml: checks\.max_usd_per_user_day is 1, and .* USD"):
        usable(check_folder(tmp_path))


def test_every_plan_over_its_price_limit_is_named() -> None:
    without_plan, pro = limited(0.5)
    assert "(no plan)" in without_plan
    assert "(plan pro)" in pro


def test_a_profile_without_a_limit_of_tokens_has_no_worst_day_and_no_limit_allows_it() -> None:
    (refusal,) = limited(1e12, quota="[quota]\nminutes_per_day = 1\n")
    assert "has no bound: the number of tokens has no limit. What lowers it: quota.per_day." in refusal


def test_what_a_model_without_a_known_price_may_cost_is_not_guessed() -> None:
    (refusal,) = limited(1e12, LIVE_31)
    assert refusal.startswith(f"checks.max_usd_per_user_day cannot be checked: no price of {LIVE_31} is known here")
    assert checked("", LIVE_31).refusals == ()


# --- of no use


@pytest.mark.parametrize(
    ("config", "warning"),
    [
        ("tools = [{}]", "config.tools[0] is empty"),
        ("tools = [{ function_declarations = [] }]", "config.tools[0] is empty"),
        ("tools = [{ function_declarations = [{}] }]", "config.tools[0].function_declarations[0].name is missing"),
        (
            "tools = [{ function_declarations = [{ name = 'f', parameters = {}, parameters_json_schema = {} }] }]",
            "config.tools[0].function_declarations[0]: parameters and parameters_json_schema exclude each other",
        ),
        (
            "tools = [{ function_declarations = [{ name = 'f', description = 'For {claim:plan}' }] }]",
            "config.tools[0].function_declarations[0].description holds a placeholder",
        ),
        ("speech_config.language_code = '{claim:language}'", "config.speech_config.language_code holds a placeholder"),
    ],
)
def test_what_does_nothing_is_a_warning(config: str, warning: str) -> None:
    found = checked(config)
    assert found.refusals == ()
    assert [line[: len(warning)] for line in found.warnings] == [warning]


def test_notes_are_no_warnings() -> None:
    found = checked('speech_config.voice_config.prebuilt_voice_config.voice_name = "Kore"', LIVE_31)
    assert (found.refusals, found.warnings) == ((), ())
    assert found.notes[0].startswith("config.speech_config.voice_config: this model is said to ignore the voice")
