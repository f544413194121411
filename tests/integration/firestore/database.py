"""One database of the emulator, as a test looks at it: past the store, with the plain client."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from google.cloud.firestore import Client, DocumentReference

from live_tokens.firestore_quota import QUOTAS, SWITCHES, FirestoreQuotaStore, quota_id


class Database:
    """The database of the service, in a project that nobody else uses.

    Args:
        host: `host:port` of the emulator; FIRESTORE_EMULATOR_HOST must be the same.
        project: id of the project.
    """

    def __init__(self, host: str, project: str) -> None:
        self.host = host
        self.project = project
        self.client = Client(project=project, database="live-tokens")

    def close(self) -> None:
        self.client.close()  # type: ignore[no-untyped-call]  # the library leaves it untyped

    def store(self, now: Callable[[datetime], datetime] = lambda read_time: read_time) -> FirestoreQuotaStore:
        """Return a store that connects on its first call, to where FIRESTORE_EMULATOR_HOST then says."""
        return FirestoreQuotaStore(
            self.project, "live-tokens", emulator_host=os.environ["FIRESTORE_EMULATOR_HOST"], decide_at=now
        )

    def quota(self, uid: str) -> DocumentReference:
        """Return where the quota of a caller is."""
        return self.client.collection(QUOTAS).document(quota_id(uid))

    def stored(self, uid: str) -> dict[str, Any] | None:
        """Return what is stored of a caller."""
        fields: dict[str, Any] | None = self.quota(uid).get().to_dict()
        return fields

    def set_switch(self, switch: str, fields: Mapping[str, object]) -> None:
        """Set a stop switch."""
        self.client.collection(SWITCHES).document(switch).set(dict(fields))

    def clear_switch(self, switch: str) -> None:
        """Clear a stop switch."""
        self.client.collection(SWITCHES).document(switch).delete()
