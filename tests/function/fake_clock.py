"""A clock that only a test moves."""

import threading


class FakeClock:
    """Seconds of a monotonic clock.

    Args:
        tick: how far each look at the clock moves it. With 0 it stands still until `advance`.

    Attributes:
        looks: how often it has been looked at.
    """

    def __init__(self, tick: float = 0.0) -> None:
        self._now = 1_000.0
        self._tick = tick
        self.looks = 0
        self._looked = threading.Condition()

    def __call__(self) -> float:
        with self._looked:
            self.looks += 1
            self._looked.notify_all()
            self._now += self._tick
            return self._now

    def advance(self, seconds: float) -> None:
        with self._looked:
            self._now += seconds

    def wait_for_looks(self, looks: int) -> None:
        """Return once the clock has been looked at this often."""
        with self._looked:
            assert self._looked.wait_for(lambda: self.looks >= looks, timeout=10), f"{self.looks} looks"
