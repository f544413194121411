"""What tests of several folders share."""

from collections.abc import Iterator

import pytest

from local_stack.firestore_emulator import FirestoreEmulator, FirestoreEmulatorMissingError
from local_stack.prerequisites import free_ports
from missing_program import skip_or_fail

_START_SECONDS = 60
_HOST = "127.0.0.1"


@pytest.fixture(scope="session")
def emulator_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of the Firestore emulator. Where it cannot run, tests are skipped, or fail if they must not be."""
    try:
        emulator = FirestoreEmulator.find()
    except FirestoreEmulatorMissingError as missing:
        skip_or_fail(str(missing), "REQUIRE_FIRESTORE_EMULATOR")
    port = free_ports(_HOST, 1)[0]
    process = emulator.process(tmp_path_factory.mktemp("firestore"), _HOST, port)
    process.start()
    try:
        process.wait_until_ready(_START_SECONDS)
        yield f"{_HOST}:{port}"
    finally:
        process.stop()
