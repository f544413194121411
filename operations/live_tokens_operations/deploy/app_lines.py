"""The lines that an app developer needs."""

from __future__ import annotations

_LINES = """\
The function: {url}

In the React Native app (complete example: README.md, “Connect from React Native”):

  const takeLiveToken = httpsCallableFromUrl(getFunctions(getApp()), '{url}');

  const {{ data: live }} = await takeLiveToken();
  const socket = new WebSocket(live.websocketUrl);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => socket.send(JSON.stringify({{ setup: live.setup }}));
"""


def lines_for_the_app(url: str) -> str:
    """Return the function's URL, and the lines that call it from React Native."""
    return _LINES.format(url=url)
