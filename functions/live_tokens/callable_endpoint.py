"""The wire: the Firebase callable protocol over Flask, CORS, and the one table from errors to HTTP.

Source of the protocol: https://firebase.google.com/docs/functions/callable-reference
"""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from io import BytesIO

from flask import Request, Response

from live_tokens.audit_log import AuditLog
from live_tokens.deadline import Deadline
from live_tokens.errors import (
    AppCheckFault,
    BadRequest,
    BodyTooSlow,
    IdTokenInvalid,
    IdTokenMissing,
    InternalFault,
    InvalidResumptionHandle,
    MalformedRequest,
    MethodNotAllowed,
    MinutesExceeded,
    NotAllowed,
    NotSignedIn,
    QuotaExceeded,
    TokenNotIssued,
    TooManySessions,
    Unavailable,
    UnknownProfile,
)
from live_tokens.issuing import (
    CALL_SECONDS,
    DEFAULT_PROFILE,
    EndRequest,
    IssueRequest,
    Lease,
    LiveToken,
    QuotaState,
    Record,
    TokenIssuer,
)
from live_tokens.request_body import LARGEST_BODY_BYTES, RequestBodies, too_large
from live_tokens.request_id import RequestId
from live_tokens.strict_json import read_json
from live_tokens.timestamps import in_whole_seconds

LONGEST_HANDLE = 8 * 1024
_LONGEST_PROFILE_NAME = 64
_DATA_KEYS = {"choices", "end", "profile", "resumptionHandle", "session"}
_PREFLIGHT_SECONDS = 3600
# Source: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
_BEARER_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_JSON = "application/json"
_EVENT_STREAM = "text/event-stream"
# Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SESSION = re.compile(r"[A-Za-z0-9_-]{1,64}")
_USUAL_HEADERS = ("authorization", "content-type", "x-firebase-appcheck", "firebase-instance-id-token")


@dataclass(frozen=True, slots=True)
class WireStatus:
    """How a class of errors looks on the wire.

    Attributes:
        canonical: `error.status`, a code of google.rpc.Code, which the SDKs turn into their own.
    """

    http: HTTPStatus
    canonical: str


