"""The setup of a Live session as the Developer API's mint knows it, under the names that a profile's `[config]` has.

The mint answers a name that it does not know with 400 `Unknown name "x" at 'y': Cannot find field.`, so what is not in
these tables cannot be minted with. Sources: https://ai.google.dev/api/live, Google's discovery document of
generativelanguage v1beta (2026-03-25), and the `_to_mldev` converters of google-genai 3.4.0, which make the request.

A type reads like a .proto file: a scalar, an enum or message of this file, `repeated X` or `map X` (any keys).
"""

from __future__ import annotations

from collections.abc import Mapping

ROOT = "LiveConnectConfig"

# `json` is any JSON value, which travels as it is: nothing inside it is looked at but that it is JSON.
SCALARS = frozenset({"text", "bytes", "bool", "int32", "int64", "number", "time", "json"})

ENUMS: Mapping[str, tuple[str, ...]] = {
    "Modality": ("AUDIO", "TEXT", "IMAGE", "VIDEO"),
    "MediaResolution": ("MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH"),
    "ThinkingLevel": ("MINIMAL", "LOW", "MEDIUM", "HIGH"),
    "StartSensitivity": ("START_SENSITIVITY_HIGH", "START_SENSITIVITY_LOW"),
    "EndSensitivity": ("END_SENSITIVITY_HIGH", "END_SENSITIVITY_LOW"),
    "ActivityHandling": ("START_OF_ACTIVITY_INTERRUPTS", "NO_INTERRUPTION"),
    "TurnCoverage": (
        "TURN_INCLUDES_ONLY_ACTIVITY",
        "TURN_INCLUDES_ALL_INPUT",
        "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO",
    ),
    "Type": ("STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"),
    "Behavior": ("BLOCKING", "NON_BLOCKING"),
    "RetrievalMode": ("MODE_DYNAMIC",),
    "Environment": ("ENVIRONMENT_BROWSER",),
    "HarmCategory": (
        "HARM_CATEGORY_HARASSMENT",
        "HARM_CATEGORY_HATE_SPEECH",
        "HARM_CATEGORY_SEXUALLY_EXPLICIT",
        "HARM_CATEGORY_DANGEROUS_CONTENT",
        "HARM_CATEGORY_CIVIC_INTEGRITY",
    ),
    "TranscriptionMode": ("VERBATIM", "SMART"),
    "SafetyPolicy": (
        "FINANCIAL_TRANSACTIONS",
        "SENSITIVE_DATA_MODIFICATION",
        "COMMUNICATION_TOOL",
        "ACCOUNT_CREATION",
        "DATA_MODIFICATION",
        "USER_CONSENT_MANAGEMENT",
        "LEGAL_TERMS_AND_AGREEMENTS",
    ),
    "HarmBlockThreshold": ("BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"),
}
"""Their values in Google's spelling. google-genai writes them in capitals, so a profile may have any case."""

UNSPECIFIED: Mapping[str, str] = {
    "Modality": "MODALITY_UNSPECIFIED",
    "MediaResolution": "MEDIA_RESOLUTION_UNSPECIFIED",
    "ThinkingLevel": "THINKING_LEVEL_UNSPECIFIED",
    "StartSensitivity": "START_SENSITIVITY_UNSPECIFIED",
    "EndSensitivity": "END_SENSITIVITY_UNSPECIFIED",
    "ActivityHandling": "ACTIVITY_HANDLING_UNSPECIFIED",
    "TurnCoverage": "TURN_COVERAGE_UNSPECIFIED",
    "Type": "TYPE_UNSPECIFIED",
    "Behavior": "UNSPECIFIED",
    "RetrievalMode": "MODE_UNSPECIFIED",
    "Environment": "ENVIRONMENT_UNSPECIFIED",
    "HarmCategory": "HARM_CATEGORY_UNSPECIFIED",
    "TranscriptionMode": "MODE_UNSPECIFIED",
    "SafetyPolicy": "SAFETY_POLICY_UNSPECIFIED",
    "HarmBlockThreshold": "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
}
"""The value that every enum has for "left out". It is taken, and never proposed."""

_GENERATION = {
    "response_modalities": "repeated Modality",
    "temperature": "number",
    "top_p": "number",
    "top_k": "number",
    "max_output_tokens": "int32",
    "media_resolution": "MediaResolution",
    "seed": "int32",
    "speech_config": "SpeechConfig",
    "thinking_config": "ThinkingConfig",
    "enable_affective_dialog": "bool",
    "translation_config": "TranslationConfig",
}

GENERATION_FIELDS = frozenset(_GENERATION)
"""What a `[config]` has at its top and in the older `generation_config`. google-genai cannot send a mixture."""

