"""The smoke test's output: a line is a line, whatever a server sends, and no credential is in it."""

import io

from live_tokens_operations.smoke.report import Report


def test_a_line_takes_no_command_for_the_terminal_and_stays_one_line() -> None:
    out = io.StringIO()
    Report(out).bad("It answered \x1b[2Jnothing\r\n✓ all is well")
    assert out.getvalue() == "✗ It answered �[2Jnothing��✓ all is well\n"


def test_a_hidden_text_is_in_no_line_and_the_longer_of_two_goes_first() -> None:
    out = io.StringIO()
    report = Report(out)
    report.hide("secret", "secret-and-more", "")
    report.good("the server said secret-and-more, secret")
    assert out.getvalue() == "✓ the server said …, …\n"
