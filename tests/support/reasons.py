"""The reasons that the code has."""

from collections.abc import Iterator

from live_tokens.errors import TokenNotIssued


def reasons(kind: type[TokenNotIssued] = TokenNotIssued) -> Iterator[type[TokenNotIssued]]:
    """Yield the classes that have a reason of their own."""
    for child in kind.__subclasses__():
        if "reason" in vars(child):
            yield child
        yield from reasons(child)
