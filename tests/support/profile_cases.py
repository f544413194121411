"""Profiles that people wrote in public, reduced, and what is to be said of each at the start.

`refuse`: the function does not start. `warn`: it starts, and says so. `accept`: it starts without a word.
"""

from dataclasses import dataclass
from typing import Literal

LIVE_38, THINKING_38 = "gemini-3.8-live", "gemini-3.8-live-extended-thinking"
LIVE_31, NATIVE_25 = "gemini-3.1-flash-live-preview", "gemini-2.5-flash-native-audio-preview-12-2025"
TRANSLATE = "gemini-3.5-live-translate-preview"

Expected = Literal["refuse", "warn", "accept"]


@dataclass(frozen=True, slots=True)
class ProfileCase:
    """One profile.

    Attributes:
        config: TOML below `[config]`, after `response_modalities = ["AUDIO"]` unless `silent`.
        words: what each line that is said begins with, or holds.
        silent: whether the config says nothing of modalities by itself.
    """

    name: str
    model: str
    expected: Expected
    config: str
    words: tuple[str, ...] = ()
    silent: bool = False

    @property
    def text(self) -> str:
        """The file."""
        audio = "" if self.silent else 'response_modalities = ["AUDIO"]\n'
        lifetime = "[lifetime]\nstart_within_seconds = 60\nsession_seconds = 900\n"
        return f'model = "{self.model}"\n{lifetime}[config]\n{audio}{self.config}\n'


def _refused(name: str, model: str, config: str, *words: str, silent: bool = False) -> ProfileCase:
    return ProfileCase(name, model, "refuse", config, words, silent)


def _tool(function: str) -> str:
    return f"tools = [{{ function_declarations = [{{ name = 'find', description = 'Finds', {function} }}] }}]"


_MUST_BE_AUDIO = 'it must be ["AUDIO"]'
_PARAMETERS = "config.tools[0].function_declarations[0].parameters"
_VAD = "config.realtime_input_config.automatic_activity_detection"

