"""Application Default Credentials are needed from the first call on, for looking users up."""

from pathlib import Path

import pytest

from support.production.function_process import FunctionProcess, Refusal, StartFunction
from support.production.local_google import LocalGoogle


@pytest.fixture(scope="module")
def credentials_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where google-auth looks when no variable names a file."""
    return tmp_path_factory.mktemp("gcloud") / "application_default_credentials.json"


@pytest.fixture(scope="module")
def poor_function(start_function: StartFunction, credentials_file: Path) -> FunctionProcess:
    return start_function({"CLOUDSDK_CONFIG": str(credentials_file.parent), "NO_GCE_CHECK": "true"})


@pytest.mark.parametrize(
    "content",
    [None, "", "{", "[]", '{"type": "unheard-of"}', '{"type": "service_account"}'],
    ids=["no file", "empty", "not JSON", "a list", "unknown", "no key"],
)
def test_without_credentials_nobody_is_verified(
    poor_function: FunctionProcess, google: LocalGoogle, credentials_file: Path, content: str | None
) -> None:
    if content is not None:
        credentials_file.write_text(content, encoding="utf-8")
    before = google.traffic

    answer = poor_function.call(google.sign_in())

    assert answer.refusal == Refusal(503, "UNAVAILABLE", "IDENTITY_UNAVAILABLE")
    assert google.traffic == before


def test_credentials_that_come_later_are_found(
    poor_function: FunctionProcess, google: LocalGoogle, credentials_file: Path
) -> None:
    credentials_file.write_bytes(Path(google.key_file["GOOGLE_APPLICATION_CREDENTIALS"]).read_bytes())

    assert poor_function.call(google.sign_in()).http == 200
