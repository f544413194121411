"""Composition root of the function `mint_live_token`: the only reader of the environment, the only maker of adapters.

This file is imported in gunicorn's parent process, before it forks. Nothing here opens a connection or starts a
thread; the adapters connect on first use, in the worker.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import functions_framework
from flask import Request, Response

from live_tokens.audit_log import AuditLog
from live_tokens.callable_endpoint import CallableEndpoint
from live_tokens.firebase_app_check import AppCheckOff, FirebaseAppCheck, MonitoredAppCheck
from live_tokens.firebase_identity import FirebaseIdentity
from live_tokens.firestore_quota import FirestoreQuotaStore
from live_tokens.gemini_lock import find_config_faults
from live_tokens.gemini_minter import GeminiMinter, silence_experimental_warning
from live_tokens.issuing import AppCheck, QuotaStore, TokenIssuer
from live_tokens.memory_quota import MemoryQuotaStore
from live_tokens.profiles import ProfileError, load_profiles
from live_tokens.secret_manager_key import SecretManagerKey
from live_tokens.settings import Settings, SettingsError


def build_endpoint(settings: Settings, profiles: Path) -> CallableEndpoint:
    """Put the service together, connecting to nothing.

    Args:
        settings: what the operator chose.
        profiles: the folder of profiles.

    Raises:
        ProfileError: the profiles cannot be used.
    """
    silence_experimental_warning()
    issuer = TokenIssuer(
        identity=FirebaseIdentity(
            settings.firebase_project_id,
            check_revoked=settings.check_revoked,
            emulator_host=settings.firebase_auth_emulator_host,
        ),
        app_check=_app_check(settings),
        profiles=load_profiles(profiles, find_config_faults),
        quota_store=_quota_store(settings),
        api_keys=SecretManagerKey(
            settings.gemini_api_key_secret, settings.api_key_cache, settings.secret_manager_emulator_host
        ),
        minter=GeminiMinter(settings.gemini_api_version, settings.gemini_emulator_host),
    )
    return CallableEndpoint(issuer, AuditLog(sys.stdout, settings.firebase_project_id), settings.cors_allowed_origins)


def _app_check(settings: Settings) -> AppCheck:
    if settings.app_check == "off":
        return AppCheckOff()
    app_check = FirebaseAppCheck(
        settings.firebase_project_id,
        consume=settings.app_check_consume,
        allowed_app_ids=settings.app_check_allowed_app_ids,
    )
    return app_check if settings.app_check == "enforce" else MonitoredAppCheck(app_check)


def _quota_store(settings: Settings) -> QuotaStore:
    if settings.quota_store == "memory":
        switches = settings.memory_switches_file
        return MemoryQuotaStore(Path(switches) if switches else None)
    return FirestoreQuotaStore(settings.firebase_project_id, settings.firestore_database)


# Cloud Run sends as many requests at once as its concurrency says; the framework's default of 4 threads would queue
# them. It reads this variable after this import.
os.environ.setdefault("THREADS", "32")

try:
    _endpoint = build_endpoint(Settings.from_mapping(os.environ), Path(__file__).parent / "profiles")
except (SettingsError, ProfileError) as error:
    sys.exit(f"mint_live_token does not start. {error}")


@functions_framework.http
def mint_live_token(request: Request) -> Response:
    """Answer one HTTP request: a live token for a signed-in Firebase user."""
    return _endpoint.handle(request)
