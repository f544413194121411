"""What an answer that should have been another one means, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from live_tokens_operations.client.live_session import SessionError
from live_tokens_operations.client.mint_client import Answer

_REFRESH = "Give another ID token, or none: then a user is made for the run."

WHAT_TO_DO: Mapping[str, str] = {
    "MALFORMED_REQUEST": "The deployed function does not understand this smoke test: are they of one release?",
    "UNKNOWN_PROFILE": "--profile names no profile.",
    "INVALID_RESUMPTION_HANDLE": "The deployed function does not take the handle that Gemini gave.",
    "ID_TOKEN_MISSING": "The ID token did not arrive: something before the function takes the header away.",
    "ID_TOKEN_INVALID": "Is FIREBASE_PROJECT_ID of the function the project that the user is of?",
    "ID_TOKEN_EXPIRED": f"Or is the clock of the machine wrong that made it? {_REFRESH}",
    "ID_TOKEN_REVOKED": _REFRESH,
    "USER_DISABLED": _REFRESH,
    "APP_CHECK_MISSING": "App Check is enforced: --app-id, or a token of a device in APP_CHECK_TOKEN.",
    "APP_CHECK_INVALID": "The App Check token is expired, or of an app that APP_CHECK_ALLOWED_APP_IDS leaves out.",
    "APP_CHECK_REPLAYED": "APP_CHECK_CONSUME is on, so one APP_CHECK_TOKEN is too few: use --app-id.",
    "USER_NOT_ALLOWED": (
        "[allow] of the default profile does not let this user in: --claims gives it claims, --profile takes another "
        "profile, ID_TOKEN brings a user of your own."
    ),
    "PROFILE_NOT_ALLOWED": (
        "There is no such profile, or its [allow] wants what the user lacks: --claims gives it claims; a verified "
        "e-mail address or a sign-in provider takes ID_TOKEN of a user of your own."
    ),
    "SERVICE_PAUSED": "An operator paused it: `make admin ARGS=status` shows it, `make admin ARGS=resume` ends it.",
    "USER_BLOCKED": 'An operator blocked this user: `make admin ARGS="unblock UID"`.',
    "HOURLY_QUOTA_EXCEEDED": "The profile gives fewer tokens than the test takes, or the ID token was used before.",
    "DAILY_QUOTA_EXCEEDED": "The profile gives fewer tokens than the test takes, or the ID token was used before.",
    "IDENTITY_UNAVAILABLE": "The function cannot look the user up: roles/firebaseauth.viewer?",
    "APP_CHECK_UNAVAILABLE": "The function cannot reach App Check, or may not consume tokens.",
    "QUOTA_UNAVAILABLE": "The function cannot use Firestore: is there the database, and the role?",
    "API_KEY_UNAVAILABLE": "The function cannot read the secret: has it a version, and is the role there?",
    "API_KEY_REJECTED": "Gemini refuses the key in the secret: store a good one.",
    "GEMINI_UNAVAILABLE": "Gemini does not answer, or not with a token. Try again in a minute.",
    "GEMINI_RATE_LIMITED": "Gemini issues no more tokens to this project for now. Try again later.",
    "INTERNAL": "A fault of the service, or a profile that Gemini refuses; the log has more under the id.",
}
"""Reason of the contract → what the operator does about it."""

# These go on with the doctor's command.
_FOR_THE_DOCTOR = {
    "IDENTITY_UNAVAILABLE",
    "APP_CHECK_UNAVAILABLE",
    "QUOTA_UNAVAILABLE",
    "API_KEY_UNAVAILABLE",
    "API_KEY_REJECTED",
    "GEMINI_UNAVAILABLE",
    "INTERNAL",
}

_OF_CLOUD_RUN: Mapping[int, str] = {
    401: "Cloud Run itself refuses the call: nobody made the function public (roles/run.invoker for allUsers).",
    403: "Cloud Run itself refuses the call: nobody made the function public (roles/run.invoker for allUsers).",
    404: "There is no function at this URL: `terraform -chdir=infra output -raw function_url` prints the right one.",
    405: "Something else than the function is at this URL: `terraform -chdir=infra output -raw function_url`.",
    429: "Cloud Run has no instance left for the call: max_instances.",
    500: "The function did not start, or broke off: its log says why.",
    502: "The function did not start, or broke off: its log says why.",
    503: "The function did not start, or broke off: its log says why.",
    504: "The function took longer than its time-out: its log says why.",
}

_OF_GEMINI = (
    ("is not found for API version", "The profile's model does not exist, or is not for Live."),
    ("exceeded your current quota", "The quota of the Gemini project is spent."),
    ("response modalities", 'The lock lacks response_modalities = ["AUDIO"].'),
    ("has not been used in project", "The Generative Language API is off in the project of the key."),
    ("unregistered callers", "websocketUrl names the method that takes no ephemeral tokens."),
    ("new_session_expire_time", "The session was opened too late: start_within_seconds of the profile."),
)


# A grant takes some minutes: https://cloud.google.com/iam/docs/access-change-propagation
# Each of these may be an account that has no role yet, or a key that is new.
_MAY_PASS = {"IDENTITY_UNAVAILABLE", "QUOTA_UNAVAILABLE", "API_KEY_UNAVAILABLE", "API_KEY_REJECTED"}


def may_pass_later(answer: Answer) -> bool:
    """Whether an answer that should have been another one may be that other one in a few minutes."""
    if answer.refusal is not None:
        return answer.refusal.reason in _MAY_PASS
    # Cloud Run itself refuses the call: that everybody may make it is a grant, too.
    return answer.status in (401, 403)


def doctor(project: str | None) -> str:
    """Say which command looks further.

    Args:
        project: id of the project, or None if it is not known.
    """
    return f"Run `make doctor PROJECT_ID={project or '…'}` to find out why."


def explanation(answer: Answer, project: str | None) -> str:
    """Say what came in place of what was due, and what to do.

    Args:
        project: id of the project, or None if it is not known.
    """
    refusal = answer.refusal
    if refusal is not None:
        advice = WHAT_TO_DO.get(refusal.reason, "This smoke test does not know that reason: are they of one release?")
        further = f" {doctor(project)}" if refusal.reason in _FOR_THE_DOCTOR else ""
        request = f" (requestId {refusal.request_id})" if refusal.request_id else ""
        return f"{refusal}{request}. {advice}{further}"
    kind = answer.headers.get("Content-Type", "no content").partition(";")[0]
    if answer.result is not None:
        return "200 with a token"
    if 300 <= answer.status < 400:
        return f"{answer.status}, a redirect: give the function's own URL, and let nothing ask for a log-in before it"
    advice = _OF_CLOUD_RUN.get(answer.status, "That is not mint_live_token.")
    return f"{answer.status} with {kind}, which is no answer of the function. {advice} {doctor(project)}"


def session_explanation(error: SessionError) -> str:
    """Say how a session failed, in Gemini's words, and what to do if that is known."""
    words = str(error)
    advice = next((advice for part, advice in _OF_GEMINI if part in words), "")
    return f"{words}. {advice}".rstrip()
