"""One log line per event, never with a credential in it."""

import hashlib
import logging

LOGGER = logging.getLogger("gemini_live_stand_in")
"""Events go here at INFO; silent unless the program that imports the stand-in asks for them."""


def fingerprint(credential: str) -> str:
    """Return a name for a token or key that is safe to log: the start of its SHA-256."""
    return hashlib.sha256(credential.encode()).hexdigest()[:12]
