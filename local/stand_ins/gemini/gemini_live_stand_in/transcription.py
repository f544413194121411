"""The transcript of what a user says, a piece at a time while it is said."""

import re
from collections.abc import Iterator, Sequence

_OPENING = ("You", " spoke", " for")
_SECONDS_PER_PIECE = 0.1
_WORD = re.compile(r"\s*\S+")


class InputTranscript:
    """Transcribes one utterance after another: with the words of a scenario, or as “You spoke for N seconds.”.

    Turns are counted, not understood.
    """

    def __init__(self, words: Sequence[str | None] = ()) -> None:
        self._scripted = [_WORD.findall(text) if text else None for text in words]
        self._pieces = 0

    def hear(self, spoken_seconds: float) -> Iterator[str]:
        """Yield the pieces that are due after so much of the utterance. They add up to the transcript."""
        opening = self._words() or _OPENING
        while self._pieces < len(opening) and spoken_seconds >= (self._pieces + 1) * _SECONDS_PER_PIECE:
            yield opening[self._pieces]
            self._pieces += 1

    def end(self, spoken_seconds: float) -> Iterator[str]:
        """Yield the rest, and start anew."""
        words = self._words()
        yield from (words or _OPENING)[self._pieces :]
        if not words:
            yield f" {spoken_seconds:.1f} seconds."
        self.skip()

    def skip(self) -> None:
        """Start anew: this turn was none that is transcribed."""
        self._pieces = 0
        del self._scripted[:1]

    def _words(self) -> Sequence[str] | None:
        return self._scripted[0] if self._scripted else None
