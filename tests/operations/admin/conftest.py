"""A project of its own in the real Firestore emulator, and so an empty database, for each test."""

import uuid
from collections.abc import Iterator

import pytest
from google.cloud.firestore import Client

from operations.admin.operator_and_service import Operator, Service


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that names no project, database or emulator."""
    for name in ("FIREBASE_PROJECT_ID", "FIRESTORE_DATABASE", "FIRESTORE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def operator(bare: None) -> Operator:
    """Types commands."""
    return Operator()


@pytest.fixture
def service(bare: None, emulator_host: str, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The service with an empty database, which the operator's environment names."""
    service = Service(f"demo-{uuid.uuid4().hex[:12]}")
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator_host)
    monkeypatch.setenv("FIREBASE_PROJECT_ID", service.project)
    return service


@pytest.fixture
def documents(service: Service) -> Iterator[Client]:
    """The documents themselves, for what somebody has made by hand."""
    client = Client(project=service.project, database="live-tokens")
    yield client
    client.close()  # type: ignore[no-untyped-call]
