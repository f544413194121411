"""The clock of this machine against Google's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from live_tokens_operations.checks.finding import Finding, ok, unanswered, warn
from live_tokens_operations.google.look import Unseen
from live_tokens_operations.google.rest import send

# Public, and what the function itself reads to verify ID tokens.
_URL = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"
# The header has no fractions, and the answer was under way.
_TOLERANCE_SECONDS = 10


def check_clock(seconds: float, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Finding:
    """Compare.

    Args:
        now: the current aware UTC time of this machine.
    """
    answer = send("GET", _URL, seconds)
    if isinstance(answer, Unseen):
        return unanswered("Clock", answer)
    try:
        skew = (now() - parsedate_to_datetime(answer.headers.get("Date", ""))).total_seconds()
    except (ValueError, TypeError):
        return unanswered("Clock", Unseen("the answer of www.googleapis.com has no date"))
    if abs(skew) <= _TOLERANCE_SECONDS:
        return ok("Clock: this machine's agrees with Google's")
    direction = "ahead of" if skew > 0 else "behind"
    text = f"Clock: this machine's is {abs(skew):.0f} s {direction} Google's; sign-ins from here may fail"
    return warn(text, "sudo timedatectl set-ntp true (Linux), sudo sntp -sS time.apple.com (macOS)")
