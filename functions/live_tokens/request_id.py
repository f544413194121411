"""What a request is called: in our log, in the platform's, and in the error that the caller sees."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

_NOT_ZERO = "(?!0+(?![0-9a-f]))"

# Source: https://www.w3.org/TR/trace-context/#traceparent-header: ids of zeros and version ff are invalid.
_TRACEPARENT = re.compile(
    rf"(?!ff)[0-9a-f]{{2}}-(?P<trace>{_NOT_ZERO}[0-9a-f]{{32}})-{_NOT_ZERO}[0-9a-f]{{16}}-[0-9a-f]{{2}}"
)
# Source: https://docs.cloud.google.com/trace/docs/trace-context#legacy-http-header
_CLOUD_TRACE = re.compile(rf"(?P<trace>{_NOT_ZERO}[0-9a-f]{{32}})(/[0-9]{{1,20}})?(;o=[01])?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RequestId:
    """The name of a request.

    Attributes:
        value: the platform's trace id, or 32 random hex digits.
        trace: the platform's trace id, or None.
    """

    value: str
    trace: str | None

    @classmethod
    def from_trace(cls, traceparent: str | None, cloud_trace_context: str | None) -> RequestId:
        """Take the trace that Cloud Run gives each request, from either of the headers it comes in.

        Source: https://cloud.google.com/run/docs/trace
        """
        for header, form in ((traceparent, _TRACEPARENT), (cloud_trace_context, _CLOUD_TRACE)):
            match = form.fullmatch(header or "")
            if match:
                trace = match["trace"].lower()
                return cls(value=trace, trace=trace)
        return cls(value=uuid.uuid4().hex, trace=None)
