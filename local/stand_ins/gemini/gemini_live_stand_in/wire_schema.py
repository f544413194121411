"""The protobuf messages of the Live API, as far as they travel over the Developer API's wire.

Written by hand after Google's reference (https://ai.google.dev/api/live). A field's type reads like a
.proto file: a scalar, an enum or message of this file, `repeated X` or `map X` (string keys). Vertex-only fields such
as `sessionResumption.transparent` or `explicitVadSignal` are left out on purpose and so refused.
"""

from collections.abc import Mapping

SCALARS = frozenset({"string", "bytes", "bool", "int32", "int64", "float", "Timestamp", "Struct", "Value"})
"""`Struct` takes any JSON object and `Value` any JSON at all; int64 may arrive as a string."""

ENUMS: Mapping[str, frozenset[str]] = {
    name: frozenset(values.split())
    for name, values in {
        "Modality": "MODALITY_UNSPECIFIED TEXT IMAGE AUDIO VIDEO",
        "MediaResolution": "MEDIA_RESOLUTION_UNSPECIFIED MEDIA_RESOLUTION_LOW MEDIA_RESOLUTION_MEDIUM "
        "MEDIA_RESOLUTION_HIGH",
        "ThinkingLevel": "THINKING_LEVEL_UNSPECIFIED MINIMAL LOW MEDIUM HIGH",
        "StartSensitivity": "START_SENSITIVITY_UNSPECIFIED START_SENSITIVITY_HIGH START_SENSITIVITY_LOW",
        "EndSensitivity": "END_SENSITIVITY_UNSPECIFIED END_SENSITIVITY_HIGH END_SENSITIVITY_LOW",
        "ActivityHandling": "ACTIVITY_HANDLING_UNSPECIFIED START_OF_ACTIVITY_INTERRUPTS NO_INTERRUPTION",
        "TurnCoverage": "TURN_COVERAGE_UNSPECIFIED TURN_INCLUDES_ONLY_ACTIVITY TURN_INCLUDES_ALL_INPUT "
        "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO",
        "Type": "TYPE_UNSPECIFIED STRING NUMBER INTEGER BOOLEAN ARRAY OBJECT NULL",
        "Behavior": "UNSPECIFIED BLOCKING NON_BLOCKING",
        "Scheduling": "SCHEDULING_UNSPECIFIED SILENT WHEN_IDLE INTERRUPT",
        "RetrievalMode": "MODE_UNSPECIFIED MODE_DYNAMIC",
        "CallingMode": "MODE_UNSPECIFIED AUTO ANY NONE VALIDATED",
        "Environment": "ENVIRONMENT_UNSPECIFIED ENVIRONMENT_BROWSER",
        "Language": "LANGUAGE_UNSPECIFIED PYTHON",
        "Outcome": "OUTCOME_UNSPECIFIED OUTCOME_OK OUTCOME_FAILED OUTCOME_DEADLINE_EXCEEDED",
        "HarmCategory": "HARM_CATEGORY_UNSPECIFIED HARM_CATEGORY_HARASSMENT HARM_CATEGORY_HATE_SPEECH "
        "HARM_CATEGORY_SEXUALLY_EXPLICIT HARM_CATEGORY_DANGEROUS_CONTENT HARM_CATEGORY_CIVIC_INTEGRITY",
        "HarmBlockThreshold": "HARM_BLOCK_THRESHOLD_UNSPECIFIED BLOCK_LOW_AND_ABOVE BLOCK_MEDIUM_AND_ABOVE "
        "BLOCK_ONLY_HIGH BLOCK_NONE OFF",
    }.items()
}

