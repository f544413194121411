"""A faithful local stand-in for the Gemini Developer API's auth tokens and Live WebSocket. See README.md."""

from gemini_live_stand_in.app import create_app
from gemini_live_stand_in.endpoints import Endpoints
from gemini_live_stand_in.stand_in import DEFAULT_MODELS, GeminiStandIn, MintRequest, StandInConfig

__all__ = ["DEFAULT_MODELS", "Endpoints", "GeminiStandIn", "MintRequest", "StandInConfig", "create_app"]
