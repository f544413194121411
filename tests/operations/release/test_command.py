"""The command that has Cloud Build release this checkout."""

import io
from pathlib import Path

import pytest

from live_tokens_operations.cli import main
from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.process import Process

PLACE = ("--project", "my-app-1a2b", "--region", "europe-west1")


def release(
    folder: Path, *arguments: str, gcloud_ends_with: int | None = 0, commit: str | None = None
) -> tuple[int, list[str], str]:
    """Return how a release ended, the arguments that gcloud was given, and what was said on stderr."""
    if gcloud_ends_with is not None:
        program = folder / "gcloud"
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {folder}/arguments\nexit {gcloud_ends_with}\n')
        program.chmod(0o755)
    if commit is not None:
        git = folder / "git"
        git.write_text(f'#!/bin/sh\ncase "$3" in\nrev-parse) echo {commit} ;;\ndescribe) echo v1.2.0 ;;\nesac\n')
        git.chmod(0o755)
    process = Process({"PATH": str(folder)}, io.StringIO(), io.StringIO(), io.StringIO())
    code = main(["release", *arguments], process)
    noted = folder / "arguments"
    said = process.stderr
    assert isinstance(said, io.StringIO)
    return code, noted.read_text().splitlines() if noted.exists() else [], said.getvalue()


def test_this_checkout_is_submitted_with_its_region_and_what_git_says_of_it(tmp_path: Path) -> None:
    code, arguments, _ = release(tmp_path, *PLACE, commit="0f" * 20)
    assert code == 0
    assert arguments == [
        *("builds", "submit", str(CHECKOUT), "--project=my-app-1a2b", "--region=europe-west1"),
        f"--config={CHECKOUT}/cloudbuild.yaml",
        f"--substitutions=_REGION=europe-west1,_VERSION=1.2.0,_COMMIT={'0f' * 20}",
    ]


def test_further_substitutions_come_after_those_of_the_release(tmp_path: Path) -> None:
    further = "_FUNCTION=another,_SMOKE_OPTIONS=--profile=tutor"
    code, arguments, _ = release(tmp_path, *PLACE, "--substitutions", further)
    assert code == 0
    assert arguments[-1] == f"--substitutions=_REGION=europe-west1,_VERSION=unknown,_COMMIT=unknown,{further}"


def test_a_build_that_fails_is_a_release_that_failed(tmp_path: Path) -> None:
    code, _, said = release(tmp_path, *PLACE, gcloud_ends_with=3)
    assert (code, said) == (1, "gcloud failed.\n")


def test_without_gcloud_it_is_said_where_to_get_it(tmp_path: Path) -> None:
    code, _, said = release(tmp_path, *PLACE, gcloud_ends_with=None)
    assert code == 1
    assert said.startswith("gcloud is missing. Install it: https://")


@pytest.mark.parametrize("arguments", [(), PLACE[:2], PLACE[2:], ("--project", "a/b", *PLACE[2:])])
def test_a_place_that_is_not_whole_is_typed_wrong(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, submitted, said = release(tmp_path, *arguments)
    assert (code, submitted) == (2, [])
    assert "usage: live-tokens release" in said
