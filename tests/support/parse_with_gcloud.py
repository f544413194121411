"""A program for gcloud's own Python: gcloud parses command lines, and runs none of them.

    python parse_with_gcloud.py LIB < lines.json

`LIB` is the folder of gcloud's library. Standard input is a JSON list of argument lists without the leading "gcloud";
standard output a JSON list with null, or the reason why gcloud refuses it, for each.

It relies on this of gcloud's library, which is public there but not documented: `cli.CLILoader` with `AddReleaseTrack`,
`RegisterPreRunHook` and `Generate`, and `CLI.Execute`, which calls the hooks after it has parsed and before it runs. A
parser that complains writes to standard error and exits with 2, as any argparse does.
"""

import importlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any


class _ParsedError(BaseException):
    """Ends a command before it runs. No `Exception`, since gcloud would handle that."""


def _command_line(lib: Path) -> Any:  # gcloud's library has no types
    """Return gcloud's command line interface, which parses, and then raises `_ParsedError`."""
    sys.path[:0] = [str(lib), str(lib / "third_party")]
    base = importlib.import_module("googlecloudsdk.calliope.base")
    cli = importlib.import_module("googlecloudsdk.calliope.cli")
    translation = importlib.import_module("googlecloudsdk.command_lib.util.apis.yaml_command_translator")
    surface = lib / "surface"
    loader = cli.CLILoader(
        name="gcloud",
        command_root_directory=str(surface),
        allow_non_existing_modules=True,
        yaml_command_translator=translation.Translator(),
    )
    loader.AddReleaseTrack(base.ReleaseTrack.ALPHA, str(surface / "alpha"))
    loader.AddReleaseTrack(base.ReleaseTrack.BETA, str(surface / "beta"))
    loader.RegisterPreRunHook(_stop)
    return loader.Generate()


def _stop(**_: object) -> None:
    raise _ParsedError


def _refusal(command_line: Any, arguments: Sequence[str], said: IO[str]) -> str | None:
    said.seek(0)
    said.truncate()
    try:
        command_line.Execute(arguments, call_arg_complete=False)
    except _ParsedError:
        return None
    except SystemExit as end:
        said.seek(0)
        return said.read() if end.code else "gcloud printed its help or its version."
    return "gcloud ran it."


@contextmanager
def _words() -> Iterator[IO[str]]:
    """Collect what is written to standard output and error. gcloud keeps the streams it finds when it is imported.

    So they are led away below Python's own.
    """
    usual = os.dup(1), os.dup(2)
    with TemporaryFile("w+", encoding="utf-8") as words:
        os.dup2(words.fileno(), 1)
        os.dup2(words.fileno(), 2)
        try:
            yield words
        finally:
            sys.stdout.flush()
            os.dup2(usual[0], 1)
            os.dup2(usual[1], 2)


def _main(lib: Path) -> None:
    lines = json.load(sys.stdin)
    with _words() as said:
        command_line = _command_line(lib)
        refusals = [_refusal(command_line, line, said) for line in lines]
    json.dump(refusals, sys.stdout)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
