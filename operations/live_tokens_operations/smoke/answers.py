"""What an unexpected answer of the function means, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from live_tokens_operations.client.live_session import SessionError
from live_tokens_operations.client.mint_client import Answer

_REFRESH = "Set ID_TOKEN to another ID token, or unset it: then the test creates a user."

_QUOTA_TOO_LOW = "The test takes more tokens than the quota of the profile allows, or the user took some before."

WHAT_TO_DO: Mapping[str, str] = {
    "MALFORMED_REQUEST": "The deployed function does not understand this smoke test. Are both of the same release?",
    "UNKNOWN_PROFILE": "--profile is not the name of a profile.",
    "INVALID_RESUMPTION_HANDLE": "The deployed function refuses a handle that Gemini issued.",
    "ID_TOKEN_MISSING": "The ID token did not arrive. A proxy in front of the function removes the header.",
    "ID_TOKEN_INVALID": "Check that FIREBASE_PROJECT_ID of the function is the project of the user.",
    "ID_TOKEN_EXPIRED": f"The clock of the machine that made the token may be wrong. {_REFRESH}",
    "ID_TOKEN_REVOKED": _REFRESH,
    "USER_DISABLED": _REFRESH,
    "APP_CHECK_MISSING": "App Check is enforced. Use --app-id, or set APP_CHECK_TOKEN to the token of a device.",
    "APP_CHECK_INVALID": "The App Check token has expired, or its app is not in APP_CHECK_ALLOWED_APP_IDS.",
    "APP_CHECK_REPLAYED": "APP_CHECK_CONSUME is on, so one APP_CHECK_TOKEN is not enough. Use --app-id.",
    "USER_NOT_ALLOWED": (
        "[allow] of the default profile excludes this user. Use --claims to set claims, --profile to choose another "
        "profile, or ID_TOKEN for a user of your own."
    ),
    "PROFILE_NOT_ALLOWED": (
        "The profile does not exist, or its [allow] excludes this user. Use --claims to set claims. A verified "
        "e-mail address or a sign-in provider needs ID_TOKEN of a user of your own."
    ),
    "SERVICE_PAUSED": "An operator paused it. See `make admin ARGS=status`. `make admin ARGS=resume` ends the pause.",
    "USER_BLOCKED": 'An operator blocked this user. `make admin ARGS="unblock UID"` ends the block.',
    "HOURLY_QUOTA_EXCEEDED": _QUOTA_TOO_LOW,
    "DAILY_QUOTA_EXCEEDED": _QUOTA_TOO_LOW,
    "MINUTES_EXCEEDED": "The test takes more minutes than the profile grants, or the user took some before.",
    "TOO_MANY_SESSIONS": "The user has another session open. It ends with its lease, or with an app's `end`.",
    "SESSION_ENDED": "The function does not know the session that it began. Do all instances use one quota store?",
    "IDENTITY_UNAVAILABLE": "The function cannot look up the user. Its account may lack roles/firebaseauth.viewer.",
    "APP_CHECK_UNAVAILABLE": "The function cannot reach App Check, or may not consume tokens.",
    "QUOTA_UNAVAILABLE": "The function cannot use Firestore. The database or the role may be missing.",
    "API_KEY_UNAVAILABLE": "The function cannot read the secret. The version or the role may be missing.",
    "API_KEY_REJECTED": "Gemini refuses the key in the secret. Store a valid key.",
    "GEMINI_UNAVAILABLE": "Gemini does not answer, or answers without a token. Try again in a minute.",
    "GEMINI_RATE_LIMITED": "Gemini issues no more tokens to this project for now. Try again later.",
    "INTERNAL": "The service has a bug, or Gemini refuses the profile. Search the log for the requestId.",
}
"""Reason of the contract → what the operator does about it."""

# Reasons whose cause `make doctor` can find.
_FOR_THE_DOCTOR = {
    "IDENTITY_UNAVAILABLE",
    "APP_CHECK_UNAVAILABLE",
    "QUOTA_UNAVAILABLE",
    "API_KEY_UNAVAILABLE",
    "API_KEY_REJECTED",
    "GEMINI_UNAVAILABLE",
    "INTERNAL",
}

_RIGHT_ONE = (
    "`gcloud functions describe mint-live-token --region=REGION --project=PROJECT_ID --format='value(url)'` prints the "
    "right one."
)
_OF_CLOUD_RUN: Mapping[int, str] = {
    401: "Cloud Run itself refuses the call. The function is not public (roles/run.invoker for allUsers).",
    403: "Cloud Run itself refuses the call. The function is not public (roles/run.invoker for allUsers).",
    404: f"No function is at this URL. {_RIGHT_ONE}",
    405: f"Another service is at this URL. {_RIGHT_ONE}",
    429: "Cloud Run has no free instance for the call. Raise max_instances.",
    500: "The function did not start, or crashed. Read its log.",
    502: "The function did not start, or crashed. Read its log.",
    503: "The function did not start, or crashed. Read its log.",
    504: "The function took longer than its time-out. Read its log.",
}

_OF_GEMINI = (
    ("is not found for API version", "The profile's model does not exist, or does not support the Live API."),
    ("exceeded your current quota", "The quota of the Gemini project is used up."),
    ("response modalities", 'The lock lacks response_modalities = ["AUDIO"].'),
    ("has not been used in project", "The Generative Language API is off in the project of the key."),
    ("unregistered callers", "websocketUrl has the method that does not accept ephemeral tokens."),
    ("new_session_expire_time", "The session was opened too late. Raise start_within_seconds of the profile."),
)


# A grant takes some minutes: https://cloud.google.com/iam/docs/access-change-propagation
# The cause of each of these may be a role or a key that is not effective yet.
_MAY_PASS = {"IDENTITY_UNAVAILABLE", "QUOTA_UNAVAILABLE", "API_KEY_UNAVAILABLE", "API_KEY_REJECTED"}


def may_pass_later(answer: Answer) -> bool:
    """Whether the expected answer may come in a few minutes, without a change."""
    if answer.refusal is not None:
        return answer.refusal.reason in _MAY_PASS
    # Cloud Run itself refuses the call. Public access is a grant, too, and takes effect later.
    return answer.status in (401, 403)


def doctor(project: str | None) -> str:
    """Return a sentence with the command that finds the cause.

    Args:
        project: id of the project, or None if it is not known.
    """
    return f"Run `make doctor PROJECT_ID={project or '…'}` to find out why."


def explanation(answer: Answer, project: str | None) -> str:
    """Return what the unexpected answer was, and what to do.

    Args:
        project: id of the project, or None if it is not known.
    """
    refusal = answer.refusal
    if refusal is not None:
        remedy = WHAT_TO_DO.get(
            refusal.reason, "This smoke test does not know the reason. Are both of the same release?"
        )
        further = f" {doctor(project)}" if refusal.reason in _FOR_THE_DOCTOR else ""
        request = f" (requestId {refusal.request_id})" if refusal.request_id else ""
        return f"{refusal}{request}. {remedy}{further}"
    kind = answer.headers.get("Content-Type", "no content").partition(";")[0]
    if answer.result is not None:
        return "200 with a token" if "token" in answer.result else "200 with a result of another kind"
    if 300 <= answer.status < 400:
        return f"{answer.status}, a redirect. Use the function's own URL, without a log-in page in front of it"
    remedy = _OF_CLOUD_RUN.get(answer.status, "It is not mint_live_token.")
    return f"{answer.status} with {kind}, which does not come from the function. {remedy} {doctor(project)}"


def session_explanation(error: SessionError) -> str:
    """Return how a session failed, in Gemini's words, and what to do if that is known."""
    words = str(error)
    remedy = next((remedy for part, remedy in _OF_GEMINI if part in words), "")
    return f"{words}. {remedy}".rstrip()
