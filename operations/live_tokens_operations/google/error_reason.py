"""The error in an answer of Google's REST APIs."""

from __future__ import annotations


def reason_in(answer: object) -> str:
    """Return `reason` of the error's google.rpc.ErrorInfo, such as `SERVICE_DISABLED`, or an empty string.

    Args:
        answer: the answer's JSON.

    Source: https://cloud.google.com/apis/design/errors#error_info
    """
    match answer:
        case {"error": {"details": [*details]}}:
            reasons = [detail.get("reason") for detail in details if isinstance(detail, dict)]
            return next((reason for reason in reasons if isinstance(reason, str)), "")
    return ""
