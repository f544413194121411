"""What comes of asking Google for something: it is there, it is missing, or nobody could see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What was asked for is there.

    Attributes:
        body: as the API gives it. May hold a credential.
    """

    body: Json = field(repr=False)


@dataclass(frozen=True, slots=True)
class Missing:
    """Google says that it is not there.

    Attributes:
        code: Google's word for it, such as `CONFIGURATION_NOT_FOUND`, or nothing.
    """

    code: str = ""

    @property
    def codes(self) -> str:
        """HTTP status and Google's word, for messages."""
        return f"404 {self.code}".rstrip()


@dataclass(frozen=True, slots=True)
class Unseen:
    """It may be there or not: Google refused, or failed, or could not be reached.

    Attributes:
        why: without a word of the answer but Google's own codes.
        remedy: what makes it visible; empty if only waiting helps.
        status: HTTP status code, or None if there was no answer.
        code: the word by which Google names the cause, such as `PERMISSION_DENIED`, or nothing.
        reason: `reason` of google.rpc.ErrorInfo, such as `SERVICE_DISABLED`, or nothing.
    """

    why: str
    remedy: str = ""
    status: int | None = None
    code: str = ""
    reason: str = ""

    @property
    def codes(self) -> str:
        """HTTP status and Google's words, for messages; why there was no answer, if there was none."""
        if self.status is None:
            return self.why
        return " ".join(str(part) for part in (self.status, self.code, self.reason) if part)

    @property
    def refused(self) -> bool:
        """Whether Google refuses this account. Otherwise it is an outage, or something on the way."""
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
        """Look at something.

        Args:
            url: of the API's method, on the host that bears the API's name.
            role: which role lets one look.
            grant: gives the role; if None, it is given on the whole project.
        """
        ...


def all_pages(api: Looks, url: str, role: str, field: str, params: Mapping[str, str]) -> Look:
    """Look at a list, all pages of it as one.

    Args:
        role: which role lets one look.
        field: under which the answer has the items.
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
