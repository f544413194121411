"""Every class of error that is raised, found below `TokenNotIssued`, and an example of each."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from live_tokens.errors import (
    MalformedRequest,
    QuotaExceeded,
    ServicePaused,
    TokenNotIssued,
    UserBlocked,
    UserNotAllowed,
)

RETRY_AFTER = timedelta(seconds=89, microseconds=1)
DUE = datetime(2026, 11, 22, 15, 3, tzinfo=UTC)


def _concrete(kind: type[TokenNotIssued]) -> Iterator[type[TokenNotIssued]]:
    if not kind.__subclasses__() or hasattr(kind, "reason"):
        yield kind
    for child in kind.__subclasses__():
        yield from _concrete(child)


ERROR_CLASSES = list(dict.fromkeys(_concrete(TokenNotIssued)))


def make_error(kind: type[TokenNotIssued]) -> TokenNotIssued:
    """Return an error of this kind: `diagnosed` where it takes a diagnosis, RETRY_AFTER where it takes a wait."""
    if issubclass(kind, MalformedRequest):
        return kind("What is wrong.")
    if issubclass(kind, UserNotAllowed):
        return kind("Sign in another way.", "diagnosed")
    if issubclass(kind, ServicePaused):
        return kind("Back at nine.", RETRY_AFTER, "diagnosed")
    if issubclass(kind, UserBlocked):
        return kind("Write to support.", RETRY_AFTER)
    if issubclass(kind, QuotaExceeded):
        return kind(RETRY_AFTER, DUE)
    return kind("diagnosed")
