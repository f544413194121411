"""Asks Firebase's own services with the function's credentials: one attempt, and an end to it.

firebase-admin asks the same questions, but its client retries, and sleeps between for as long as a Retry-After says, be
it an hour. Whoever waits for this function to answer is gone by then, and its threads with them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import google.auth
import requests
from firebase_admin import credentials
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from requests.adapters import HTTPAdapter

# Of one request, and of one that has to get an access token first.
REQUEST_SECONDS = 4
TOTAL_SECONDS = 8
# A connection that was kept may be gone. What the service answers is never asked for again.
_CONNECTION_RETRIES = 1
# As many as there are threads: the adapter's default of 10 would close the others after each request.
_CONNECTIONS = 32

# Source: https://firebase.google.com/docs/projects/api/reference/rest (OAuth scopes)
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/identitytoolkit")


class BackendError(Exception):
    """There was no answer, or none that can be read. The text says why, without a word of the answer."""


class Uncredentialed(credentials.Base):  # type: ignore[misc]  # published without types
    """For firebase-admin, which wants a credential even for verifying, which needs none."""

    def get_credential(self) -> AnonymousCredentials:
        """Return what is never used."""
        return AnonymousCredentials()  # type: ignore[no-untyped-call]  # google-auth leaves it untyped


class FirebaseBackend:
    """POSTs JSON to a service of Firebase.

    Args:
        emulated: an emulator is asked, which takes a fixed word for a credential.
    """

    def __init__(self, *, emulated: bool) -> None:
        self._emulated = emulated
        self._connecting = threading.Lock()
        self._session: AuthorizedSession | None = None

    def post(self, url: str, body: Mapping[str, object]) -> Mapping[str, Any]:
        """Return the JSON object that the service answers with.

        Raises:
            BackendError: it did not, or not in time.
        """
        try:
            response = self._connected().request(  # type: ignore[no-untyped-call]  # untyped there
                "POST",
                url,
                json=body,
                headers={"Authorization": "Bearer owner"} if self._emulated else None,
                timeout=REQUEST_SECONDS,
                max_allowed_time=TOTAL_SECONDS,
                allow_redirects=False,
            )
            answer = response.json() if response.status_code == requests.codes.ok else None
        except (requests.RequestException, GoogleAuthError, ValueError) as error:
            raise BackendError(type(error).__name__) from error
        if not isinstance(answer, dict):
            raise BackendError(f"HTTP {response.status_code}")
        return answer

    def _connected(self) -> AuthorizedSession:
        """Connect on first use: looking for credentials may ask the network, which only a worker may do."""
        with self._connecting:
            if self._session is None:
                session = AuthorizedSession(self._credentials())  # type: ignore[no-untyped-call]  # untyped there
                session.mount("https://", HTTPAdapter(pool_maxsize=_CONNECTIONS, max_retries=_CONNECTION_RETRIES))
                self._session = session
            return self._session

    def _credentials(self) -> Credentials:
        if self._emulated:
            return AnonymousCredentials()  # type: ignore[no-untyped-call]  # untyped there
        found, _ = google.auth.default(scopes=_SCOPES)
        return found
