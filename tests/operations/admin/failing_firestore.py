"""A gRPC server in Firestore's place that does not do what it is asked, as Google's does at times."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.cloud.firestore_v1.types import Document, RunQueryResponse


class _Unwilling(grpc.GenericRpcHandler):  # type: ignore[misc]  # the library has no types
    def __init__(self, status: grpc.StatusCode | None, documents: int, stopping: threading.Event) -> None:
        self._status = status
        self._documents = documents
        self._stopping = stopping

    def service(self, _details: Any) -> grpc.RpcMethodHandler:
        return grpc.unary_stream_rpc_method_handler(self._answer)

    def _answer(self, _request: bytes, context: Any) -> Iterator[bytes]:
        collection = "projects/my-app/databases/live-tokens/documents/live_token_quotas"
        for number in range(self._documents):
            document = Document(name=f"{collection}/user:{number}")
            yield RunQueryResponse.serialize(RunQueryResponse(document=document))
        if self._status is None:
            self._stopping.wait()
        else:
            context.abort(self._status, "words that quote a credential: ya29.made-up")


@contextmanager
def failing_firestore(status: grpc.StatusCode | None, documents: int = 0) -> Iterator[str]:
    """Yield the `host:port` of a server that sends so many documents, then this status; with None it falls silent."""
    stopping = threading.Event()
    server = grpc.server(ThreadPoolExecutor(max_workers=2), [_Unwilling(status, documents, stopping)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        stopping.set()
        server.stop(grace=None).wait()
