"""The Starlette application: one REST route, the WebSocket and, if asked for, the control route."""

from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from gemini_live_stand_in.control import Control
from gemini_live_stand_in.live import LiveSocket
from gemini_live_stand_in.minting import TokenMint
from gemini_live_stand_in.stand_in import GeminiStandIn


def create_app(stand_in: GeminiStandIn, *, control: bool = False) -> Starlette:
    """Build the app that serves `stand_in`. One stand-in may be served by several apps, say plain and TLS.

    Args:
        stand_in: what is served.
        control: whether `/control` gives callers on this machine scenarios and the journal. Never serve it to others.
    """
    mint = TokenMint(stand_in)
    app = Starlette(
        routes=[
            Route("/v1alpha/auth_tokens", mint.post, methods=["POST"]),
            Route("/v1beta/auth_tokens", mint.post, methods=["POST"]),
            *([Control(stand_in).routes()] if control else []),
            WebSocketRoute("/{path:path}", LiveSocket(stand_in).connect),
        ],
        # Google has no other method on these paths, so a wrong method is as unknown as a wrong path.
        exception_handlers={404: mint.not_found, 405: mint.not_found},
    )
    app.router.redirect_slashes = False
    return app
