"""Every refusal the stand-in can give: exact code, text and provenance, in one table.

MEASURED and DOCUMENTED texts are Google's own; REPORTED ones come from users' reports of Google's behaviour.
ASSUMED marks everything Google's behaviour is not known for: the text, the code or the whole rule is a choice
made here. Never build an app on an ASSUMED text.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import Enum
from string import Formatter
from typing import Any

REASON_BYTES = 123
"""A WebSocket close reason holds at most this many bytes; Google cuts its texts there."""


class Provenance(Enum):
    """Where the wording and the code of a refusal come from."""

    MEASURED = "measured"
    DOCUMENTED = "documented"
    REPORTED = "reported"
    ASSUMED = "assumed"


MEASURED, DOCUMENTED, REPORTED, ASSUMED = Provenance


@dataclass(frozen=True, slots=True)
class HttpRefusal:
    """One way in which `POST auth_tokens` is refused."""

    provenance: Provenance
    code: int
    status: str
    text: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CloseRefusal:
    """One way in which a WebSocket is closed by the server."""

    provenance: Provenance
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Silence:
    """A setup that gets no setupComplete and no close."""

    provenance: Provenance
    code: str = "never answered"


class MintError(Exception):
    """The mint request was refused; `body()` is Google's JSON error for it."""

    def __init__(self, refusal: HttpRefusal, *, field: str = "", **words: str) -> None:
        self.code = refusal.code
        self.status = refusal.status
        self.message = refusal.text.format(**words)
        self._reason = refusal.reason
        self._field = field
        super().__init__(self.message)

    def body(self) -> dict[str, Any]:
        """Return the error in the shape every Google API uses."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "status": self.status}
        if self._reason:
            error["details"] = [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": self._reason,
                    "domain": "googleapis.com",
                    "metadata": {"service": "generativelanguage.googleapis.com"},
                }
            ]
        elif self._field:
            violation = {"field": self._field, "description": self.message}
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}]
        return {"error": error}


class CloseError(Exception):
    """The server closes the WebSocket with `code` and `reason`."""

    def __init__(self, refusal: CloseRefusal, **words: str) -> None:
        self.code = refusal.code
        self.reason = cut(refusal.text.format(**words))
        super().__init__(f"{self.code} {self.reason}")


class SilenceError(Exception):
    """The server takes the setup and never answers it."""

    def __init__(self, silence: Silence) -> None:
        super().__init__(silence.code)


def placeholders(text: str) -> Set[str]:
    """Return the names of the places in a refusal's text that words are put into."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def cut(reason: str) -> str:
    """Cut a close reason to what fits into a close frame, never inside a character."""
    return reason.encode()[:REASON_BYTES].decode(errors="ignore")


_UNREGISTERED = (
    "Method doesn't allow unregistered callers (callers without established identity). "
    "Please use API Key or other form of API consumer identity to call this API."
)
_KEY_NOT_VALID = "API key not valid. Please pass a valid API key."
_KEY_LEAKED = "Your API key was reported as leaked. Please use another API key."
_OAUTH_EXPECTED = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
    "valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
_INVALID_ARGUMENT = "Request contains an invalid argument."
_QUOTA_EXCEEDED = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "head to: https://ai.google.dev/gemini-api/docs/rate-limits."
)
_INTERNAL = "Internal error encountered."
_UNAVAILABLE = "The service is currently unavailable."
_NOT_FOUND = "Requested entity was not found."

