"""What git says about a checkout: version, commit and changes."""

import os
import subprocess
from pathlib import Path

import pytest

from live_tokens_operations.origin import Origin, origin_of
from live_tokens_operations.programs import LocalPrograms

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "someone@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def git(checkout: Path, *arguments: str) -> str:
    line = ["git", "-C", str(checkout), *arguments]
    return subprocess.run(line, env=ENVIRONMENT, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(name="checkout")
def _checkout(tmp_path: Path) -> Path:
    """A repository with one commit, and a file that git ignores."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("ignored\n")
    (tmp_path / "ignored").touch()
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=first")
    return tmp_path


def origin(checkout: Path) -> Origin:
    return origin_of(LocalPrograms(ENVIRONMENT), checkout)


def test_a_clean_checkout_has_its_commit_and_no_changes(checkout: Path) -> None:
    assert origin(checkout) == Origin("unknown", git(checkout, "rev-parse", "HEAD"), ())


def test_the_version_is_the_newest_tag_of_a_version_with_the_commits_since(checkout: Path) -> None:
    git(checkout, "tag", "v1.2.0")
    assert origin(checkout).version == "1.2.0"
    git(checkout, "commit", "--quiet", "--allow-empty", "--message=second")
    git(checkout, "tag", "something-else")
    assert origin(checkout).version == f"1.2.0-1-g{git(checkout, 'rev-parse', '--short', 'HEAD')}"


def test_a_changed_and_a_new_file_make_the_checkout_dirty(checkout: Path) -> None:
    (checkout / ".gitignore").write_text("ignored\n*.bak\n")
    (checkout / "new").touch()
    found = origin(checkout)
    assert found.commit == f"{git(checkout, 'rev-parse', 'HEAD')}-dirty"
    assert found.changes == (".gitignore", "new")


def test_a_folder_that_is_no_checkout_has_no_origin(tmp_path: Path) -> None:
    assert origin(tmp_path) == Origin("unknown", "unknown", ())


def test_without_git_nothing_is_known(checkout: Path, tmp_path: Path) -> None:
    assert origin_of(LocalPrograms({"PATH": str(tmp_path)}), checkout) == Origin()
