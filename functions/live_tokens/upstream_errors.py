"""Why an upstream gave no answer: one family of errors, which each adapter translates."""

from __future__ import annotations

from datetime import timedelta


class UpstreamError(Exception):
    """An upstream gave no answer, or none of the documented form. The text says why, without a word of the answer.

    Attributes:
        retry_after: how long to wait before another call, if known.
    """

    def __init__(self, diagnosis: str, retry_after: timedelta | None = None) -> None:
        super().__init__(diagnosis)
        self.retry_after = retry_after


class UpstreamFailedError(UpstreamError):
    """It failed at once: it may be asked again."""


class UpstreamTimeoutError(UpstreamError):
    """It did not answer within its time limit."""


class BusyError(UpstreamTimeoutError):
    """Others were asking it, for as long as there was time to wait."""


class CutShortError(UpstreamError):
    """The call had less time left than the upstream is given, so this tells nothing about the upstream."""


class CircuitOpenError(UpstreamError):
    """Its circuit is open, so it was not asked."""
