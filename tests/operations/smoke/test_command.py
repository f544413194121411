"""What may be typed, and how long a run may take."""

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from live_tokens_operations.smoke.answers import WHAT_TO_DO
from operations.smoke.made_up_service import Faults, id_token, run_service
from support.google_hosts.upstream import Silence
from support.reasons import reasons
from support.smoke_program import smoke

URL = "https://europe-west1-p.cloudfunctions.net/mint-live-token"


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        ([], {}, "the following arguments are required: URL"),
        (["ftp://example.com"], {}, "is not the URL of a function"),
        (["https://[::1"], {}, "is not the URL of a function"),
        (["mint-live-token"], {}, "is not the URL of a function"),
        (["http://example.com/"], {}, "Plain http"),
        ([URL, "--timeout", "0"], {}, "is not a number of seconds"),
        ([URL, "--timeout", "241"], {}, "is not a number of seconds up to 240"),
        ([URL, "--deadline", "3501"], {}, "is not a number of seconds up to 3500"),
        ([URL, "--deadline", "241"], {}, "--deadline of more than 240 s needs ID_TOKEN"),
        ([URL, "--leases", "1"], {}, "is not a whole number from 2 to 10"),
        ([URL, "--mints", "many"], {}, "is not a whole number from 1 to 100"),
        ([URL, "--claims", "plan"], {}, "is not a JSON object"),
        ([URL, "--claims", "[]"], {}, "is not a JSON object"),
        ([URL], {"ID_TOKEN": "nonsense"}, "ID_TOKEN is set, but is not an ID token"),
        ([URL], {"FOREIGN_ID_TOKEN": "nonsense"}, "FOREIGN_ID_TOKEN is set, but is not an ID token"),
        ([URL, "--claims", '{"a": 1}'], {"ID_TOKEN": id_token()}, "--claims applies to a user that the test creates"),
        ([URL, "--app-id", "1:1:web:1"], {"APP_CHECK_TOKEN": "a.b.c"}, "not both"),
    ],
)
def test_a_mistake_is_explained_and_nothing_is_called(
    arguments: list[str], environment: dict[str, str], words: str
) -> None:
    outcome = smoke(*arguments, environment=environment)

    assert (outcome.code, outcome.out) == (2, "")
    assert words in outcome.err


def test_every_reason_of_the_contract_has_an_explanation() -> None:
    assert WHAT_TO_DO.keys() == {kind.reason for kind in reasons()}


def test_a_function_that_does_not_answer_ends_the_run() -> None:
    with run_service(Faults(everything=Silence())) as url:
        outcome = smoke(url, "--timeout", "1", environment={"ID_TOKEN": id_token()})

    assert outcome.code == 1
    (line,) = outcome.bad
    assert "it did not answer within 1 s" in line


class _WithoutEnd(Response):
    """The beginning of an answer, and then nothing until the client gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        await send({"type": "http.response.start", "status": self.status_code, "headers": []})
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass


def test_a_function_that_never_comes_to_the_end_of_its_answer_ends_the_run() -> None:
    with run_service(Faults(everything=_WithoutEnd())) as url:
        outcome = smoke(url, "--deadline", "2", environment={"ID_TOKEN": id_token()})

    assert outcome.code == 1
    (line,) = outcome.bad
    assert "The run did not end within 2 s" in line
