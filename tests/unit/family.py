"""The members of the family of errors that are raised, found by walking it."""

from collections.abc import Iterator

from live_tokens.errors import MalformedRequest, TokenNotIssued


def _concrete(kind: type[TokenNotIssued]) -> Iterator[type[TokenNotIssued]]:
    if not kind.__subclasses__() or hasattr(kind, "reason"):
        yield kind
    for child in kind.__subclasses__():
        yield from _concrete(child)


CONCRETE = list(_concrete(TokenNotIssued))


def make(kind: type[TokenNotIssued]) -> TokenNotIssued:
    """Return an error of this kind, the diagnosis `diagnosed` in it where it takes one."""
    return kind("What is wrong.") if issubclass(kind, MalformedRequest) else kind("diagnosed")
