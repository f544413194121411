"""Asks Firebase's own services with the function's credentials: one attempt, and an end to it.

firebase-admin asks the same questions, but its client retries, and sleeps between for as long as a Retry-After says, be
it an hour.
"""

from __future__ import annotations

from collections.abc import Mapping

from live_tokens.deadline import Deadline
from live_tokens.google_credentials import GoogleCredentials
from live_tokens.upstream import Upstream


class FirebaseBackend:
    """POSTs JSON to a service of Firebase.

    Args:
        credentials: the function's own, or None for an emulator, which takes a fixed word for a credential.
    """

    def __init__(self, upstream: Upstream, credentials: GoogleCredentials | None) -> None:
        self._upstream = upstream
        self._credentials = credentials

    def post(self, url: str, body: Mapping[str, object], deadline: Deadline) -> Mapping[str, object]:
        """Return the JSON object that the service answers with.

        Raises:
            UpstreamError: it did not, or not in time.
        """
        authorization = (
            self._credentials.authorization(deadline) if self._credentials else {"Authorization": "Bearer owner"}
        )
        return self._upstream.ask("POST", url, deadline, authorization, dict(body)).json_object()
