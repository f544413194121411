"""The reason of an error, wherever among its details Google puts it."""

import pytest

from live_tokens_operations.google.rest import reason_in

ERROR_INFO = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "domain": "d"}
HELP = {"@type": "type.googleapis.com/google.rpc.Help", "links": []}


@pytest.mark.parametrize("details", [[ERROR_INFO], [HELP, ERROR_INFO], ["text", {"reason": 1}, ERROR_INFO]])
def test_the_reason_is_found_among_other_details(details: list[object]) -> None:
    assert reason_in({"error": {"code": 403, "details": details}}) == "SERVICE_DISABLED"


@pytest.mark.parametrize(
    "answer",
    [None, [], "text", {}, {"error": "text"}, {"error": {}}, {"error": {"details": "text"}}]
    + [{"error": {"details": details}} for details in ([], [HELP], [{"reason": None}], {"reason": "X"})],
)
def test_an_answer_without_a_reason_has_an_empty_one(answer: object) -> None:
    assert reason_in(answer) == ""
