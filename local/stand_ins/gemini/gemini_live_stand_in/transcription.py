"""The transcript of what a user says, a piece at a time while it is said."""

from collections.abc import Iterator

_OPENING = ("You", " spoke", " for")
_SECONDS_PER_PIECE = 0.1


class InputTranscript:
    """Transcribes one utterance after another as “You spoke for N seconds.”: turns are counted, not understood."""

    def __init__(self) -> None:
        self._pieces = 0

    def hear(self, spoken_seconds: float) -> Iterator[str]:
        """Yield the pieces that are due after so much of the utterance. They add up to the transcript."""
        while self._pieces < len(_OPENING) and spoken_seconds >= (self._pieces + 1) * _SECONDS_PER_PIECE:
            yield _OPENING[self._pieces]
            self._pieces += 1

    def end(self, spoken_seconds: float) -> Iterator[str]:
        """Yield the rest, and start anew."""
        yield from _OPENING[self._pieces :]
        yield f" {spoken_seconds:.1f} seconds."
        self._pieces = 0
