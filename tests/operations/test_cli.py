"""The command line as a whole: its subcommands, and how it ends."""

import io
import re
from argparse import Namespace

import pytest

from live_tokens_operations import cli
from live_tokens_operations.arguments import UsageError
from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.process import ExitCode, OperationError, Process, StoppedError, Subcommand, Terminated

SUBCOMMANDS = (
    *("deploy", "destroy", "doctor", "smoke", "admin", "profiles", "bill", "release", "status", "rollback", "package"),
)


def end_of(*arguments: str) -> tuple[int, str]:
    """Return the exit code, and what was said on stderr."""
    stderr = io.StringIO()
    return cli.main(arguments, Process({}, io.StringIO(), io.StringIO(), stderr)), stderr.getvalue()


@pytest.mark.parametrize("subcommand", SUBCOMMANDS)
def test_each_subcommand_tells_what_it_takes(subcommand: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        end_of(subcommand, "--help")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: live-tokens {subcommand} ")


def test_the_help_lists_every_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        end_of("--help")
    assert tuple(re.findall(r"^    (\w+)  ", capsys.readouterr().out, re.MULTILINE)) == SUBCOMMANDS


def test_make_has_a_target_for_every_subcommand() -> None:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    for subcommand in SUBCOMMANDS:
        assert re.search(
            rf"^{subcommand}: [^\n]*\n(\t[^\n]*\n)*?\t@\$\(LIVE_TOKENS\) {subcommand}\b", makefile, re.MULTILINE
        )


@pytest.mark.parametrize("arguments", [(), ("up",), ("--project", "my-app-1a2b"), ("package", "a", "b")])
def test_what_is_typed_wrong_ends_with_2_and_the_usage(arguments: tuple[str, ...]) -> None:
    code, said = end_of(*arguments)
    assert code == 2
    assert any(line.startswith("usage: live-tokens") for line in said.splitlines())


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("it is wrong"), 2, "it is wrong\n"),
        (OperationError("it failed"), 1, "it failed\n"),
        (StoppedError("half is done"), 130, "half is done\n"),
        (KeyboardInterrupt(), 130, ""),
        (Terminated(), 143, ""),
    ],
)
def test_every_kind_of_error_has_its_exit_code(
    error: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_typed: Namespace, _process: Process) -> ExitCode:
        raise error

    monkeypatch.setitem(cli.SUBCOMMANDS, "package", ("", lambda: Subcommand(lambda _: None, run)))
    assert end_of("package") == (code, said)
