"""A gRPC proxy before the emulator: passes bytes on, remembers what was called, and does harm where told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import grpc  # type: ignore[import-untyped]  # published without types

READ = "BatchGetDocuments"
WRITE = "Commit"

Harm = Callable[[grpc.ServicerContext], None]

_THREADS = 16


class FirestoreProxy(grpc.GenericRpcHandler):  # type: ignore[misc]  # published without types
    """A context manager; serves on a free port while it is entered.

    Args:
        upstream: `host:port` of the emulator.

    Attributes:
        host: `host:port` of the proxy.
        calls: names of the methods that were called, oldest first.
        before: harm by method, done before the call is passed on.
        after: harm by method, done when the answer is there, before it is passed back.
    """

    def __init__(self, upstream: str) -> None:
        self.calls: list[str] = []
        self.before: dict[str, Harm] = {}
        self.after: dict[str, Harm] = {}
        self._upstream = grpc.insecure_channel(upstream)
        self._server = grpc.server(ThreadPoolExecutor(_THREADS), handlers=[self])
        self.host = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> FirestoreProxy:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, stack: TracebackType | None
    ) -> None:
        self._server.stop(grace=None).wait()
        self._upstream.close()

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        """Handle every method as a stream of bytes each way, which a single message is, too."""
        path = handler_call_details.method
        method = path.rpartition("/")[2]

        def forward(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            self.calls.append(method)
            request = list(requests)
            self.before.get(method, _none)(context)
            answer = self._upstream.stream_stream(path)(iter(request), metadata=_passed_on(context))
            try:
                messages = list(answer)
            except grpc.RpcError as error:
                context.set_trailing_metadata(error.trailing_metadata())
                context.abort(error.code(), error.details())
            self.after.get(method, _none)(context)
            yield from messages

        return grpc.stream_stream_rpc_method_handler(forward)


def failing(code: grpc.StatusCode) -> Harm:
    """Answer every call with an error."""
    return lambda context: context.abort(code, "made up by the proxy")


def hanging(context: grpc.ServicerContext) -> None:
    """Answer nothing until the client gives up."""
    gone = threading.Event()
    if context.add_callback(gone.set):
        gone.wait()
    context.abort(grpc.StatusCode.CANCELLED, "nobody waits any more")


def _none(context: grpc.ServicerContext) -> None:
    pass


def _passed_on(context: grpc.ServicerContext) -> list[tuple[str, Any]]:
    own = ("grpc-", "user-agent", ":", "te", "content-type")
    return [(key, value) for key, value in context.invocation_metadata() if not key.startswith(own)]
