"""What every API of Google Cloud asks before anything else: a credential, and that the API is on."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Handler = Callable[[Request], Response | Awaitable[Response]]


@dataclass(slots=True)
class ApiAccess:
    """Who gets in.

    Attributes:
        user_project: what `x-goog-user-project` has to name, as for a user's own credentials, or None.
        asked: host names with the paths asked for, in order.
    """

    access_token: str = field(repr=False)
    user_project: str | None = None
    services: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)


def refusal(code: int, status: str, message: str, reason: str = "", **metadata: str) -> JSONResponse:
    """Return an error as Google's APIs give it.

    Source: https://cloud.google.com/apis/design/errors#http_mapping
    """
    error: dict[str, object] = {"code": code, "message": message, "status": status}
    if reason:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": reason, "domain": "googleapis.com", "metadata": metadata}]
    return JSONResponse({"error": error}, status_code=code)


def not_found(_request: Request | None = None, _error: Exception | None = None) -> JSONResponse:
    """Return what is answered for a resource that is not there."""
    return refusal(404, "NOT_FOUND", "Requested entity was not found.")


def behind(
    access: ApiAccess, host: str, routes: Sequence[tuple[str, str, Handler]], in_the_open: Sequence[Route] = ()
) -> Starlette:
    """Return an app that lets the right callers in.

    Args:
        access: decides.
        host: under which the app is called, which is the API's name, too.
        routes: method, path, handler.
        in_the_open: routes that need no credential of Google Cloud.
    """

    def guarded(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            access.asked.append(f"{host}{request.url.path}")
            refused = _refused(access, host, request)
            if refused is not None:
                return refused
            answer = handler(request)
            return answer if isinstance(answer, Response) else await answer

        return handle

    app = Starlette(
        routes=[
            *in_the_open,
            *(Route(path, guarded(handler), methods=[method]) for method, path, handler in routes),
        ],
        exception_handlers={404: not_found},
    )
    app.router.redirect_slashes = False
    return app


def _refused(access: ApiAccess, host: str, request: Request) -> JSONResponse | None:
    """Source of the reasons: https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto."""
    if request.headers.get("authorization") != f"Bearer {access.access_token}":
        return refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", "CREDENTIALS_MISSING")
    if access.user_project is not None and request.headers.get("x-goog-user-project") != access.user_project:
        message = f"Your application is authenticating by using local ADC. {host} requires a quota project."
        return refusal(403, "PERMISSION_DENIED", message, "SERVICE_DISABLED", service=host)
    if host not in access.services:
        message = f"{host} has not been used in project before or it is disabled."
        return refusal(403, "PERMISSION_DENIED", message, "SERVICE_DISABLED", service=host)
    return None