PROFILE_CASES = (
    # rules of models
    _refused(
        "extended thinking without a level",
        THINKING_38,
        'speech_config.voice_config.prebuilt_voice_config.voice_name = "Kore"',
        "config.thinking_config is missing: the model wants a thinking level (LOW, MEDIUM or HIGH)",
    ),
    _refused(
        "extended thinking with proactivity and affective dialog",
        THINKING_38,
        'thinking_config.thinking_level = "LOW"\nproactivity.proactive_audio = true\nenable_affective_dialog = true',
        "config.proactivity: not taken by this model",
        "config.enable_affective_dialog: not taken by this model",
    ),
    _refused(
        "a thinking level on 3.8",
        LIVE_38,
        'thinking_config.thinking_level = "low"',
        "config.thinking_config: gemini-3.8-live takes no thinking level",
    ),
    _refused(
        "proactive audio off on 3.8",
        LIVE_38,
        "proactivity.proactive_audio = false",
        "config.proactivity.proactive_audio: false is an error on this model",
    ),
    _refused(
        "affective dialog with proactivity on 3.1",
        LIVE_31,
        "enable_affective_dialog = true\nproactivity.proactive_audio = true",
        "affective dialog with proactivity never gets setupComplete on this model",
    ),
    _refused(
        "text",
        LIVE_38,
        'response_modalities = ["TEXT"]',
        f'config.response_modalities is ["TEXT"]; {_MUST_BE_AUDIO}',
        silent=True,
    ),
    _refused(
        "audio and text",
        LIVE_38,
        'response_modalities = ["AUDIO", "TEXT"]\ninput_audio_transcription = {}',
        f'config.response_modalities is ["AUDIO", "TEXT"]; {_MUST_BE_AUDIO}',
        silent=True,
    ),
    _refused(
        "no modality",
        LIVE_38,
        'system_instruction = "Hello."',
        f"config.response_modalities is missing; {_MUST_BE_AUDIO}",
        silent=True,
    ),
    _refused(
        "an empty list of modalities",
        LIVE_38,
        "response_modalities = []",
        "config.response_modalities is empty",
        silent=True,
    ),
    _refused(
        "compression without a window",
        LIVE_31,
        "context_window_compression.trigger_tokens = 12000",
        "config.context_window_compression needs sliding_window",
    ),
    _refused(
        "empty compression",
        LIVE_31,
        "context_window_compression = {}",
        "config.context_window_compression needs sliding_window",
    ),
    # the schema of the mint
    _refused(
        "JSON Schema's additionalProperties",
        LIVE_31,
        _tool("parameters = { type = 'object', additionalProperties = false }"),
        f"{_PARAMETERS}.additionalProperties: unknown to Gemini; leave it out, or use parameters_json_schema",
    ),
    _refused(
        "the same in snake_case",
        LIVE_31,
        _tool("parameters = { type = 'object', additional_properties = false }"),
        f"{_PARAMETERS}.additional_properties: unknown to Gemini; leave it out, or use parameters_json_schema",
    ),
    _refused(
        "MCP servers",
        LIVE_38,
        'tools = [{ mcp_servers = [{ name = "x", streamable_http_transport = { url = "https://example.com" } }] }]',
        "config.tools[0].mcp_servers: unknown to the Developer API",
    ),
    _refused(
        "an avatar",
        LIVE_38,
        'response_modalities = ["VIDEO"]\navatar_config.avatar_name = "Kira"',
        "config.avatar_config: not of the Developer API",
        f'config.response_modalities is ["VIDEO"]; {_MUST_BE_AUDIO}',
        silent=True,
    ),
    _refused(
        "a placeholder in the parts of an instruction",
        LIVE_31,
        'system_instruction = { parts = [{ text = "You tutor {claim:level}." }] }',
        "config.system_instruction: placeholders are filled in a plain text only",
    ),
    _refused(
        "generation_config beside its fields",
        LIVE_31,
        'temperature = 0.7\ngeneration_config = { response_modalities = ["AUDIO"] }',
        "config: generation_config together with temperature",
        silent=True,
    ),
    _refused(
        "a list of types",
        LIVE_38,
        _tool("parameters = { type = 'object', properties = { q = { type = ['string', 'null'] } } }"),
        f'{_PARAMETERS}.properties.q.type is ["string", "null"]; Gemini takes one type, not a list: write "string" and '
        "use nullable = true",
    ),
    # values
    _refused(
        "a thinking level that there is not",
        LIVE_31,
        'thinking_config.thinking_level = "ultra"',
        'config.thinking_config.thinking_level is "ultra"; allowed: MINIMAL, LOW, MEDIUM, HIGH',
    ),
    _refused(
        "short sensitivities",
        LIVE_31,
        'realtime_input_config.automatic_activity_detection = { start_of_speech_sensitivity = "HIGH", '
        'end_of_speech_sensitivity = "LOW" }',
        f'{_VAD}.start_of_speech_sensitivity is "HIGH"; allowed: START_SENSITIVITY_HIGH, START_SENSITIVITY_LOW',
        f'{_VAD}.end_of_speech_sensitivity is "LOW"; allowed: END_SENSITIVITY_HIGH, END_SENSITIVITY_LOW',
    ),
    _refused(
        "a short media resolution",
        LIVE_31,
        'media_resolution = "LOW"',
        'config.media_resolution is "LOW"; allowed: MEDIA_RESOLUTION_LOW, MEDIA_RESOLUTION_MEDIUM, '
        "MEDIA_RESOLUTION_HIGH. Did you mean MEDIA_RESOLUTION_LOW?",
    ),
    # camelCase
    _refused(
        "a config of JavaScript",
        LIVE_31,
        'responseModalities = ["AUDIO"]\nsystemInstruction = "You are a tutor."\ninputAudioTranscription = {}\n'
        "contextWindowCompression = { slidingWindow = {} }\n"
        'speechConfig.voiceConfig.prebuiltVoiceConfig.voiceName = "Kore"',
        *(
            f"config.{path}: names are in snake_case here; write {name}."
            for path, name in (
                ("responseModalities", "response_modalities"),
                ("systemInstruction", "system_instruction"),
                ("inputAudioTranscription", "input_audio_transcription"),
                ("contextWindowCompression", "context_window_compression"),
                ("contextWindowCompression.slidingWindow", "sliding_window"),
                ("speechConfig", "speech_config"),
                ("speechConfig.voiceConfig", "voice_config"),
                ("speechConfig.voiceConfig.prebuiltVoiceConfig", "prebuilt_voice_config"),
                ("speechConfig.voiceConfig.prebuiltVoiceConfig.voiceName", "voice_name"),
            )
        ),
        silent=True,
    ),
    _refused(
        "camelCase within snake_case",
        THINKING_38,
        'thinking_config.thinkingLevel = "LOW"',
        "config.thinking_config.thinkingLevel: names are in snake_case here; write thinking_level.",
    ),
    _refused(
        "a name of no Google API",
        NATIVE_25,
        "contextWindow = 32000\nenableAffectiveDialog = true",
        "config.contextWindow: not known; the name is probably context_window_compression.",
        "config.enableAffectiveDialog: names are in snake_case here; write enable_affective_dialog.",
    ),
    _refused(
        "half of it in camelCase",
        LIVE_31,
        "context_window_compression = { slidingWindow = {} }\nspeech_config = { voiceConfig = {} }",
        "config.context_window_compression.slidingWindow: names are in snake_case here; write sliding_window.",
        "config.speech_config.voiceConfig: names are in snake_case here; write voice_config.",
    ),
    _refused(
        "tools of JavaScript",
        LIVE_38,
        'tools = [{ functionDeclarations = [{ name = "get_weather", behavior = "NON_BLOCKING", '
        'parameters = { type = "OBJECT", properties = { city = { type = "STRING" } }, required = ["city"] } }] }]',
        "config.tools[0].functionDeclarations: names are in snake_case here; write function_declarations.",
    ),
    # not supported
    ProfileCase(
        "tools that 3.8 has not",
        LIVE_38,
        "warn",
        "tools = [{ url_context = {} }, { code_execution = {} }, { google_maps = {} }]",
        (
            "config.tools[0].url_context: not supported on this model",
            "config.tools[1].code_execution: not supported on this model",
            "config.tools[2].google_maps: not supported on this model",
        ),
    ),
    ProfileCase(
        "the old retrieval",
        LIVE_31,
        "warn",
        "tools = [{ google_search_retrieval = {} }]",
        ("config.tools[0].google_search_retrieval: retrieval is not supported on this model",),
    ),
    ProfileCase(
        "computer use",
        LIVE_38,
        "warn",
        'tools = [{ computer_use = { environment = "ENVIRONMENT_BROWSER" } }]',
        ("config.tools[0].computer_use: not supported on this model",),
    ),
    # what Google takes
    ProfileCase(
        "an app with tools",
        LIVE_31,
        "accept",
        'thinking_config.thinking_level = "minimal"\ncontext_window_compression = { sliding_window = {} }\n'
        'speech_config = { language_code = "en-GB", voice_config.prebuilt_voice_config.voice_name = "Leda" }\n'
        'system_instruction = "You are Ada."\n'
        + _tool(
            "parameters = { type = 'OBJECT', properties = { page = { type = 'STRING', enum = ['home', 'plan'] } }, "
            "required = ['page'] }"
        ),
    ),
    ProfileCase(
        "an app with sampling",
        LIVE_31,
        "accept",
        "temperature = 0.8\ntop_p = 0.95\nmax_output_tokens = 1024\noutput_audio_transcription = {}\n"
        'thinking_config.thinking_level = "MINIMAL"\nsystem_instruction = { parts = [{ text = "You are brief." }] }',
    ),
    ProfileCase(
        "an app with vision",
        LIVE_38,
        "accept",
        'media_resolution = "MEDIA_RESOLUTION_LOW"\nsystem_instruction = "You are a concise assistant."',
    ),
    ProfileCase(
        "a JSON Schema, which goes to the wire as it is",
        LIVE_31,
        "accept",
        _tool(
            "parameters_json_schema = { type = 'object', additionalProperties = false, "
            "properties = { maxItems = { type = ['string', 'null'] } }, \"$ref\" = '#' }"
        ),
    ),
    ProfileCase(
        "everything about voice activity",
        LIVE_31,
        "accept",
        'realtime_input_config = { activity_handling = "NO_INTERRUPTION", turn_coverage = "TURN_INCLUDES_ALL_INPUT", '
        "automatic_activity_detection = { disabled = false, start_of_speech_sensitivity = "
        '"START_SENSITIVITY_HIGH", end_of_speech_sensitivity = "END_SENSITIVITY_HIGH", silence_duration_ms = 500, '
        "prefix_padding_ms = 200 } }",
    ),
    ProfileCase(
        "translation",
        TRANSLATE,
        "accept",
        'translation_config = { target_language_code = "ja", echo_target_language = false }',
    ),
    ProfileCase(
        "alternatives in a schema",
        LIVE_38,
        "accept",
        _tool(
            "parameters = { type = 'object', properties = { q = { "
            "any_of = [{ type = 'string' }, { type = 'null' }] } } }"
        ),
    ),
)
