"""The endpoint over fake ports, and how its answers are read."""

import io
import json
from collections.abc import Mapping
from typing import Any

import flask
from werkzeug.datastructures import Headers

from function.fake_ports import FakePorts
from function.made_up import ID_TOKEN, PROJECT
from live_tokens.audit_log import AuditLog
from live_tokens.callable_endpoint import CallableEndpoint

TRACE = "0af7651916cd43dd8448eb211c80319c"
APP = "https://app.example.com"
SIGNED_IN = {"Authorization": f"Bearer {ID_TOKEN}"}
NO_DATA = b'{"data": null}'
MORE_DETAILS = {"MINUTES_EXCEEDED": {"period"}, "TOO_MANY_SESSIONS": {"sessions"}}
"""What else the details of an error have, by its reason."""

app = flask.Flask(__name__)


class Service:
    """An endpoint over fake ports, and its audit log on a stream as standard output is one."""

    def __init__(self, ports: FakePorts | None = None, origins: tuple[str, ...] = ()) -> None:
        self.ports = ports or FakePorts()
        self._log = io.BytesIO()
        log = AuditLog(io.TextIOWrapper(self._log, encoding="utf-8"), PROJECT)
        self._endpoint = CallableEndpoint(self.ports.issuer(), log, origins)

    def call(
        self,
        body: bytes = NO_DATA,
        headers: Mapping[str, str] = SIGNED_IN,
        method: str = "POST",
        *,
        chunked: bool = False,
    ) -> flask.Response:
        content: dict[str, Any] = {"data": body}
        if chunked:  # no Content-Length; the server tells the end of the body
            content = {"input_stream": io.BytesIO(body), "environ_overrides": {"wsgi.input_terminated": True}}
        with app.test_request_context("/", method=method, headers=Headers(list(headers.items())), **content) as context:
            return self.handle(context.request)

    def handle(self, request: flask.Request) -> flask.Response:
        return self._endpoint.handle(request)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.getvalue().splitlines()]


def error_in(response: flask.Response) -> dict[str, Any]:
    assert response.content_type == "application/json; charset=utf-8"
    body = json.loads(response.data)
    assert body.keys() == {"error"}
    error: dict[str, Any] = body["error"]
    assert error.keys() == {"status", "message", "details"}
    wait = {"retryAfterSeconds"} if "Retry-After" in response.headers else set()
    more = MORE_DETAILS.get(error["details"]["reason"], set())
    assert error["details"].keys() == {"reason", "requestId"} | wait | more
    return error


def reason_in(response: flask.Response) -> str:
    reason: str = error_in(response)["details"]["reason"]
    return reason
