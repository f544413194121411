"""Who is asked at a terminal, and what it means that nobody answers."""

import io

import pytest

from live_tokens_operations.deploy.errors import DeclinedError
from live_tokens_operations.deploy.terminal import Terminal


def test_the_end_of_the_input_is_a_no() -> None:
    with pytest.raises(DeclinedError, match="Nothing was typed"):
        Terminal(io.StringIO(""), io.StringIO()).ask("Apply this plan? [y/N] ")


def test_a_line_without_an_answer_is_no_answer() -> None:
    assert Terminal(io.StringIO("\n"), io.StringIO()).ask("Apply this plan? [y/N] ") == ""


def test_a_pipe_is_nobody() -> None:
    assert not Terminal(io.StringIO("y\n"), io.StringIO()).interactive