_SETUP = {
    "BidiGenerateContentSetup": {
        "model": "string",
        "generationConfig": "GenerationConfig",
        "systemInstruction": "Content",
        "tools": "repeated Tool",
        "toolConfig": "ToolConfig",
        "safetySettings": "repeated SafetySetting",
        "realtimeInputConfig": "RealtimeInputConfig",
        "sessionResumption": "SessionResumptionConfig",
        "contextWindowCompression": "ContextWindowCompressionConfig",
        "inputAudioTranscription": "AudioTranscriptionConfig",
        "outputAudioTranscription": "AudioTranscriptionConfig",
        "proactivity": "ProactivityConfig",
        "historyConfig": "HistoryConfig",
    },
    "GenerationConfig": {
        "candidateCount": "int32",
        "stopSequences": "repeated string",
        "maxOutputTokens": "int32",
        "temperature": "float",
        "topP": "float",
        "topK": "float",
        "seed": "int32",
        "presencePenalty": "float",
        "frequencyPenalty": "float",
        "responseMimeType": "string",
        "responseSchema": "Schema",
        "responseJsonSchema": "Value",
        "responseLogprobs": "bool",
        "logprobs": "int32",
        "responseModalities": "repeated Modality",
        "speechConfig": "SpeechConfig",
        "thinkingConfig": "ThinkingConfig",
        "mediaResolution": "MediaResolution",
        "enableAffectiveDialog": "bool",
        "enableEnhancedCivicAnswers": "bool",
        "translationConfig": "TranslationConfig",
    },
    "SpeechConfig": {
        "voiceConfig": "VoiceConfig",
        "multiSpeakerVoiceConfig": "MultiSpeakerVoiceConfig",
        "languageCode": "string",
    },
    "VoiceConfig": {"prebuiltVoiceConfig": "PrebuiltVoiceConfig"},
    "PrebuiltVoiceConfig": {"voiceName": "string"},
    "MultiSpeakerVoiceConfig": {"speakerVoiceConfigs": "repeated SpeakerVoiceConfig"},
    "SpeakerVoiceConfig": {"speaker": "string", "voiceConfig": "VoiceConfig"},
    "ThinkingConfig": {
        "includeThoughts": "bool",
        "thinkingBudget": "int32",
        "thinkingLevel": "ThinkingLevel",
    },
    "TranslationConfig": {"targetLanguageCode": "string", "echoTargetLanguage": "bool"},
    "RealtimeInputConfig": {
        "automaticActivityDetection": "AutomaticActivityDetection",
        "activityHandling": "ActivityHandling",
        "turnCoverage": "TurnCoverage",
    },
    "AutomaticActivityDetection": {
        "disabled": "bool",
        "startOfSpeechSensitivity": "StartSensitivity",
        "endOfSpeechSensitivity": "EndSensitivity",
        "prefixPaddingMs": "int32",
        "silenceDurationMs": "int32",
    },
    "SessionResumptionConfig": {"handle": "string"},
    "ContextWindowCompressionConfig": {"triggerTokens": "int64", "slidingWindow": "SlidingWindow"},
    "SlidingWindow": {"targetTokens": "int64"},
    "AudioTranscriptionConfig": {"languageCodes": "repeated string"},
    "ProactivityConfig": {"proactiveAudio": "bool"},
    "HistoryConfig": {"initialHistoryInClientContent": "bool"},
    "SafetySetting": {"category": "HarmCategory", "threshold": "HarmBlockThreshold"},
}

_CONTENT = {
    "Content": {"parts": "repeated Part", "role": "string"},
    "Part": {
        "text": "string",
        "inlineData": "Blob",
        "fileData": "FileData",
        "functionCall": "FunctionCall",
        "functionResponse": "FunctionResponse",
        "executableCode": "ExecutableCode",
        "codeExecutionResult": "CodeExecutionResult",
        "thought": "bool",
        "thoughtSignature": "bytes",
        "videoMetadata": "VideoMetadata",
        "partMetadata": "Struct",
    },
    "Blob": {"mimeType": "string", "data": "bytes"},
    "FileData": {"mimeType": "string", "fileUri": "string"},
    "FunctionCall": {"id": "string", "name": "string", "args": "Struct"},
    "FunctionResponse": {
        "id": "string",
        "name": "string",
        "response": "Struct",
        "willContinue": "bool",
        "scheduling": "Scheduling",
    },
    "ExecutableCode": {"language": "Language", "code": "string"},
    "CodeExecutionResult": {"outcome": "Outcome", "output": "string"},
    "VideoMetadata": {"startOffset": "string", "endOffset": "string", "fps": "float"},
}

