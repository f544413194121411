"""The function with a stopwatch at each port: `GET /steps` answers the CPU milliseconds since its start, by step.

It is a source for functions-framework, beside the unmodified function in the folder that `FUNCTIONS` names.
"""

from __future__ import annotations

import os
import sys

import flask

sys.path.insert(0, os.environ["FUNCTIONS"])

from live_tokens.audit_log import AuditLog
from live_tokens.callable_endpoint import CallableEndpoint
from live_tokens.firebase_identity import FirebaseIdentity
from live_tokens.firestore_quota import FirestoreQuotaStore
from live_tokens.gemini_minter import GeminiMinter
from live_tokens.profiles import LoadedProfiles
from live_tokens.secret_manager_key import SecretManagerKey
from live_tokens.upstream import Upstream
from speed.stopwatch import STEPS_PATH, Stopwatch

EXCHANGE = "HTTP exchange"

_STEPS: tuple[tuple[type, str, str], ...] = (
    (CallableEndpoint, "handle", "request and answer"),
    (FirebaseIdentity, "verify", "signature of the ID token"),
    (LoadedProfiles, "for_caller", "profile"),
    (FirestoreQuotaStore, "spend", "quota in Firestore"),
    (SecretManagerKey, "current", "key, kept"),
    (GeminiMinter, "mint", "mint: google-genai"),
    (AuditLog, "succeeded", "audit event"),
    (Upstream, "send", EXCHANGE),
)

_stopwatch = Stopwatch(inner=EXCHANGE)


def _answer() -> flask.Response | None:
    return flask.jsonify(_stopwatch.milliseconds) if flask.request.path == STEPS_PATH else None


for owner, name, step in _STEPS:
    setattr(owner, name, _stopwatch.timed(step, getattr(owner, name)))
flask.current_app.before_request(_answer)  # before the function's own, which refuses every GET

from main import mint_live_token as mint_live_token  # noqa: E402  # it makes its objects of the timed classes
