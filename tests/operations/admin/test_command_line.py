"""What the operator's programs take for the id of a project: it goes into URLs and into commands to copy."""

from argparse import ArgumentTypeError

import pytest

from live_tokens_operations.arguments import Parser, UsageError, project_id, variable


@pytest.mark.parametrize("text", ["my-app-1a2b", "demo-local", "demo-1", "a" * 30])
def test_the_id_of_a_project_is_taken_as_it_is(text: str) -> None:
    assert project_id(text) == text


@pytest.mark.parametrize(
    "text", ["", "a/b", "../b", "my app", "My-App", "-x", "a\n", "a?b", "a#b", "a%2fb", "a;b", "é", "my-app-1a2b\n"]
)
def test_what_could_change_a_url_or_a_command_is_no_project(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="my-app-1a2b"):
        project_id(text)


@pytest.mark.parametrize("text", ["809813998066", "app", "a" * 31, "my-app-", "1-my-app", "example.com:my-app"])
def test_what_google_names_no_project_is_none(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="not its name or number"):
        project_id(text)


def test_a_mistake_is_an_error_with_the_usage_and_does_not_end_the_program() -> None:
    parser = Parser(prog="program")
    parser.add_argument("--project", type=project_id)

    with pytest.raises(UsageError) as refused:
        parser.parse_args(["--project", "a/b"])
    assert "'a/b' is not the id of a Firebase project" in str(refused.value)
    assert str(refused.value).splitlines()[-1] == "usage: program [-h] [--project PROJECT]"


def test_a_variable_has_the_form_of_its_option_and_is_named_if_it_has_not() -> None:
    assert variable({"PROJECT": "my-app"}, "PROJECT", project_id) == "my-app"
    with pytest.raises(UsageError, match=r"^PROJECT: 'a/b' is not the id"):
        variable({"PROJECT": "a/b"}, "PROJECT", project_id)


def test_a_variable_is_what_its_option_makes_of_it() -> None:
    assert variable({"SECONDS": "12"}, "SECONDS", int) == 12


@pytest.mark.parametrize("environment", [{}, {"PROJECT": ""}])
def test_a_variable_that_is_empty_is_none(environment: dict[str, str]) -> None:
    assert variable(environment, "PROJECT", project_id) is None
