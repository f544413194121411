"""What tests of several folders share."""

import os
from collections.abc import Iterator

import pytest

from local_stack.firestore_emulator import FirestoreEmulator, FirestoreEmulatorMissingError
from local_stack.prerequisites import free_ports

_REQUIRED = "REQUIRE_FIRESTORE_EMULATOR"
_START_SECONDS = 60
_HOST = "127.0.0.1"


@pytest.fixture(scope="session")
def emulator_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of the Firestore emulator. Where it cannot run, tests are skipped, or fail if they must not be."""
    try:
        emulator = FirestoreEmulator.find()
    except FirestoreEmulatorMissingError as missing:
        if os.environ.get(_REQUIRED) == "1":
            pytest.fail(f"{missing} ({_REQUIRED} is 1, so this is a failure.)", pytrace=False)
        pytest.skip(f"Not tested on Firestore. {missing}")  # the one skip there is; -ra shows it
    port = free_ports(_HOST, 1)[0]
    process = emulator.process(tmp_path_factory.mktemp("firestore"), _HOST, port)
    process.start()
    try:
        process.wait_until_ready(_START_SECONDS)
        yield f"{_HOST}:{port}"
    finally:
        process.stop()