_TOOLS = {
    "Tool": {
        "functionDeclarations": "repeated FunctionDeclaration",
        "googleSearch": "GoogleSearch",
        "googleSearchRetrieval": "GoogleSearchRetrieval",
        "googleMaps": "GoogleMaps",
        "codeExecution": "CodeExecution",
        "urlContext": "UrlContext",
        "computerUse": "ComputerUse",
        "fileSearch": "FileSearch",
    },
    "FunctionDeclaration": {
        "name": "string",
        "description": "string",
        "behavior": "Behavior",
        "parameters": "Schema",
        "parametersJsonSchema": "Value",
        "response": "Schema",
        "responseJsonSchema": "Value",
    },
    "Schema": {
        "type": "Type",
        "format": "string",
        "title": "string",
        "description": "string",
        "nullable": "bool",
        "enum": "repeated string",
        "items": "Schema",
        "minItems": "int64",
        "maxItems": "int64",
        "properties": "map Schema",
        "propertyOrdering": "repeated string",
        "required": "repeated string",
        "minProperties": "int64",
        "maxProperties": "int64",
        "minimum": "float",
        "maximum": "float",
        "minLength": "int64",
        "maxLength": "int64",
        "pattern": "string",
        "anyOf": "repeated Schema",
        "default": "Value",
        "example": "Value",
    },
    "GoogleSearch": {"timeRangeFilter": "Interval"},
    "Interval": {"startTime": "Timestamp", "endTime": "Timestamp"},
    "GoogleSearchRetrieval": {"dynamicRetrievalConfig": "DynamicRetrievalConfig"},
    "DynamicRetrievalConfig": {"mode": "RetrievalMode", "dynamicThreshold": "float"},
    "GoogleMaps": {"enableWidget": "bool"},
    "CodeExecution": {},
    "UrlContext": {},
    "ComputerUse": {"environment": "Environment", "excludedPredefinedFunctions": "repeated string"},
    "FileSearch": {"fileSearchStoreNames": "repeated string", "topK": "int32", "metadataFilter": "string"},
    "ToolConfig": {"functionCallingConfig": "FunctionCallingConfig", "retrievalConfig": "RetrievalConfig"},
    "FunctionCallingConfig": {"mode": "CallingMode", "allowedFunctionNames": "repeated string"},
    "RetrievalConfig": {"latLng": "LatLng", "languageCode": "string"},
    "LatLng": {"latitude": "float", "longitude": "float"},
}

_ENVELOPES = {
    "AuthToken": {
        "name": "string",
        "expireTime": "Timestamp",
        "newSessionExpireTime": "Timestamp",
        "uses": "int32",
        "bidiGenerateContentSetup": "BidiGenerateContentSetup",
        "fieldMask": "string",
    },
    "ClientMessage": {
        "setup": "BidiGenerateContentSetup",
        "clientContent": "ClientContent",
        "realtimeInput": "RealtimeInput",
        "toolResponse": "ToolResponse",
    },
    "ClientContent": {"turns": "repeated Content", "turnComplete": "bool"},
    "RealtimeInput": {
        "audio": "Blob",
        "audioStreamEnd": "bool",
        "video": "Blob",
        "text": "string",
        "activityStart": "ActivityStart",
        "activityEnd": "ActivityEnd",
        "mediaChunks": "repeated Blob",
    },
    "ActivityStart": {},
    "ActivityEnd": {},
    "ToolResponse": {"functionResponses": "repeated FunctionResponse"},
}

MESSAGES: Mapping[str, Mapping[str, str]] = {**_SETUP, **_CONTENT, **_TOOLS, **_ENVELOPES}
"""Message name → camelCase field name → type."""
