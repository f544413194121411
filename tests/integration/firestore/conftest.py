"""A database of its own, in the real Firestore emulator, for each test."""

import uuid
from collections.abc import Iterator

import pytest

from integration.firestore.database import Database
from integration.firestore.proxy import FirestoreProxy


@pytest.fixture
def database(emulator_host: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """An empty database. Stores made in the test connect to it."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator_host)
    database = Database(emulator_host, f"demo-{uuid.uuid4().hex[:12]}")
    yield database
    database.close()


@pytest.fixture
def proxy(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[FirestoreProxy]:
    """Stands before the database: stores made in the test connect to the proxy, `database` itself does not."""
    with FirestoreProxy(database.host) as proxy:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", proxy.host)
        yield proxy
