"""A faithful local stand-in for the Gemini Developer API's auth tokens and Live WebSocket. See README.md."""

from gemini_live_stand_in.app import create_app
from gemini_live_stand_in.endpoints import Endpoints
from gemini_live_stand_in.journal import Journal
from gemini_live_stand_in.records import ConnectionRecord, Ended, Event, MintRecord, ToolResponse, UserTurn
from gemini_live_stand_in.scenario import (
    Answer,
    AwaitToolResponse,
    Close,
    Connection,
    Drop,
    Expectation,
    Fault,
    FunctionCall,
    GoAway,
    HalfOpen,
    Listen,
    LoseHandle,
    MintAnswer,
    Scenario,
    ScenarioError,
    Silence,
    ToolCall,
    Wait,
)
from gemini_live_stand_in.scenario_file import load_scenario, parse_scenario, ready_made
from gemini_live_stand_in.sound import Gap, Sound
from gemini_live_stand_in.stand_in import DEFAULT_MODELS, GeminiStandIn, MintRequest, StandInConfig

__all__ = [
    "DEFAULT_MODELS",
    "Answer",
    "AwaitToolResponse",
    "Close",
    "Connection",
    "ConnectionRecord",
    "Drop",
    "Ended",
    "Endpoints",
    "Event",
    "Expectation",
    "Fault",
    "FunctionCall",
    "Gap",
    "GeminiStandIn",
    "GoAway",
    "HalfOpen",
    "Journal",
    "Listen",
    "LoseHandle",
    "MintAnswer",
    "MintRecord",
    "MintRequest",
    "Scenario",
    "ScenarioError",
    "Silence",
    "Sound",
    "StandInConfig",
    "ToolCall",
    "ToolResponse",
    "UserTurn",
    "Wait",
    "create_app",
    "load_scenario",
    "parse_scenario",
    "ready_made",
]