# --- POST {v1alpha|v1beta}/auth_tokens -------------------------------------------------------------
# 404 is measured (v1, list, get); its JSON text is ASSUMED, Google may answer with HTML.
MINT_NOT_FOUND = HttpRefusal(MEASURED, 404, "NOT_FOUND", _NOT_FOUND)
# Measured 2026-10-03.
MINT_KEY_MISSING = HttpRefusal(MEASURED, 403, "PERMISSION_DENIED", _UNREGISTERED)
# Measured, undated.
MINT_KEY_BAD = HttpRefusal(MEASURED, 400, "INVALID_ARGUMENT", _KEY_NOT_VALID, "API_KEY_INVALID")
# Status and reason reported by several users; the message is ASSUMED.
MINT_AUTH_KEY_BAD = HttpRefusal(REPORTED, 401, "UNAUTHENTICATED", _OAUTH_EXPECTED, "ACCESS_TOKEN_TYPE_UNSUPPORTED")
# Documented on Google's troubleshooting page.
MINT_KEY_LEAKED = HttpRefusal(DOCUMENTED, 403, "PERMISSION_DENIED", _KEY_LEAKED)
# Measured 2026-08-06, 2026-09-12 and 2026-09-18 for liveConnectConstraints. Reported: the text for a list where there
# can be one value, and paths through maps such as `properties[0].value`. ASSUMED: the texts for other wrong types.
MINT_SHAPE = HttpRefusal(MEASURED, 400, "INVALID_ARGUMENT", "{fault}")
# ASSUMED text; that malformed JSON is a 400 is the rule for every Google API.
MINT_NOT_JSON = HttpRefusal(
    ASSUMED, 400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unexpected token.\n{where}"
)
# Reported (js-genai#1492) for `tools.0`; ASSUMED for snake_case parts, where Google may be laxer.
MINT_MASK = HttpRefusal(REPORTED, 400, "INVALID_ARGUMENT", "field_mask is invalid for BidiGenerateContentSetup")
# Reported (gemini-live-api-examples#49).
MINT_UNMASKED = HttpRefusal(
    REPORTED,
    400,
    "INVALID_ARGUMENT",
    "BidiGenerateContentSetup contains fields that are not specified in field_mask",
)
# Text measured 2026-09-18 for expire_time; the 400, and the same words for new_session_expire_time, are
# ASSUMED.
MINT_TOO_FAR = HttpRefusal(
    MEASURED, 400, "INVALID_ARGUMENT", "{name} is too far in the future. Maximum lifetime is 20h"
)
# ASSUMED: Google's answer to a negative count is unknown.
MINT_USES_NEGATIVE = HttpRefusal(ASSUMED, 400, "INVALID_ARGUMENT", _INVALID_ARGUMENT)
# ASSUMED: nobody has published a mint that was limited or failed. Codes and words are those of Google's other APIs.
# Only a scenario brings them about.
MINT_RATE_LIMITED = HttpRefusal(ASSUMED, 429, "RESOURCE_EXHAUSTED", _QUOTA_EXCEEDED)
MINT_INTERNAL = HttpRefusal(ASSUMED, 500, "INTERNAL", _INTERNAL)
MINT_UNAVAILABLE = HttpRefusal(ASSUMED, 503, "UNAVAILABLE", _UNAVAILABLE)

# --- WebSocket: credentials, checked right after the handshake -------------------------------------
# Measured 2026-08 and 2026-09, four sources.
PLAIN_UNREGISTERED = CloseRefusal(MEASURED, 1008, _UNREGISTERED)
# Measured 2026-08-17: a bad key, or a live token given as a key.
PLAIN_KEY_BAD = CloseRefusal(MEASURED, 1007, _KEY_NOT_VALID)
# Measured 2026-09-24; whether Google puts words before "Expected" is not recorded.
PLAIN_BEARER = CloseRefusal(
    MEASURED, 1008, "Expected OAuth 2 access token, login cookie or other valid authentication credential"
)
# The text is documented for REST; the close code is ASSUMED.
PLAIN_KEY_LEAKED = CloseRefusal(ASSUMED, 1008, _KEY_LEAKED)
# Measured 2026-08-04 and 2026-09-24. That a never-minted token gets the same words is ASSUMED.
TOKEN_MALFORMED = CloseRefusal(
    MEASURED,
    1007,
    "Missing or malformed auth token in request. Obtain one from CreateAuthToken and pass it in an "
    "`access_token` query parameter.",
)

