"""A Gemini API key: recognises what is pasted by mistake, and asks Gemini about the rest.

The prefix decides nothing, because Google has changed it before.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass, field, replace

from live_tokens_operations.google.look import Found, Json, Look, Unseen
from live_tokens_operations.google.rest import Answer, json_object, look_in, send

WHERE_TO_GET_IT = "https://aistudio.google.com/apikey"
HOST = "generativelanguage.googleapis.com"

_MISTAKEN_FOR_IT = (
    (re.compile(r"ya29\."), "an OAuth access token"),
    (re.compile(r"1//"), "an OAuth refresh token"),
    (re.compile(r"eyJ"), "a JSON web token"),
    (re.compile(r"auth_tokens/"), "an ephemeral live token"),
    (re.compile(r"-----BEGIN"), "a private key"),
    (re.compile(r"no key was given to Terraform"), "Terraform's placeholder"),
)
# The name before a key: in an .env file, a shell, PowerShell, YAML or a header.
_NAMED = re.compile(
    r"""^[\s\ufeff"']*(export\s|set\s|\$env:|[\w-]*(key|gemini|google)[\w-]*["']?\s*[=:]\s*\S)""",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTES = "\"'`‘’“”«»"
_INVISIBLE = re.compile("[\u00a0\u00ad\u200b-\u200f\u2060\ufeff]")
_UTF_16 = re.compile("\0[^\0]\0")
# Source: https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
_FOR_OTHER_CALLERS = {
    "API_KEY_HTTP_REFERRER_BLOCKED": "web sites",
    "API_KEY_ANDROID_APP_BLOCKED": "Android apps",
    "API_KEY_IOS_APP_BLOCKED": "iOS apps",
}
_INTERACTION = re.compile(r"[A-Za-z0-9_.~-]+")
_CONSUMER = re.compile(r"projects/[0-9]+")


class NotAKeyError(Exception):
    """A text is not a Gemini API key. The message, such as “is empty”, quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class GeminiKey:
    """A possible Gemini API key. Only Gemini knows whether it is one."""

    value: str = field(repr=False)

    @classmethod
    def read(cls, text: str) -> GeminiKey:
        """Return the key in a text, without the white space around it that the function takes off as well.

        Raises:
            NotAKeyError: it is something else.
        """
        text = text.strip(string.whitespace)
        if fault := _fault(text):
            raise NotAKeyError(fault)
        return cls(text)


@dataclass(frozen=True, slots=True)
class Refused:
    """Gemini refuses the key.

    Attributes:
        why: as in “the key is restricted to other APIs”.
        reason: Google's reason, or empty.
        project: number of the key's project, if Google names it.
    """

    why: str
    reason: str = ""
    project: str | None = None


def ask_gemini(key: GeminiKey, path: str, seconds: float) -> Look | Refused:
    """Read something from Gemini for free, such as a model.

    Args:
        key: is sent only to Gemini, in a header.
        path: `VERSION/models`, or one of them, with its query.

    Source: https://ai.google.dev/api/models
    """
    url = f"https://{HOST}/{path}"
    answer = send("GET", url, seconds, headers={"x-goog-api-key": key.value})
    look = look_in(answer, url)
    match look:
        case Unseen(status=429):
            return replace(look, why="the quota of the key's project is used up (429)")
        case Unseen(reason="API_KEY_IP_ADDRESS_BLOCKED"):
            return replace(look, why="the key is restricted to IP addresses that do not include this machine's")
        case Unseen() if isinstance(answer, Answer) and answer.body is not None:
            return _refusal(look, answer.body) or look
    return look


def ask_for_interaction(key: GeminiKey, model: str, seconds: float) -> Look:
    """Ask Gemini for an interaction with a model, and cancel it if there is one.

    Args:
        key: goes to Gemini in a header, and nowhere else.
        model: without `models/`.

    Source: https://github.com/googleapis/python-genai (3.5.0; experimental)
    """
    url = f"https://{HOST}/v1/interactions"
    headers = {"x-goog-api-key": key.value}
    look = look_in(send("POST", url, seconds, body={"model": model}, headers=headers), url)
    if isinstance(look, Found) and _INTERACTION.fullmatch(name := str(look.body.get("id", ""))):
        send("POST", f"{url}/{name}/cancel", seconds, body={}, headers=headers)
    return look


def _fault(text: str) -> str:
    if not text:
        return "is empty"
    if text.startswith(("{", "[")):
        account = (json_object(text) or {}).get("type") == "service_account"
        return f"is not a key, but {'the key file of a service account' if account else 'JSON'}"
    for form, name in _MISTAKEN_FOR_IT:
        if form.match(text):
            return f"is not a key, but {name}"
    if around := _around_the_key(text):
        return around
    if not text.isascii():
        return "is not a key: it holds other than ASCII"
    if " " in text:
        return "is not a key: there are spaces in it"
    if not text.isprintable():
        return "is not a key: it holds control characters"
    return ""


def _around_the_key(text: str) -> str:
    """Return what was copied or saved along with a key, and what to do about it, or nothing."""
    if _UTF_16.search(text):
        return "is saved as UTF-16: save it as UTF-8 without a BOM"
    if _NAMED.search(text):
        return "is a line of an .env file or the like: store only what stands behind the name, without quotes"
    if text[0] in _QUOTES or text[-1] in _QUOTES:
        return "has quotes around it: store it without them"
    if text.startswith("\ufeff"):
        return "begins with a byte order mark (BOM): save it as UTF-8 without a BOM"
    if _INVISIBLE.search(text):
        return "has an invisible character in it: copy it again"
    if len(text.splitlines()) > 1 or "\\n" in text:
        return "has a line break in it: store it as one line"
    return ""


def _refusal(unseen: Unseen, body: Json) -> Refused | None:
    """Sources: https://ai.google.dev/gemini-api/docs/troubleshooting, /api-key."""
    status, reason = unseen.status, unseen.reason
    why = ""
    if reason == "SERVICE_DISABLED":
        why = "its API is off in the key's project, or was switched on minutes ago"
    elif reason == "API_KEY_SERVICE_BLOCKED":
        why = "the key is restricted to other APIs"
    elif reason in _FOR_OTHER_CALLERS:
        why = f"the key is restricted to {_FOR_OTHER_CALLERS[reason]}, and the function is not one of these"
    elif status == 403 and "leaked" in str(body.get("error", {}).get("message", "")):
        why = "the key was reported as leaked, and is dead"
    elif unseen.refused or reason == "API_KEY_INVALID":
        why = f"refuses the key (HTTP {status}{f' {reason}' if reason else ''})"
    return Refused(why, reason, _consumer(body)) if why else None


def _consumer(body: Json) -> str | None:
    """Return the number of the key's project, if the error names it."""
    match body:
        case {"error": {"details": [*details]}}:
            consumers = [detail.get("metadata", {}).get("consumer", "") for detail in details]
            return next((name.removeprefix("projects/") for name in consumers if _CONSUMER.fullmatch(name)), None)
    return None
