"""`release`: what a package says about itself, and that a checkout says nothing."""

from pathlib import Path

import pytest

from live_tokens.release import RELEASE_FILE, Release, ReleaseError, read_release

GOOD = '{"version": "1.2.0", "commit": "4b1d", "digest": "36cf"}'


def test_a_package_names_its_release(tmp_path: Path) -> None:
    (tmp_path / RELEASE_FILE).write_text(GOOD)
    assert read_release(tmp_path) == Release("1.2.0", "4b1d", "36cf")


def test_a_checkout_is_no_release(tmp_path: Path) -> None:
    assert read_release(tmp_path) is None


@pytest.mark.parametrize(
    "damaged", ["", "[]", "{}", GOOD[:-1], GOOD.replace('"36cf"', "36"), GOOD.replace("commit", "c")]
)
def test_a_damaged_file_stops_the_start(tmp_path: Path, damaged: str) -> None:
    (tmp_path / RELEASE_FILE).write_text(damaged)
    with pytest.raises(ReleaseError, match=r"release\.json must have version, commit, digest"):
        read_release(tmp_path)


def test_a_file_that_is_not_text_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / RELEASE_FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(ReleaseError):
        read_release(tmp_path)