# --- WebSocket: the state of the token -------------------------------------------------------------
# Measured 2026-09-18, with and without a resumption handle.
TOKEN_EXPIRED = CloseRefusal(MEASURED, 1011, "Token has expired")
# Measured 2026-10-04.
TOKEN_TOO_LATE = CloseRefusal(MEASURED, 1011, "new_session_expire_time deadline exceeded")
# Measured 2026-08 to 2026-10, five sources.
TOKEN_USED_UP = CloseRefusal(MEASURED, 1011, "Token has been used too many times")
# Measured 2026-09-18, within about a second.
TOKEN_EXPIRED_RUNNING = CloseRefusal(MEASURED, 1011, "auth token has expired")
# Reported by users, like the two after it, which only a scenario brings about.
HANDLE_UNKNOWN = CloseRefusal(REPORTED, 1008, "BidiGenerateContent session not found")
# Which of the codes 1008 and 1007 goes with this text is ASSUMED.
HANDLE_NOT_FOUND = CloseRefusal(REPORTED, 1008, _NOT_FOUND)
HANDLE_INVALID = CloseRefusal(REPORTED, 1007, "Invalid session handle")
# The 1011 is reported (sip-to-ai PR 14); the text is ASSUMED.
HANDLE_IN_USE = CloseRefusal(REPORTED, 1011, _INTERNAL)

# --- WebSocket: setup and messages -----------------------------------------------------------------
# Reported by users for unknown fields in the setup; ASSUMED for wrong types, for other messages and for
# contextUpdate.
MESSAGE_SHAPE = CloseRefusal(REPORTED, 1007, "{fault}")
# ASSUMED: not JSON, a first frame that is no setup, a second setup, or several messages in one frame.
MESSAGE_INVALID = CloseRefusal(ASSUMED, 1007, _INVALID_ARGUMENT)
# Measured by third parties and reported by users.
MODEL_NOT_FOUND = CloseRefusal(
    MEASURED,
    1008,
    "{model} is not found for API version {version}, or is not supported for bidiGenerateContent. "
    "Call ListModels to see the list of available models and their supported methods.",
)
# ASSUMED: a setup without a model, or a model name that does not start with `models/`.
MODEL_MISSING = CloseRefusal(ASSUMED, 1007, "* BidiGenerateContentSetup.model: model is not specified")
MODEL_NAME_FORMAT = CloseRefusal(ASSUMED, 1007, "* BidiGenerateContentSetup.model: unexpected model name format")

# --- WebSocket: rules of a model, in model_rules.py ------------------------------------------------
# Measured, undated, for TEXT (also when responseModalities is missing), and reported (cookbook#386); ASSUMED for other
# combinations.
MODALITIES = CloseRefusal(
    MEASURED,
    1007,
    "The requested combination of response modalities ({modalities}) is not supported by the model",
)
# Reported (pipecat#4560, with this text; livekit/agents#2376, tau2-bench#510).
WINDOW_MISSING = CloseRefusal(REPORTED, 1007, _INVALID_ARGUMENT)
# Measured 2026-10-01 and reported (hermes-agent#114116) for a thinking level. ASSUMED for the rest of thinkingConfig,
# which the model page tells to omit.
THINKING_UNSUPPORTED = CloseRefusal(MEASURED, 1007, "Thinking level is not supported for this model")
# Measured 2026-09-21 and 2026-09-29, and reported (cookbook#1379, firebase-android-sdk#8616).
THINKING_LEVEL_MISSING = CloseRefusal(MEASURED, 1007, "Thinking level must be specified for this model.")
# The 1007 is measured 2026-09-29; the text is ASSUMED.
THINKING_LEVEL_UNKNOWN = CloseRefusal(MEASURED, 1007, "Thinking level {level} is not supported for this model")
# Measured 2026-09-29 and reported (gemini-skills#81, 2026-09-15).
BLOCKING_UNSUPPORTED = CloseRefusal(MEASURED, 1007, "BLOCKING function calls are not supported for this model")
# Measured 2026-09-29 as "1007 unknown field"; that the words are those of MESSAGE_SHAPE is ASSUMED.
FIELD_OF_OTHER_MODELS = CloseRefusal(
    MEASURED, 1007, "Invalid JSON payload received. Unknown name \"{name}\" at '{place}': Cannot find field."
)
# Documented as an error on the model page of gemini-3.8-live; code and text are ASSUMED.
PROACTIVE_AUDIO_REQUIRED = CloseRefusal(DOCUMENTED, 1007, "proactive_audio cannot be disabled for the model")
# Reported (PatterAI/Patter#210): it "always" happens.
SETUP_UNANSWERED = Silence(REPORTED)

