"""The parser of command lines, and the arguments that several subcommands take."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping
from typing import NoReturn, TypeVar

from live_tokens_operations.defaults import FUNCTION_PATTERN, PROJECT_ID_PATTERN, REGION_PATTERN

_T = TypeVar("_T")


class UsageError(Exception):
    """The command line or the environment is wrong. The text says what is right."""


class Parser(ArgumentParser):
    """An argument parser that raises an error instead of exiting.

    Raises:
        UsageError: the arguments are wrong. `--help` still exits.
    """

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the usage."""
        raise UsageError(f"{message}\n{self.format_usage().strip()}")


def project_id(text: str) -> str:
    """Return the id of a project, which is safe in a URL and in a command line. A `type` of argparse.

    Raises:
        ArgumentTypeError: it is not the id of a project.
    """
    return like(
        PROJECT_ID_PATTERN,
        text,
        "the id of a Firebase project, such as my-app-1a2b (not its name or number)",
    )


def region(text: str) -> str:
    """Return the name of a region. A `type` of argparse.

    Raises:
        ArgumentTypeError: it is not a region, but a zone, for example.
    """
    return like(REGION_PATTERN, text, "a region, such as europe-west1")


def function_name(text: str) -> str:
    """Return the name of a function. A `type` of argparse.

    Raises:
        ArgumentTypeError: it cannot be one.
    """
    return like(FUNCTION_PATTERN, text, "the name of a function, such as mint-live-token")


def like(form: str, text: str, description: str) -> str:
    """Return the text if it matches.

    Args:
        form: regular expression of the whole text.
        description: ends the message “… is not”.

    Raises:
        ArgumentTypeError: it does not match.
    """
    if not re.fullmatch(form, text):
        raise ArgumentTypeError(f"{text!r} is not {description}")
    return text


def timeout(text: str) -> float:
    """Return the seconds that one call may take.

    Raises:
        ArgumentTypeError: it is not a number of seconds above 0 and below 1000.
    """
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?", text) or float(text) == 0:
        raise ArgumentTypeError(f"{text!r} must be more than 0 and below 1000")
    return float(text)


def variable(environment: Mapping[str, str], name: str, form: Callable[[str], _T]) -> _T | None:
    """Return the value of an environment variable that replaces an option, or None if it is not set or empty.

    Args:
        form: the option's `type`.

    Raises:
        UsageError: the value is wrong.
    """
    try:
        return form(environment[name]) if environment.get(name) else None
    except ArgumentTypeError as error:
        raise UsageError(f"{name}: {error}") from error
