"""The control route: scenarios and the journal over HTTP, for tests in other languages. For callers on this machine."""

import ipaddress
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from gemini_live_stand_in.records import as_json
from gemini_live_stand_in.scenario import Fault, Scenario, ScenarioError
from gemini_live_stand_in.scenario_file import load_scenario, parse_scenario, ready_made, scenario_of
from gemini_live_stand_in.stand_in import GeminiStandIn

_SOURCE = "request"
_TOML, _JSON = "application/toml", "application/json"

Answer = Callable[[Request], Awaitable[Response]]


def is_loopback(host: str) -> bool:
    """Whether a host name or address is of this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Control:
    """The control half of the stand-in."""

    def __init__(self, stand_in: GeminiStandIn) -> None:
        self._stand_in = stand_in

    def routes(self) -> Mount:
        """Return all routes, below `/control`."""
        table: list[tuple[str, str, Answer]] = [
            ("/scenario", "GET", self._scenario),
            ("/scenario", "PUT", self._play),
            ("/scenario", "DELETE", self._stop),
            ("/scenarios", "GET", self._ready_made),
            ("/journal", "GET", self._journal),
            ("/journal", "DELETE", self._clear),
            ("/journal/trace", "GET", self._trace),
        ]
        routes = [Route(path, _for_this_machine(answer), methods=[method]) for path, method, answer in table]
        return Mount("/control", routes=routes)

    async def _scenario(self, _request: Request) -> Response:
        playlist = self._stand_in.playlist
        connections, mints = playlist.left
        return JSONResponse({"name": playlist.name or None, "connectionsLeft": connections, "mintsLeft": mints})

    async def _play(self, request: Request) -> Response:
        try:
            self._stand_in.play(await _read(request))
        except ScenarioError as error:
            return JSONResponse({"faults": [as_json(fault) for fault in error.faults]}, 400)
        return await self._scenario(request)

    async def _stop(self, _request: Request) -> Response:
        self._stand_in.play(None)
        return Response(status_code=204)

    async def _ready_made(self, _request: Request) -> Response:
        made = [{"name": scenario.name, "about": scenario.about} for scenario in ready_made().values()]
        return JSONResponse({"readyMade": made})

    async def _journal(self, _request: Request) -> Response:
        return JSONResponse(self._stand_in.journal.as_json())

    async def _clear(self, _request: Request) -> Response:
        self._stand_in.journal.clear()
        return Response(status_code=204)

    async def _trace(self, _request: Request) -> Response:
        return PlainTextResponse(self._stand_in.journal.trace())


def _for_this_machine(answer: Answer) -> Answer:
    async def answered(request: Request) -> Response:
        # The host as well: a page that a browser loaded from elsewhere may have had its name moved to this machine.
        caller = request.client.host if request.client else ""
        if not (is_loopback(caller) and is_loopback(request.url.hostname or "")):
            return JSONResponse({"error": "The control route is for callers on this machine."}, 403)
        return await answer(request)

    return answered


async def _read(request: Request) -> Scenario:
    """Read a scenario, in one of two types that a page of another origin cannot send without being asked first."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind not in (_TOML, _JSON):
        raise ScenarioError(Fault(_SOURCE, "Content-Type", kind or "(none)", f"{_TOML} or {_JSON}"))
    try:
        text = (await request.body()).decode()
        if kind == _TOML:
            return scenario_of(text, _SOURCE, Path())
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        if isinstance(error, ScenarioError):
            raise
        raise ScenarioError(Fault(_SOURCE, "(body)", "the text", f"{kind}: {error}")) from None
    if isinstance(table, dict) and table.keys() == {"readyMade"}:
        return load_scenario(str(table["readyMade"]))
    return parse_scenario(table, _SOURCE)
