"""The three answers to a question to Google: found, missing, or unseen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """It exists.

    Attributes:
        body: as the API gives it. May hold a credential.
    """

    body: Json = field(repr=False)


@dataclass(frozen=True, slots=True)
class Missing:
    """Google says that it does not exist.

    Attributes:
        code: Google's code, such as `CONFIGURATION_NOT_FOUND`, or empty.
    """

    code: str = ""

    @property
    def codes(self) -> str:
        """HTTP status and Google's code, for messages."""
        return f"404 {self.code}".rstrip()


@dataclass(frozen=True, slots=True)
class Unseen:
    """It may exist or not: Google refused, failed, or could not be reached.

    Attributes:
        why: quotes nothing of the answer but Google's codes.
        remedy: command that lets this account see it; empty if there is none.
        status: HTTP status code, or None if there was no answer.
        code: Google's code, such as `PERMISSION_DENIED`, or empty.
        reason: `reason` of google.rpc.ErrorInfo, such as `SERVICE_DISABLED`, or empty.
    """

    why: str
    remedy: str = ""
    status: int | None = None
    code: str = ""
    reason: str = ""

    @property
    def codes(self) -> str:
        """HTTP status and Google's codes for messages, or why there was no answer."""
        if self.status is None:
            return self.why
        return " ".join(str(part) for part in (self.status, self.code, self.reason) if part)

    @property
    def refused(self) -> bool:
        """Whether Google refuses this account. Otherwise it is an outage."""
        return self.status in (401, 403)


Look = Found | Missing | Unseen


class Looks(Protocol):
    """Reads from Google's APIs."""

    @property
    def service_account(self) -> str | None:
        """E-mail address of the account that asks, or None if it is a person's."""
        ...

    def get(
        self, url: str, role: str, params: Mapping[str, str] | None = None, grant: Sequence[str] | None = None
    ) -> Look:
        """Read a resource.

        Args:
            url: of the method, on the API's own host.
            role: the role that it needs.
            grant: command that grants the role; None for a grant on the whole project.
        """
        ...

    def post(self, url: str, role: str, body: Mapping[str, object]) -> Look:
        """Read with a method that is a POST, such as a search.

        Args:
            url: of the method, on the API's own host.
            role: the role that it needs.
        """
        ...


def all_pages(api: Looks, url: str, role: str, field: str, params: Mapping[str, str]) -> Look:
    """Read all pages of a list.

    Args:
        role: the role that it needs.
        field: the field of the items.
    """
    items: list[Json] = []
    page = ""
    while True:
        look = api.get(url, role, {**params, "pageToken": page})
        if not isinstance(look, Found):
            return look
        items.extend(look.body.get(field, []))
        page = look.body.get("nextPageToken", "")
        if not page:
            return Found({field: items})