_SESSION = {
    ROOT: {
        **_GENERATION,
        "generation_config": "GenerationConfig",
        "system_instruction": "Content",
        "tools": "repeated Tool",
        "realtime_input_config": "RealtimeInputConfig",
        "input_audio_transcription": "AudioTranscriptionConfig",
        "output_audio_transcription": "AudioTranscriptionConfig",
        "context_window_compression": "ContextWindowCompressionConfig",
        "proactivity": "ProactivityConfig",
        "history_config": "HistoryConfig",
    },
    "GenerationConfig": {
        **_GENERATION,
        "candidate_count": "int32",
        "stop_sequences": "repeated text",
        "presence_penalty": "number",
        "frequency_penalty": "number",
        "response_mime_type": "text",
        "response_schema": "Schema",
        "response_json_schema": "json",
        "response_logprobs": "bool",
        "logprobs": "int32",
        "enable_enhanced_civic_answers": "bool",
    },
    "SpeechConfig": {"voice_config": "VoiceConfig", "language_code": "text"},
    "VoiceConfig": {"prebuilt_voice_config": "PrebuiltVoiceConfig"},
    "PrebuiltVoiceConfig": {"voice_name": "text"},
    "ThinkingConfig": {"include_thoughts": "bool", "thinking_budget": "int32", "thinking_level": "ThinkingLevel"},
    "TranslationConfig": {"target_language_code": "text", "echo_target_language": "bool"},
    "RealtimeInputConfig": {
        "automatic_activity_detection": "AutomaticActivityDetection",
        "activity_handling": "ActivityHandling",
        "turn_coverage": "TurnCoverage",
    },
    "AutomaticActivityDetection": {
        "disabled": "bool",
        "start_of_speech_sensitivity": "StartSensitivity",
        "end_of_speech_sensitivity": "EndSensitivity",
        "prefix_padding_ms": "int32",
        "silence_duration_ms": "int32",
    },
    "ContextWindowCompressionConfig": {"trigger_tokens": "int64", "sliding_window": "SlidingWindow"},
    "SlidingWindow": {"target_tokens": "int64"},
    "AudioTranscriptionConfig": {"language_codes": "repeated text"},
    "ProactivityConfig": {"proactive_audio": "bool"},
    "HistoryConfig": {"initial_history_in_client_content": "bool"},
    "SafetySetting": {"category": "HarmCategory", "threshold": "HarmBlockThreshold"},
    "Content": {"parts": "repeated Part", "role": "text"},
    "Part": {"text": "text"},
}

_TOOLS = {
    "Tool": {
        "function_declarations": "repeated FunctionDeclaration",
        "google_search": "GoogleSearch",
        "google_search_retrieval": "GoogleSearchRetrieval",
        "google_maps": "GoogleMaps",
        "code_execution": "Empty",
        "url_context": "Empty",
        "computer_use": "ComputerUse",
        "file_search": "FileSearch",
    },
    "FunctionDeclaration": {
        "name": "text",
        "description": "text",
        "behavior": "Behavior",
        "parameters": "Schema",
        "parameters_json_schema": "json",
        "response": "Schema",
        "response_json_schema": "json",
    },
    "Schema": {
        "type": "Type",
        "format": "text",
        "title": "text",
        "description": "text",
        "nullable": "bool",
        "enum": "repeated text",
        "items": "Schema",
        "min_items": "int64",
        "max_items": "int64",
        "properties": "map Schema",
        "property_ordering": "repeated text",
        "required": "repeated text",
        "min_properties": "int64",
        "max_properties": "int64",
        "minimum": "number",
        "maximum": "number",
        "min_length": "int64",
        "max_length": "int64",
        "pattern": "text",
        "any_of": "repeated Schema",
        "default": "json",
        "example": "json",
    },
    "GoogleSearch": {"search_types": "SearchTypes", "time_range_filter": "Interval"},
    "SearchTypes": {"web_search": "Empty", "image_search": "Empty"},
    "Interval": {"start_time": "time", "end_time": "time"},
    "GoogleSearchRetrieval": {"dynamic_retrieval_config": "DynamicRetrievalConfig"},
    "DynamicRetrievalConfig": {"mode": "RetrievalMode", "dynamic_threshold": "number"},
    "GoogleMaps": {"enable_widget": "bool"},
    "ComputerUse": {"environment": "Environment", "excluded_predefined_functions": "repeated text"},
    "FileSearch": {"file_search_store_names": "repeated text", "top_k": "int32", "metadata_filter": "text"},
    "Empty": {},
}

MESSAGES: Mapping[str, Mapping[str, str]] = {**_SESSION, **_TOOLS}
"""Message → field → type, of what the Developer API takes."""

_VERTEX_ONLY = "only Vertex AI takes it, not the Developer API; leave it out"
_UNKNOWN = "unknown to the Developer API; leave it out"
_SCHEMA = "unknown to Gemini; leave it out, or use parameters_json_schema"
_OURS = "this service sets it: the handle of a call goes there; leave it out"