# --- WebSocket: what a client sends in a session ---------------------------------------------------
# Measured, undated, for activityStart; ASSUMED for activityEnd.
EXPLICIT_ACTIVITY = CloseRefusal(MEASURED, 1007, "explicit activity control is not supported")
# Reported for models of 3.x (mastra#18287, 2026-06-22, and others).
MEDIA_CHUNKS = CloseRefusal(
    REPORTED, 1007, "realtime_input.media_chunks is deprecated. Use audio, video, or text instead."
)
# That it is refused after the first model turn is documented on the model page of 3.1; code and text are reported
# (voiceclaw#248, livekit/agents#5496, adk-python#5018). Some of these reports say so of the first one as well.
CLIENT_CONTENT_TOO_LATE = CloseRefusal(DOCUMENTED, 1007, _INVALID_ARGUMENT)
# ASSUMED: that ids are required is documented, the answer to a missing one is not.
TOOL_RESPONSE_ID = CloseRefusal(ASSUMED, 1007, "tool_response.function_responses: id is required")
# Reported (roomkit#42); code and text are ASSUMED.
TOOL_RESPONSE_NAME = CloseRefusal(REPORTED, 1007, "tool_response.function_responses: name is required")
# ASSUMED: audio of another format than raw PCM.
AUDIO_FORMAT = CloseRefusal(ASSUMED, 1007, "Unsupported audio format {mime_type}")

# --- WebSocket: the end of a connection ------------------------------------------------------------
# Reported by users, one of several: neither code nor text is stable at Google.
CONNECTION_LIMIT = CloseRefusal(REPORTED, 1008, "The operation was aborted.")
# Reported by users, with 1000, 1008 and 1011; which goes with which is ASSUMED. Only a scenario brings them about.
CONNECTION_CANCELLED = CloseRefusal(REPORTED, 1000, "The operation was cancelled.")
CONNECTION_DEADLINE = CloseRefusal(REPORTED, 1011, "Deadline expired before operation could complete.")

# --- WebSocket: what can happen at any time; only a scenario brings it about -------------------------
# Measured, undated: where the quota is used up already, about a second after setupComplete. What follows the cut is
# ASSUMED.
QUOTA = CloseRefusal(MEASURED, 1011, _QUOTA_EXCEEDED)
# Reported (js-genai#1236, python-genai#985, python-genai#760). Which of the codes 1011 and 1008 goes with which text is
# ASSUMED.
INTERNAL = CloseRefusal(REPORTED, 1011, _INTERNAL)
UNAVAILABLE = CloseRefusal(REPORTED, 1011, _UNAVAILABLE)
NOT_IMPLEMENTED = CloseRefusal(REPORTED, 1008, "Operation is not implemented, or supported, or enabled.")
# Reported by users.
API_DISABLED = CloseRefusal(
    REPORTED, 1008, "Generative Language API has not been used in project {project} before or it is disabled."
)

CLOSE_REFUSALS: Mapping[str, CloseRefusal] = {
    name: entry for name, entry in list(globals().items()) if isinstance(entry, CloseRefusal)
}
HTTP_REFUSALS: Mapping[str, HttpRefusal] = {
    name: entry for name, entry in list(globals().items()) if isinstance(entry, HttpRefusal)
}
"""Name → entry, of everything above."""