ERROR_TABLE: dict[type[TokenNotIssued], WireStatus] = {
    MethodNotAllowed: WireStatus(HTTPStatus.METHOD_NOT_ALLOWED, "INVALID_ARGUMENT"),
    BodyTooSlow: WireStatus(HTTPStatus.REQUEST_TIMEOUT, "INVALID_ARGUMENT"),
    BadRequest: WireStatus(HTTPStatus.BAD_REQUEST, "INVALID_ARGUMENT"),
    NotSignedIn: WireStatus(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED"),
    NotAllowed: WireStatus(HTTPStatus.FORBIDDEN, "PERMISSION_DENIED"),
    QuotaExceeded: WireStatus(HTTPStatus.TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED"),
    Unavailable: WireStatus(HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE"),
    InternalFault: WireStatus(HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL"),
}
"""The row of an error is that of its own class, or else of the nearest class it comes from."""


class CallableEndpoint:
    """Answers HTTP requests. Whatever happens inside, what leaves is JSON with CORS headers, and an audit event.

    A caller who accepts nothing but an event stream gets the same JSON as its one event: the `stream()` of Firebase's
    SDKs reads nothing else, errors included, and waits for ever for what does not come.

    Args:
        cors_allowed_origins: origins of web apps, or `*` alone. Native apps need none.
        call_seconds: how long a call may take, from its headers to its answer.
    """

    def __init__(
        self,
        issuer: TokenIssuer,
        audit_log: AuditLog,
        cors_allowed_origins: tuple[str, ...],
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        self._issuer = issuer
        self._audit_log = audit_log
        self._cors_allowed_origins = cors_allowed_origins
        self._call_seconds = call_seconds
        self._bodies = RequestBodies()

    def handle(self, request: Request) -> Response:
        """Return the response to any request."""
        preflight = request.method == "OPTIONS"
        response = Response(status=HTTPStatus.NO_CONTENT) if preflight else self._answer(request)
        if not preflight and _wants_event_stream(request):
            _make_event_stream(response)
        response.headers["Cache-Control"] = "no-store"
        self._allow_origin(request, response)
        self._bodies.discard(request.stream, request.environ)
        # functions-framework reads what is left of a body into memory after each request.
        request.stream = BytesIO()
        return response

    def _answer(self, request: Request) -> Response:
        request_id = RequestId.from_trace(
            request.headers.get("traceparent"), request.headers.get("X-Cloud-Trace-Context")
        )
        record = Record(deadline=Deadline.after(self._call_seconds))
        try:
            with record.step("total"):
                asked = self._parse(request, record)
                if isinstance(asked, EndRequest):
                    self._issuer.end(asked, record)
                    result: dict[str, object] = {"ended": asked.session}
                else:
                    result = _result(self._issuer.issue(asked, record), record)
            self._audit_log.succeeded(request_id, record)  # a token that cannot be recorded is not handed out
            return _json(HTTPStatus.OK, {"result": result})
        except TokenNotIssued as error:
            return self._not_issued(request_id, record, error)
        except Exception as error:  # the last stop: functions-framework would answer HTML without CORS headers
            fault = InternalFault(type(error).__name__)
            fault.__cause__ = error
            return self._not_issued(request_id, record, fault)

    def _parse(self, request: Request, record: Record) -> IssueRequest | EndRequest:
        """Decide by the headers what they can decide: a body is waited for only if it will be read."""
        if request.method != "POST":
            raise MethodNotAllowed("Call this function with POST.")
        id_token = _id_token(request.headers.get("Authorization"))
        if (request.content_length or 0) > LARGEST_BODY_BYTES:
            raise too_large()
        with record.step("readBody") as deadline:
            body = self._bodies.read(request.stream, request.content_length, request.environ, deadline)
        data = _data(body)
        app_check_token = request.headers.get("X-Firebase-AppCheck") or None
        if "end" in data:
            if data.keys() != {"end"}:
                raise MalformedRequest("Send `end` without other fields.")
            return EndRequest(id_token, app_check_token, _session(data["end"], "end"))
        return IssueRequest(
            id_token=id_token,
            app_check_token=app_check_token,
            profile=_profile_name(data.get("profile", DEFAULT_PROFILE)),
            resumption_handle=_resumption_handle(data["resumptionHandle"]) if "resumptionHandle" in data else None,
            choices=data.get("choices"),
            session=_session(data["session"], "session") if "session" in data else None,
        )

    def _not_issued(self, request_id: RequestId, record: Record, error: TokenNotIssued) -> Response:
        # Where the log cannot be written, there is nobody to tell but the caller.
        with suppress(OSError, ValueError):
            self._audit_log.not_issued(request_id, record, error)
        return _error_response(error, request_id, record.lease)

    def _allow_origin(self, request: Request, response: Response) -> None:
        """Source: https://fetch.spec.whatwg.org/#http-cors-protocol."""
        if not self._cors_allowed_origins:
            return
        response.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin is None or not {"*", origin} & set(self._cors_allowed_origins):
            return
        response.headers["Access-Control-Allow-Origin"] = "*" if "*" in self._cors_allowed_origins else origin
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "POST, OPTIONS"
            response.headers["Access-Control-Allow-Headers"] = ", ".join(_allowed_headers(request))
            response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
        else:
            response.headers["Access-Control-Expose-Headers"] = "Retry-After"


def _wants_event_stream(request: Request) -> bool:
    """Whether the caller names event streams, and not JSON before them. What accepts anything gets JSON."""
    accepted = (kind.partition(";")[0].strip().lower() for kind, quality in request.accept_mimetypes if quality > 0)
    return next((kind for kind in accepted if kind in (_JSON, _EVENT_STREAM)), _JSON) == _EVENT_STREAM


def _make_event_stream(response: Response) -> None:
    """Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream."""
    response.data = b"data: " + response.data + b"\n\n"
    response.content_type = f"{_EVENT_STREAM}; charset=utf-8"


def _allowed_headers(request: Request) -> list[str]:
    """Return the usual headers and those that a browser asks for: tools for tracing add their own to every call.

    A page of an allowed origin may send what it likes; nothing here reads a header that it could harm.
    """
    asked = [name.strip(" \t") for name in request.headers.get("Access-Control-Request-Headers", "").split(",")]
    names = [name.lower() for name in asked if _TOKEN.fullmatch(name)]
    return list(dict.fromkeys([*_USUAL_HEADERS, *names]))


def _data(body: bytes) -> dict[str, object]:
    try:
        envelope = read_json(body) if body.strip() else {"data": None}
    except (ValueError, RecursionError):
        raise MalformedRequest('The body must be JSON: {"data": {…}} or {"data": null}.') from None
    if not isinstance(envelope, dict) or envelope.keys() != {"data"}:
        raise MalformedRequest('The body must be an object with only the key "data".')
    data = envelope["data"] if envelope["data"] is not None else {}
    if not isinstance(data, dict) or not (data := _without_nulls(data)).keys() <= _DATA_KEYS:
        raise MalformedRequest(f"`data` must be null, or an object with only {', '.join(sorted(_DATA_KEYS))} in it.")
    return data


def _without_nulls(keys: dict[str, object]) -> dict[str, object]:
    """Leave out the keys that are null: SDKs send what is undefined in the app as null."""
    return {name: value for name, value in keys.items() if value is not None}


def _id_token(authorization: str | None) -> str:
    scheme, _, credential = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not credential.strip():
        raise IdTokenMissing
    if not _BEARER_TOKEN.fullmatch(credential.strip()):
        raise IdTokenInvalid("malformed Authorization")
    return credential.strip()


def _profile_name(name: object) -> str:
    if not isinstance(name, str):
        raise MalformedRequest("`profile` must be a string.")
    if len(name) > _LONGEST_PROFILE_NAME:
        raise UnknownProfile
    return name


def _resumption_handle(handle: object) -> str:
    if (
        isinstance(handle, str)
        and 0 < len(handle) <= LONGEST_HANDLE
        and handle.isascii()
        and handle.isprintable()
        and " " not in handle
    ):
        return handle
    raise InvalidResumptionHandle


def _session(session: object, key: str) -> str:
    if isinstance(session, str) and _SESSION.fullmatch(session):
        return session
    raise MalformedRequest(f"`{key}` must be the `session.id` of an earlier answer.")


def _result(live_token: LiveToken, record: Record) -> dict[str, object]:
    model = live_token.profile.model
    result: dict[str, object] = {
        "token": live_token.token,
        "websocketUrl": live_token.websocket_url,
        "setup": {"model": model},
        "apiVersion": live_token.api_version,
        "model": model,
        "profile": live_token.profile.name,
        "issuedAt": in_whole_seconds(live_token.issued_at),
        "newSessionExpireTime": in_whole_seconds(live_token.new_session_expire_time),
        "expireTime": in_whole_seconds(live_token.expire_time),
    }
    if live_token.profile.chosen:
        result["choices"] = dict(live_token.profile.chosen)
    if record.lease is not None:
        result["session"] = _lease(record.lease)
    if record.quota is not None:
        result["quota"] = _quota(record.quota)
    return result


def _lease(lease: Lease) -> dict[str, object]:
    return {
        "id": lease.session,
        "endsAt": in_whole_seconds(lease.session_ends),
        "renewAfter": lease.renew_after and in_whole_seconds(lease.renew_after),
        "renewBefore": lease.renew_before and in_whole_seconds(lease.renew_before),
        "leaseSeconds": lease.seconds,
    }


def _quota(quota: QuotaState) -> dict[str, object]:
    left: dict[str, object] = {"resetTime": in_whole_seconds(_rounded_up(quota.reset_time))}
    if quota.remaining is not None:
        left["remaining"] = quota.remaining
    if quota.minutes_left is not None:
        left["minutesLeft"] = quota.minutes_left
    return left


def _error_response(error: TokenNotIssued, request_id: RequestId, lease: Lease | None) -> Response:
    status = next(ERROR_TABLE[kind] for kind in type(error).__mro__ if kind in ERROR_TABLE)
    details: dict[str, object] = {"reason": error.reason, "requestId": request_id.value}
    if error.retry_after is not None:
        details["retryAfterSeconds"] = math.ceil(error.retry_after.total_seconds())
    if isinstance(error, MinutesExceeded):
        details["period"] = error.period
    if isinstance(error, TooManySessions):
        details["sessions"] = list(error.open_sessions)
    if lease is not None:  # its seconds are spent: the next try names it, and is not charged again
        details["session"] = lease.session
    response = _json(status.http, {"error": {"status": status.canonical, "message": error.message, "details": details}})
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(details["retryAfterSeconds"])
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = "POST, OPTIONS"
    if isinstance(error, NotSignedIn) and not isinstance(error, AppCheckFault):
        has_token = not isinstance(error, IdTokenMissing)
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if has_token else "Bearer"
    return response


def _json(status: HTTPStatus, body: dict[str, object]) -> Response:
    return Response(json.dumps(body), status=status, content_type=f"{_JSON}; charset=utf-8")


def _rounded_up(time: datetime) -> datetime:
    """Return the first whole second at which what is due at a time is due, as in `retryAfterSeconds`."""
    return time + timedelta(microseconds=-time.microsecond % 1_000_000)
