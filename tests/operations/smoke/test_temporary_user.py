"""The user of a run does not outlive it, however the run ends."""

import io

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gemini_live_stand_in.serving import serve
from live_tokens_operations.smoke.identity_toolkit import IdentityToolkit
from live_tokens_operations.smoke.report import Report
from live_tokens_operations.smoke.temporary_user import temporary_user
from operations.smoke.made_up_service import id_token


class _ClosedTerminal(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError(text)


class _NewUser:
    def sign_in(self, name: str, report: Report) -> str:
        del name, report
        return id_token()


def test_the_user_is_deleted_when_the_terminal_closes_before_the_first_line() -> None:
    deleted: list[str] = []

    async def delete(request: Request) -> Response:
        deleted.append((await request.json())["idToken"])
        return JSONResponse({})

    with serve(Starlette(routes=[Route("/accounts:delete", delete, methods=["POST"])])) as address:
        toolkit = IdentityToolkit(f"http://{address}", "any")
        with pytest.raises(BrokenPipeError), temporary_user(toolkit, _NewUser(), Report(_ClosedTerminal())):
            pass

    assert len(deleted) == 1
