"""Firestore over gRPC, as far as the function asks it: a batch is read, and a document written with a precondition."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import grpc  # type: ignore[import-untyped]  # published without types
from google.cloud.firestore_v1.types import (
    BatchGetDocumentsRequest,
    BatchGetDocumentsResponse,
    CommitRequest,
    CommitResponse,
    Document,
    WriteResult,
)


class FirestoreStandIn:
    """Serves from its construction to the end of the process.

    Args:
        delay: seconds before each answer.
    """

    def __init__(self, delay: float) -> None:
        self.requests = 0
        self._delay = delay
        self._lock = threading.Lock()
        self._documents: dict[str, Any] = {}
        handlers: dict[str, Any] = {
            "BatchGetDocuments": grpc.unary_stream_rpc_method_handler(
                self._get, BatchGetDocumentsRequest.deserialize, BatchGetDocumentsResponse.serialize
            ),
            "Commit": grpc.unary_unary_rpc_method_handler(
                self._commit, CommitRequest.deserialize, CommitResponse.serialize
            ),
        }
        self._server = grpc.server(ThreadPoolExecutor(96))
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("google.firestore.v1.Firestore", handlers),)
        )
        self.host = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def _get(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: ARG002  # as gRPC calls it
        self.requests += 1
        time.sleep(self._delay)
        now = datetime.now(UTC)
        for name in request.documents:
            found = self._documents.get(name)
            where = {"missing": name} if found is None else {"found": found}
            yield BatchGetDocumentsResponse(read_time=now, **where)

    def _commit(self, request: Any, context: Any) -> Any:
        self.requests += 1
        time.sleep(self._delay)
        (write,) = request.writes
        now, name, wanted = datetime.now(UTC), write.update.name, write.current_document
        with self._lock:
            kept = self._documents.get(name)
            if (kept.update_time if kept else None) != (wanted.update_time if "update_time" in wanted else None):
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, "written since")
            self._documents[name] = Document(name=name, fields=write.update.fields, create_time=now, update_time=now)
        return CommitResponse(write_results=[WriteResult(update_time=now)], commit_time=now)
