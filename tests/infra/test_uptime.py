"""The call from outside is one that the function refuses as expected, and that nobody else answers in the same way."""

import base64
import io
from typing import Any

import flask
import pytest

from infra.deployed import Resources, resources
from live_tokens.audit_log import AuditLog
from live_tokens.callable_endpoint import CallableEndpoint
from support.terraform_runner import Terraform

FORBIDDEN_BY_CLOUD_RUN = (403, "<html><head>\n<title>403 Forbidden</title></head><body></body></html>")
UNAUTHORISED_BY_CLOUD_RUN = (401, "<html><head>\n<title>401 Unauthorized</title></head><body></body></html>")
NO_FREE_INSTANCE = (429, "Rate exceeded.")


@pytest.fixture(scope="module")
def check(with_defaults: Terraform) -> dict[str, Any]:
    """The only uptime check of a deployment with the defaults."""
    deployed: Resources = resources(with_defaults)
    (found,) = (v for address, v in deployed.items() if address.startswith("google_monitoring_uptime_check_config."))
    return found


def passes(check: dict[str, Any], status: int, body: str) -> bool:
    accepted = [each["status_value"] for each in check["http_check"][0]["accepted_response_status_codes"]]
    (matcher,) = check["content_matchers"]
    assert matcher["matcher"] == "CONTAINS_STRING"
    return status in accepted and matcher["content"] in body


def test_the_function_answers_the_call_from_outside_as_expected(check: dict[str, Any]) -> None:
    (http,) = check["http_check"]
    no_issuer: Any = None  # the call ends before
    endpoint = CallableEndpoint(no_issuer, AuditLog(io.StringIO(), "demo-app"), ())
    request = flask.Flask(__name__).test_request_context(
        "/",
        method=http["request_method"],
        data=base64.b64decode(http["body"]),
        content_type=http["custom_content_type"],
    )
    with request as context:
        answer = endpoint.handle(context.request)
    assert passes(check, answer.status_code, answer.get_data(as_text=True))


@pytest.mark.parametrize("answer", [FORBIDDEN_BY_CLOUD_RUN, UNAUTHORISED_BY_CLOUD_RUN, NO_FREE_INSTANCE, (200, "")])
def test_an_answer_in_place_of_the_function_is_not_taken_for_one(
    check: dict[str, Any], answer: tuple[int, str]
) -> None:
    assert not passes(check, *answer)


def test_the_alert_looks_at_the_check(with_defaults: Terraform, check: dict[str, Any]) -> None:
    alert = resources(with_defaults)['google_monitoring_alert_policy.playbook["unreachable"]']
    (threshold,) = alert["conditions"][0]["condition_threshold"]
    assert f'metric.labels.check_id=one_of("{check["uptime_check_id"]}")' in threshold["filter"]
