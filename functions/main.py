"""Composition root of the function `mint_live_token`: the only reader of the environment, the only maker of adapters.

This file is imported in gunicorn's parent process, before it forks. Threads and connections do not survive that: those
that prefetch end with this import. The adapters connect again on first use, in the worker.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

import flask
import functions_framework
import httpx2
from flask import Request, Response

from live_tokens.audit_log import AuditLog
from live_tokens.bounded_transport import BoundedTransport
from live_tokens.callable_endpoint import CallableEndpoint
from live_tokens.configuration_error import ConfigurationError
from live_tokens.firebase_app_check import (
    CONSUMPTION_SECONDS,
    KEYS_SECONDS,
    KEYS_URL,
    AppCheckOff,
    FirebaseAppCheck,
    MonitoredAppCheck,
    read_keys,
)
from live_tokens.firebase_id_tokens import (
    CERTIFICATES_SECONDS,
    CERTIFICATES_URL,
    IdTokens,
    SignedIdTokens,
    read_certificates,
)
from live_tokens.firebase_identity import LOOK_UP_SECONDS, FirebaseIdentity
from live_tokens.google_credentials import REQUEST_SECONDS, GoogleCredentials
from live_tokens.issuing import AppCheck, Identity, QuotaStore, TokenIssuer
from live_tokens.memory_quota import MemoryQuotaStore
from live_tokens.prefetch import Fetch, prefetched
from live_tokens.profiles import usable
from live_tokens.public_keys import PublicKeys
from live_tokens.release import read_release
from live_tokens.secret_manager_key import READ_SECONDS, SecretManagerKey
from live_tokens.settings import Settings
from live_tokens.upstream import Upstream

if TYPE_CHECKING:
    from live_tokens.gemini_lock import ProvedSetups


class Service:
    """Puts the service together."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tls = httpx2.create_ssl_context()
        self._transports: list[BoundedTransport] = []
        self._credentials = GoogleCredentials(self._upstream(REQUEST_SECONDS))
        self._certificates = PublicKeys(self._upstream(CERTIFICATES_SECONDS), CERTIFICATES_URL, read_certificates)
        self._app_check_keys = PublicKeys(self._upstream(KEYS_SECONDS), KEYS_URL, read_keys)
        self._api_keys = SecretManagerKey(
            settings.gemini_api_key_secret,
            settings.api_key_cache,
            self._upstream(READ_SECONDS, authorized=settings.secret_manager_emulator_host is None),
            settings.secret_manager_emulator_host,
        )

    def endpoint(self, source: Path) -> CallableEndpoint:
        """Return the service, with what a first call needs of Google if it was to be had.

        Args:
            source: folder of main.py, which holds `profiles/` and, in a package, the name of the release.

        Raises:
            ProfileError: the profiles cannot be used.
            ReleaseError: the name of the release cannot be read.
        """
        try:
            with prefetched(self._first_needs()):
                return self._endpoint(source)
        finally:
            for transport in self._transports:
                transport.close()

    def _first_needs(self) -> list[Fetch]:
        settings = self._settings
        needs: list[Fetch] = [self._api_keys.current]
        if settings.firebase_auth_emulator_host is None:
            needs.append(self._certificates.fetch)
        if settings.app_check != "off":
            needs.append(self._app_check_keys.fetch)
        return needs

    def _endpoint(self, source: Path) -> CallableEndpoint:
        # Not above: google-genai takes a third of the start, and that time is used for the fetches.
        from live_tokens.gemini_minter import MINT_SECONDS, GeminiMinter, silence_experimental_warning
        from live_tokens.profile_check import check_folder

        silence_experimental_warning()
        settings = self._settings
        proved: ProvedSetups = {}
        checked = check_folder(source / "profiles", proved)
        issuer = TokenIssuer(
            identity=self._identity(),
            app_check=self._app_check(),
            profiles=usable(checked),
            quota_store=self._quota_store(),
            api_keys=self._api_keys,
            minter=GeminiMinter(
                settings.gemini_api_version,
                self._upstream(MINT_SECONDS),
                settings.gemini_emulator_host,
                tls=self._tls,
                proved=proved,
            ),
        )
        audit_log = AuditLog(sys.stdout, settings.firebase_project_id, read_release(source))
        audit_log.started()
        for each in checked:
            for warning in each.warnings:
                audit_log.warn_of_profile(each.file, warning)
        return CallableEndpoint(
            issuer, audit_log, settings.cors_allowed_origins, settings.call_deadline.total_seconds()
        )

    def _identity(self) -> Identity:
        settings = self._settings
        emulator_host = settings.firebase_auth_emulator_host
        look_up = self._upstream(LOOK_UP_SECONDS, authorized=emulator_host is None)
        return FirebaseIdentity(
            settings.firebase_project_id,
            self._id_tokens() if emulator_host is None else self._emulated_id_tokens(),
            look_up if settings.check_revoked else None,
            emulator_host,
        )

    def _id_tokens(self) -> IdTokens:
        return SignedIdTokens(self._settings.firebase_project_id, self._certificates)

    def _emulated_id_tokens(self) -> IdTokens:
        # Not above: what reads unsigned tokens, and firebase-admin with it, is not even loaded in production.
        from live_tokens.firebase_emulated_id_tokens import EmulatedIdTokens

        return EmulatedIdTokens(self._settings.firebase_project_id)

    def _app_check(self) -> AppCheck:
        settings = self._settings
        if settings.app_check == "off":
            return AppCheckOff()
        consumption = self._upstream(CONSUMPTION_SECONDS, authorized=True)
        app_check = FirebaseAppCheck(
            settings.firebase_project_id,
            self._app_check_keys,
            consumption if settings.app_check_consume else None,
            settings.app_check_allowed_app_ids,
        )
        return app_check if settings.app_check == "enforce" else MonitoredAppCheck(app_check)

    def _quota_store(self) -> QuotaStore:
        settings = self._settings
        if settings.quota_store == "memory":
            switches = settings.memory_switches_file
            return MemoryQuotaStore(Path(switches) if switches else None)
        # Not above: it takes a tenth of the start, and the local stack does without it.
        from live_tokens.firestore_quota import FirestoreQuotaStore

        emulator_host = settings.firestore_emulator_host
        return FirestoreQuotaStore(
            settings.firebase_project_id,
            settings.firestore_database,
            None if emulator_host else self._credentials,
            emulator_host,
        )

    def _upstream(self, seconds: float, *, authorized: bool = False) -> Upstream:
        transport = BoundedTransport(self._settings.threads, self._tls, getproxies().get("https"), proxy_bypass)
        self._transports.append(transport)
        return Upstream(transport, seconds, self._credentials.authorization if authorized else None)


gc.disable()  # next to nothing of an import is garbage, and to look for it takes a twentieth of the start
try:
    _settings = Settings.from_mapping(os.environ)
    # Cloud Run sends as many requests at once as its concurrency says; the framework's default of 4 threads would queue
    # them. It reads this variable after this import.
    os.environ["THREADS"] = str(_settings.threads)
    _endpoint = Service(_settings).endpoint(Path(__file__).parent)
except ConfigurationError as error:
    sys.exit(f"mint_live_token does not start. {error}")
finally:
    gc.enable()
    gc.freeze()  # nor is it looked through in the worker, which would copy what it shares with the parent


@functions_framework.http
def mint_live_token(request: Request) -> Response:
    """Answer one HTTP request: a live token for a signed-in Firebase user."""
    return _endpoint.handle(request)


if flask.has_app_context():  # the framework loads this file within that of its app
    # Before the framework looks at path or host: it has its own pages for robots.txt, favicon.ico and /static, and
    # reads all of the body after them.
    flask.current_app.before_request(lambda: _endpoint.handle(flask.request))
