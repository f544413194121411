"""What Live sessions look like from a client, whichever SDK it uses."""

from __future__ import annotations

import base64
import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support.sdks.node_scripts import NodeScripts

Message = dict[str, Any]

_RATE = 16_000


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is over.

    Attributes:
        messages: all that the server sent.
        code: WebSocket close code.
        reason: the words that came with it.
    """

    messages: Sequence[Message]
    code: int
    reason: str

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Session:
        """Read what a script printed."""
        return cls(answer["messages"], answer["closed"]["code"], answer["closed"]["reason"])

    @property
    def closed(self) -> tuple[int, str]:
        """Code and reason."""
        return self.code, self.reason

    @property
    def opened(self) -> bool:
        """Whether the server accepted the setup."""
        return any("setupComplete" in message for message in self.messages)

    @property
    def audio(self) -> bytes:
        """All that was said."""
        parts = [part for content in self._contents("modelTurn") for part in content.get("parts", [])]
        return b"".join(base64.b64decode(part["inlineData"]["data"]) for part in parts)

    @property
    def audio_types(self) -> set[str]:
        """MIME types of all that was said."""
        parts = [part for content in self._contents("modelTurn") for part in content.get("parts", [])]
        return {part["inlineData"]["mimeType"] for part in parts}

    @property
    def transcript(self) -> str:
        """What the model said."""
        return "".join(content["text"] for content in self._contents("outputTranscription"))

    @property
    def heard(self) -> str:
        """What the model heard."""
        return "".join(content["text"] for content in self._contents("inputTranscription"))

    @property
    def turns(self) -> int:
        """How many turns the model has completed."""
        return len(self._contents("turnComplete"))

    @property
    def usage(self) -> Message:
        """What the last turn is billed for."""
        usage: Message = next(
            message["usageMetadata"] for message in reversed(self.messages) if "usageMetadata" in message
        )
        return usage

    @property
    def handle(self) -> str:
        """The newest resumption handle."""
        updates = [message.get("sessionResumptionUpdate", {}) for message in self.messages]
        handle: str = next(update["newHandle"] for update in reversed(updates) if update.get("resumable"))
        return handle

    def _contents(self, name: str) -> list[Any]:
        contents = [message.get("serverContent", {}) for message in self.messages]
        return [content[name] for content in contents if name in content]


def open_websocket(
    scripts: NodeScripts,
    live_token: Mapping[str, Any],
    *questions: str,
    url: str | None = None,
    headers: Mapping[str, str] | None = None,
    setup: Mapping[str, object] | None = None,
    stay: bool = False,
) -> Session:
    """Use a live token with a bare WebSocket, and return how it went.

    Args:
        scripts: the SDKs.
        live_token: the function's answer.
        questions: asked one after the other.
        url: in place of `websocketUrl`.
        headers: for the handshake.
        setup: in place of `setup`.
        stay: until the server closes.
    """
    return Session.of(
        scripts.run(
            "websocket.mjs",
            {
                "url": url or live_token["websocketUrl"],
                "headers": headers or {},
                "setup": setup or live_token["setup"],
                "questions": questions,
                "stay": stay,
            },
        )
    )


def spoken_question() -> bytes:
    """A second of sound, loud enough to count as speech, and the second of quiet that ends it, PCM16 mono at 16 kHz."""
    sound = array("h", [int(9000 * math.sin(i / 5)) for i in range(_RATE)])
    return (sound + array("h", bytes(2 * _RATE))).tobytes()
