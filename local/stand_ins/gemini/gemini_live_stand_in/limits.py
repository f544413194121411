"""What ends a running session by itself: its token, the age of its connection, or a goAway of a scenario."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from gemini_live_stand_in.refusals import CONNECTION_LIMIT, TOKEN_EXPIRED_RUNNING, CloseError
from gemini_live_stand_in.stand_in import WATCH_SECONDS, GeminiStandIn

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Limits:
    """The limits of one connection, by the stand-in's clock."""

    def __init__(self, stand_in: GeminiStandIn, expire_time: datetime | None) -> None:
        config = stand_in.config
        self._stand_in = stand_in
        self._expire_time = expire_time
        self._close = CloseError(CONNECTION_LIMIT)
        self._closed_at = stand_in.after(config.connection_seconds)
        self._warned_at: datetime | None = self._closed_at - timedelta(seconds=config.go_away_seconds)

    def go_away(self, seconds: float, close: CloseError) -> dict[str, Any]:
        """Close in so many seconds, and not as was planned; return the message that says so."""
        self._close = close
        self._closed_at = self._stand_in.after(seconds)
        return self._warning()

    async def watch(self, send: Send) -> None:
        """Wait for the first limit, and warn of the age limit before it.

        Raises:
            CloseError: a limit is reached.
        """
        while True:
            now = self._stand_in.now()
            if self._expire_time and now >= self._expire_time:
                raise CloseError(TOKEN_EXPIRED_RUNNING)
            if now >= self._closed_at:
                raise self._close
            if self._warned_at and now >= self._warned_at:
                await send(self._warning())
            await asyncio.sleep(WATCH_SECONDS)

    def _warning(self) -> dict[str, Any]:
        self._warned_at = None
        left = (self._closed_at - self._stand_in.now()).total_seconds()
        return {"goAway": {"timeLeft": f"{round(left, 3):g}s"}}
