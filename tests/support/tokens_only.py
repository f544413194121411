"""The default profile without sessions, for tests of everything else: a user takes token after token."""

import re
from pathlib import Path

_SHIPPED = Path(__file__).parents[2] / "functions" / "profiles" / "default.toml"
_SESSIONS = r"(?m)^(lease_seconds|minutes_per_day|sessions_at_once) = .*\n"

PER_HOUR = 20
SESSION_SECONDS = 900


def tokens_only_default() -> str:
    """Return the shipped default profile, which counts tokens only: 20 an hour, each for 15 minutes."""
    text = re.sub(_SESSIONS, "", _SHIPPED.read_text(encoding="utf-8"))
    for name, number in {"session_seconds": SESSION_SECONDS, "per_hour": PER_HOUR, "per_day": 30}.items():
        text, replaced = re.subn(rf"(?m)^{name} = \d+", f"{name} = {number}", text)
        assert replaced == 1
    return text
