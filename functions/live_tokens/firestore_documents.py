"""Documents of one Firestore database, by two RPCs: a batch is read, and one document written if nobody else has.

The two are called on gRPC itself. The client of google-cloud-firestore asks the same, but takes as long to make the
request and to read the answer as gRPC takes for the call. See docs/decisions/0018-firestore-by-raw-stubs.md.

Source: https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import grpc  # type: ignore[import-untyped]  # published without types
from google.api_core.exceptions import DeadlineExceeded, from_grpc_error
from google.cloud.firestore_v1.types import (
    BatchGetDocumentsRequest,
    BatchGetDocumentsResponse,
    CommitRequest,
    CommitResponse,
)

from live_tokens.circuit_breaker import CircuitBreaker
from live_tokens.deadline import Deadline
from live_tokens.google_credentials import GoogleCredentials

RPC_SECONDS = 3.0

_SERVICE = "/google.firestore.v1.Firestore"
_GOOGLE = "firestore.googleapis.com:443"
# As in google-cloud-firestore: an idle connection that is gone is noticed before a call waits for it.
_CHANNEL_OPTIONS = (("grpc.keepalive_time_ms", 30_000),)


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What was read of one document.

    Attributes:
        name: its id, with that of its collection: `collection/id`.
        read_time: aware UTC time at which Firestore read it.
    """

    name: str
    read_time: datetime
    _found: Any

    @property
    def exists(self) -> bool:
        return self._found is not None

    @property
    def update_time(self) -> Any:
        """When it was last written, in the form that a precondition takes."""
        return self._found.update_time

    def to_dict(self) -> dict[str, Any] | None:
        """Return its fields, or None if there is no such document."""
        return None if self._found is None else _read_fields(self._found.fields)


class FirestoreDocuments:
    """One database. Connects on first use: a gRPC channel must not be opened before the fork.

    Args:
        database: its name, `(default)` for the default one.
        credentials: the function's own.
        emulator_host: `host:port` of the emulator, which takes no credentials, or None for Google.
    """

    def __init__(
        self, project_id: str, database: str, credentials: GoogleCredentials | None, emulator_host: str | None
    ) -> None:
        self._database = f"projects/{project_id}/databases/{database}"
        self._credentials = credentials
        self._emulator_host = emulator_host
        self._connecting = threading.Lock()
        self._rpcs: _Rpcs | None = None
        self._breaker = CircuitBreaker(DeadlineExceeded)
        # Firestore finds the database by these. Source: https://google.aip.dev/client-libraries/4222
        self._metadata = (
            ("google-cloud-resource-prefix", self._database),
            ("x-goog-request-params", f"database={quote(self._database, safe='')}"),
        )

    def get(self, names: Sequence[str], deadline: Deadline) -> dict[str, StoredDocument]:
        """Read documents, all at one time. Return name → document.

        Raises:
            google.api_core.exceptions.GoogleAPICallError: they could not be read.
            UpstreamError: they were not read in time, or there are no credentials.
        """
        root = f"{self._database}/documents/"
        rpcs = self._connected()
        request = rpcs.get_request(database=self._database, documents=[f"{root}{name}" for name in names])
        metadata = self._authorized(deadline)
        with self._asking(deadline):
            answers = list(rpcs.get(request, timeout=_left(deadline), metadata=metadata))
        found = {}
        for answer in answers:
            is_there = answer.WhichOneof("result") == "found"
            name = (answer.found.name if is_there else answer.missing).removeprefix(root)
            read_time = answer.read_time.ToDatetime(UTC)
            found[name] = StoredDocument(name, read_time, answer.found if is_there else None)
        return found

    def write(self, stored: StoredDocument, fields: Mapping[str, object], deadline: Deadline) -> None:
        """Create a document, or replace these of its fields, unless it was written since it was read.

        Raises:
            google.api_core.exceptions.GoogleAPICallError: it was, or it could not be written.
            UpstreamError: it was not written in time, or there are no credentials.
        """
        rpcs = self._connected()
        request = rpcs.commit_request(database=self._database)
        write = request.writes.add()
        write.update.name = f"{self._database}/documents/{stored.name}"
        _write_fields(write.update.fields, fields)
        if stored.exists:
            write.update_mask.field_paths.extend(fields)
            write.current_document.update_time.CopyFrom(stored.update_time)
        else:
            write.current_document.exists = False
        metadata = self._authorized(deadline)
        with self._asking(deadline):
            rpcs.commit(request, timeout=_left(deadline), metadata=metadata)

    @contextmanager
    def _asking(self, deadline: Deadline) -> Iterator[None]:
        """Ask Firestore inside this context, and nobody else: any answer closes the circuit."""
        with self._breaker.asking(deadline):
            try:
                yield
            except grpc.RpcError as error:
                raise from_grpc_error(error) from error  # type: ignore[no-untyped-call]  # untyped there

    def _authorized(self, deadline: Deadline) -> Sequence[tuple[str, str]]:
        if self._credentials is None:
            return (*self._metadata, ("authorization", "Bearer owner"))  # the emulator's word for an administrator
        bearer = self._credentials.authorization(deadline)["Authorization"]
        return (*self._metadata, ("authorization", bearer))

    def _connected(self) -> _Rpcs:
        with self._connecting:
            if self._rpcs is None:
                self._rpcs = _Rpcs(self._emulator_host)
            return self._rpcs


class _Rpcs:
    """The two methods on a channel, and their requests."""

    def __init__(self, emulator_host: str | None) -> None:
        if emulator_host:
            channel = grpc.insecure_channel(emulator_host, _CHANNEL_OPTIONS)
        else:
            channel = grpc.secure_channel(_GOOGLE, grpc.ssl_channel_credentials(), _CHANNEL_OPTIONS)
        self.get_request: Any = BatchGetDocumentsRequest.pb()
        self.commit_request: Any = CommitRequest.pb()
        self.get = channel.unary_stream(
            f"{_SERVICE}/BatchGetDocuments",
            self.get_request.SerializeToString,
            BatchGetDocumentsResponse.pb().FromString,
        )
        self.commit = channel.unary_unary(
            f"{_SERVICE}/Commit", self.commit_request.SerializeToString, CommitResponse.pb().FromString
        )


def _left(deadline: Deadline) -> float:
    """Return how many seconds one RPC may take. gRPC's deadlines are of a whole call."""
    return max(0.001, deadline.within(RPC_SECONDS).left())


def _write_fields(target: Any, fields: Mapping[str, object]) -> None:
    for name, value in fields.items():
        _write_value(target[name], value)


def _write_value(target: Any, value: object) -> None:
    """Write a value of the kinds that this service stores.

    Raises:
        TypeError: it is of another kind.
    """
    match value:
        case bool():
            target.boolean_value = value
        case int():
            target.integer_value = value
        case str():
            target.string_value = value
        case datetime():
            target.timestamp_value.FromDatetime(value)
        case Mapping():
            target.map_value.SetInParent()  # an empty one is a value, too
            _write_fields(target.map_value.fields, value)
        case _:
            raise TypeError(f"no kind of value that is stored: {type(value).__name__}")


def _read_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _read_value(value) for name, value in fields.items()}


def _read_value(value: Any) -> Any:
    """Return a value in Python's kinds. What people write by hand may be of any kind."""
    kind = value.WhichOneof("value_type")
    match kind:
        case "map_value":
            return _read_fields(value.map_value.fields)
        case "array_value":
            return [_read_value(each) for each in value.array_value.values]
        case "timestamp_value":
            return value.timestamp_value.ToDatetime(UTC)
        case "null_value" | None:
            return None
        case _:
            return getattr(value, kind)
