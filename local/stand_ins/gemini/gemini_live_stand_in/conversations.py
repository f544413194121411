"""Conversations that outlive their connection, found again by resumption handle."""

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gemini_live_stand_in.refusals import HANDLE_IN_USE, HANDLE_UNKNOWN, CloseError, CloseRefusal
from gemini_live_stand_in.usage import Context

HANDLE_LIFETIME = timedelta(hours=2)
"""How long after its last connection a conversation can be resumed (documented)."""


@dataclass(eq=False)
class Conversation:
    """What the stand-in remembers.

    Attributes:
        turns: how many turns there were, each message of an initial history included.
        ended_at: when its socket closed; None while one is open.
        lost: how whoever resumes it is refused; None while it can be resumed.
    """

    turns: int = 0
    context: Context = field(default_factory=Context)
    ended_at: datetime | None = None
    lost: CloseRefusal | None = None


class Conversations:
    """All conversations that were given a handle. Every handle of a conversation finds its latest state."""

    def __init__(self) -> None:
        self._by_handle: dict[str, Conversation] = {}
        self._resuming = threading.Lock()

    def new_handle(self, conversation: Conversation) -> str:
        """Give out another handle for a conversation; earlier ones stay good."""
        handle = secrets.token_urlsafe(32)
        self._by_handle[handle] = conversation
        return handle

    def resume(self, handle: str, now: datetime) -> Conversation:
        """Reconnect to the conversation of a handle, or refuse."""
        with self._resuming:
            conversation = self._by_handle.get(handle)
            if conversation is None:
                raise CloseError(HANDLE_UNKNOWN)
            if conversation.lost:
                raise CloseError(conversation.lost)
            if conversation.ended_at is None:
                raise CloseError(HANDLE_IN_USE)
            if now >= conversation.ended_at + HANDLE_LIFETIME:
                raise CloseError(HANDLE_UNKNOWN)
            conversation.ended_at = None
            return conversation

    def end(self, conversation: Conversation, now: datetime) -> None:
        """Note that the connection is gone; from now the handles live for two hours."""
        conversation.ended_at = now