NOT_TAKEN: Mapping[str, Mapping[str, str]] = {
    ROOT: {
        "explicit_vad_signal": _VERTEX_ONLY,
        "avatar_config": "not of the Developer API, only of Vertex AI; leave it out",
        "session_resumption": _OURS,
        "http_options": "it is not part of a lock; leave it out",
        "tool_config": "google-genai cannot send it in a session; leave it out",
    },
    "GenerationConfig": {
        "routing_config": _VERTEX_ONLY,
        "model_selection_config": _VERTEX_ONLY,
        "audio_timestamp": _VERTEX_ONLY,
    },
    "SpeechConfig": {"multi_speaker_voice_config": "not supported in the Live API; leave it out"},
    "SafetySetting": {"method": _VERTEX_ONLY},
    "Tool": {
        "retrieval": _VERTEX_ONLY,
        "enterprise_web_search": _VERTEX_ONLY,
        "parallel_ai_search": _VERTEX_ONLY,
        "exa_ai_search": _VERTEX_ONLY,
        "mcp_servers": f"{_UNKNOWN}, and declare the functions in function_declarations",
    },
    "Schema": {"additional_properties": _SCHEMA, "defs": _SCHEMA, "ref": _SCHEMA},
    "GoogleSearch": {"exclude_domains": _VERTEX_ONLY, "blocking_confidence": _VERTEX_ONLY},
    "GoogleMaps": {"grounding_types": _VERTEX_ONLY, "auth_config": _VERTEX_ONLY},
}
"""Message → field that google-genai knows and the Developer API does not take → why, and the cure."""

UNKNOWN_IN_SCHEMA = _SCHEMA
"""What is said of any other name in a `Schema`: most are JSON Schema, such as `$ref`, `oneOf` or `const`."""

OTHER_NAMES: Mapping[str, str] = {
    "voice": "speech_config.voice_config.prebuilt_voice_config.voice_name",
    "language": "speech_config.language_code",
    "instructions": "system_instruction",
    "system_prompt": "system_instruction",
    "modalities": "response_modalities",
    "max_tokens": "max_output_tokens",
    "functions": "tools[…].function_declarations",
    "turn_detection": "realtime_input_config.automatic_activity_detection",
    "vad": "realtime_input_config.automatic_activity_detection",
    "affective_dialog": "enable_affective_dialog",
    "transcription": "input_audio_transcription",
}
"""What is written at the top of a config by those who come from another API → where its place is here."""

UNPROVEN: Mapping[str, Mapping[str, str]] = {
    ROOT: {"safety_settings": "repeated SafetySetting", "labels": "map text"},
    "GenerationConfig": {"response_format": "json", "audio_transcription_config": "AudioTranscriptionConfig"},
    "VoiceConfig": {"voice": "text", "replicated_voice_config": "ReplicatedVoiceConfig"},
    "ReplicatedVoiceConfig": {
        "mime_type": "text",
        "voice_sample_audio": "bytes",
        "consent_audio": "bytes",
        "voice_consent_signature": "VoiceConsentSignature",
    },
    "VoiceConsentSignature": {"signature": "text"},
    "RealtimeInputConfig": {"interim_transcript_timestamp_enabled": "bool"},
    "AudioTranscriptionConfig": {
        "language_auto": "Empty",
        "language_hints": "LanguageHints",
        "custom_vocabulary": "repeated text",
        "adaptation_phrases": "repeated text",
        "word_timestamp": "bool",
        "diarization": "bool",
        "mode": "TranscriptionMode",
        "source_text": "text",
    },
    "LanguageHints": {"language_codes": "repeated text"},
    "ProactivityConfig": {"proactive_video": "bool"},
    "ComputerUse": {"enable_prompt_injection_detection": "bool", "disabled_safety_policies": "repeated SafetyPolicy"},
}
"""Message → field → type, of what google-genai sends and neither Google's reference nor a measurement names."""

TEXT_ONLY = frozenset(
    {
        *("inline_data", "file_data", "function_call", "function_response", "executable_code", "code_execution_result"),
        *("thought", "thought_signature", "video_metadata", "media_resolution", "tool_call", "tool_response"),
        *("part_metadata", "audio_transcription", "media_processing", "speech_metadata", "document_metadata"),
        *("spreadsheet_metadata", "audio_metadata"),
    }
)
"""Other kinds of `Part`. Google documents that a system instruction takes text only.

Source: https://ai.google.dev/api/generate-content#v1beta.GenerateContentRequest
"""


def fields_of(message: str) -> Mapping[str, str]:
    """Return field → type of all that google-genai can send of a message and the Developer API may take."""
    return {**MESSAGES.get(message, {}), **UNPROVEN.get(message, {})}
