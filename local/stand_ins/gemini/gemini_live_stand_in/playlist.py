"""What is still to be played of a scenario: a part for each connection and for each mint request."""

import threading

from gemini_live_stand_in.scenario import Connection, MintAnswer, Scenario

_AS_USUAL = Connection()
_MINTED_AS_USUAL = MintAnswer()


class Playlist:
    """Hands out the parts of one scenario in their order, to any thread."""

    def __init__(self, scenario: Scenario | None) -> None:
        self._lock = threading.Lock()
        self.play(scenario)

    def play(self, scenario: Scenario | None) -> None:
        """Replace what is left by a scenario from its beginning."""
        with self._lock:
            self._scenario = scenario or Scenario()
            self._connections = list(self._scenario.connections)
            self._mints = list(self._scenario.mints)

    @property
    def name(self) -> str:
        """The name of the scenario; empty without one."""
        return self._scenario.name

    @property
    def left(self) -> tuple[int, int]:
        """How many connections and mint requests are still to come; if it repeats, before it starts again."""
        with self._lock:
            return len(self._connections), len(self._mints)

    def next_connection(self) -> tuple[Connection, str]:
        """Return what the connection that was just opened does, and of which scenario that is."""
        with self._lock:
            if not self._connections and self._scenario.repeat:
                self._connections = list(self._scenario.connections)
            return (self._connections.pop(0), self._scenario.name) if self._connections else (_AS_USUAL, "")

    def next_mint(self) -> MintAnswer:
        """Return how the mint request that has just come is answered."""
        with self._lock:
            if not self._mints and self._scenario.repeat:
                self._mints = list(self._scenario.mints)
            return self._mints.pop(0) if self._mints else _MINTED_AS_USUAL
