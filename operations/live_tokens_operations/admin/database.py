"""The Firestore database of quotas and stop switches. Every call has a deadline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from google.api_core.exceptions import (
    DeadlineExceeded,
    GoogleAPICallError,
    GoogleAPIError,
    NotFound,
    PermissionDenied,
    ServiceUnavailable,
    Unauthenticated,
)
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError
from google.cloud.firestore import Client, DocumentSnapshot

from live_tokens_operations.process import OperationError

ROLE = "roles/datastore.user"
FIRESTORE_ERRORS = (GoogleAPIError, GoogleAuthError)
"""What the methods of `Database` raise when Firestore does not do what it is asked."""

_ONE_OF_PAGE = 1000
_WORDS: Mapping[type[Exception], str] = {
    DefaultCredentialsError: "There are no Google credentials here; `gcloud auth application-default login` makes some",
    RefreshError: "Google refuses the credentials",
    Unauthenticated: "Firestore refuses the credentials",
    PermissionDenied: "Firestore refuses this account",
    NotFound: "There is no such project or database",
    ServiceUnavailable: "Firestore cannot be reached",
    DeadlineExceeded: "Firestore did not answer in time",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A Firestore database.

    Attributes:
        database: its database, `(default)` for the default one.
        emulator: `host:port` that stands in for Google, or None.
    """

    project: str
    database: str
    emulator: str | None

    def __str__(self) -> str:
        where = "at Google" if self.emulator is None else f"in the emulator at {self.emulator}"
        return f"project {self.project}, database {self.database}, {where}"


class DatabaseError(OperationError):
    """Firestore failed. The text says so in one line, without Google's own words."""


class Database:
    """A connection to the database, and a context manager that closes it.

    The library reads FIRESTORE_EMULATOR_HOST by itself. No call is repeated: the operator sees what happened.

    Args:
        page: how many documents one call brings.
    """

    def __init__(self, place: Place, seconds: float, page: int = _ONE_OF_PAGE) -> None:
        self._client = Client(project=place.project, database=place.database)
        self._seconds = seconds
        self._page = page

    def __enter__(self) -> Database:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()  # type: ignore[no-untyped-call]  # the library has no types for it

    def read(self, collection: str, document_id: str) -> DocumentSnapshot[Any]:
        """Return a document, which may not exist. `read_time` is Firestore's time, which the service uses."""
        (snapshot,) = self._client.get_all(
            [self._client.collection(collection).document(document_id)], retry=None, timeout=self._seconds
        )
        return snapshot

    def write(self, collection: str, document_id: str, fields: Mapping[str, object]) -> None:
        """Replace all fields of the document."""
        document = self._client.collection(collection).document(document_id)
        document.set(dict(fields), retry=None, timeout=self._seconds)

    def delete(self, collection: str, document_id: str) -> None:
        """Delete the document if it exists."""
        document = self._client.collection(collection).document(document_id)
        document.delete(retry=None, timeout=self._seconds)

    def every(self, collection: str, fields: Sequence[str]) -> Iterator[DocumentSnapshot[Any]]:
        """Yield all documents by their ids, with these fields only. It needs no index."""
        first = self._client.collection(collection).select(fields).order_by("__name__").limit(self._page)
        query = first
        # With None, a query that breaks off half-way ends in an AttributeError: the library asks what to try again.
        never = Retry(predicate=if_exception_type())
        while True:
            snapshots = list(query.stream(retry=never, timeout=self._seconds))
            yield from snapshots
            if len(snapshots) < self._page:
                return
            query = first.start_after(snapshots[-1])


def time_of(snapshot: DocumentSnapshot[Any]) -> datetime:
    """Return Firestore's time of the read, as a plain time: arithmetic on its own kind drops nanoseconds half-way."""
    time = snapshot.read_time
    return datetime.combine(time.date(), time.time(), UTC)


def explanation(error: Exception, place: Place) -> str:
    """Explain an error in one line, without Google's own words, which can quote a credential."""
    words = next((words for kind, words in _WORDS.items() if isinstance(error, kind)), None)
    if words is None:
        words = "Firestore refuses the call" if isinstance(error, GoogleAPICallError) else "Firestore cannot be used"
    return f"{words} ({type(error).__name__}): {place}. The account needs {ROLE} there."
