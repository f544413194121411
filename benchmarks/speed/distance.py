"""A client far away: what it sends and is sent on a connection takes half a round trip."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

HANDSHAKE_ROUND_TRIPS = 2
"""Of a new connection, before the first byte of a request: TCP, and TLS 1.3. No other is made on loopback."""

Reach = Callable[[], Awaitable[int]]
"""Returns the port of the server on this machine, once there is one."""


@asynccontextmanager
async def far_away(round_trip: float, reach: Reach) -> AsyncIterator[int]:
    """Yield a port on which a server is reached as from far away.

    Args:
        round_trip: seconds.
    """

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(HANDSHAKE_ROUND_TRIPS * round_trip)
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", await reach())
        try:
            await asyncio.gather(
                _carry(reader, server_writer, round_trip / 2), _carry(server_reader, writer, round_trip / 2)
            )
        finally:
            server_writer.close()
            writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Carry bytes until the end of them, each so much later."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                break
            writer.write(data)

    delivering = asyncio.create_task(deliver())
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            under_way.put_nowait((loop.time() + seconds, data))
    under_way.put_nowait((loop.time() + seconds, b""))
    await delivering
    writer.close()
