"""What a newcomer is told who has not installed the SDKs."""

from pathlib import Path

import pytest

from support.sdks.node_scripts import SDKS, NotInstalledError, installed_scripts
from support.sdks.secrets_seen import SecretsSeen


def test_missing_sdks_are_named_and_installed_by_make_setup(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_bytes((SDKS / "package.json").read_bytes())

    with pytest.raises(NotInstalledError, match=r"@firebase/auth.*Run `make setup`"):
        installed_scripts(tmp_path, SecretsSeen())


def test_missing_node_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NotInstalledError, match=r"Node is missing.*https://nodejs\.org"):
        installed_scripts(SDKS, SecretsSeen())
