"""What a plan can do that nobody may have meant, and what is nobody's accident."""

from typing import Any

import pytest

from live_tokens_operations.deploy.accidents import Accident, dangers_of
from live_tokens_operations.deploy.plan import Plan

FUNCTION = "google_cloudfunctions2_function.mint_live_token"
INVOKER = "google_cloud_run_v2_service_iam_member.public[0]"
EVERYBODY = {"member": "allUsers", "role": "roles/run.invoker"}


def change(address: str, before: dict[str, Any] | None, after: dict[str, Any] | None, *actions: str) -> dict[str, Any]:
    """Return one change as Terraform's JSON has it."""
    usual = "create" if before is None else "delete" if after is None else "update"
    return {
        "address": address,
        "mode": "managed",
        "type": address.partition(".")[0],
        "change": {"actions": list(actions or (usual,)), "before": before, "after": after},
    }


def function(ingress: str = "ALLOW_ALL", **environment: str) -> dict[str, Any]:
    """Return the values of a function."""
    return {"service_config": [{"ingress_settings": ingress, "environment_variables": environment}]}


def found(*changes: dict[str, Any]) -> dict[Accident, str]:
    """Return the dangers of a plan with these changes."""
    return {danger.accident: danger.text for danger in dangers_of(Plan.of({"resource_changes": list(changes)}))}


def test_a_first_deployment_is_no_accident() -> None:
    assert found(change(FUNCTION, None, function()), change(INVOKER, None, EVERYBODY)) == {}


def test_what_goes_and_what_is_replaced_is_named() -> None:
    dangers = found(
        change("google_firestore_database.live_tokens", {"name": "a"}, {"name": "b"}, "delete", "create"),
        change("google_project_iam_member.runtime", {"role": "r"}, None),
        change("google_secret_manager_secret.gemini_api_key", {"labels": {}}, {"labels": {"a": "b"}}),
    )
    assert dangers == {
        Accident.DESTROY: "It deletes 2 of the project's resources:\n"
        "  - google_firestore_database.live_tokens (deleted and made again)\n"
        "  - google_project_iam_member.runtime"
    }


def test_a_pause_of_terraform_s_own_may_go() -> None:
    assert found(change("time_sleep.grants", {"create_duration": "30s"}, None)) == {}


@pytest.mark.parametrize(
    ("before", "after", "opens"),
    [
        ("ALLOW_INTERNAL_AND_GCLB", "ALLOW_ALL", True),
        ("ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB", True),
        ("ALLOW_ALL", "ALLOW_INTERNAL_AND_GCLB", False),
        ("ALLOW_ALL", "ALLOW_ALL", False),
    ],
)
def test_an_ingress_that_opens_is_an_accident_and_one_that_closes_is_not(before: str, after: str, opens: bool) -> None:
    dangers = found(change(FUNCTION, function(before), function(after)))
    assert dangers == (
        {Accident.INGRESS: f"It opens the ingress of the function: {before} → {after}."} if opens else {}
    )


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"APP_CHECK": "enforce"}, {"APP_CHECK": "monitor"}, "App Check goes from enforce to monitor."),
        ({"APP_CHECK": "monitor"}, {"APP_CHECK": "off"}, "App Check goes from monitor to off."),
        ({"APP_CHECK": "enforce"}, {}, "App Check goes from enforce to off."),
        ({"APP_CHECK_CONSUME": "true"}, {}, "A token of App Check can be used again."),
        ({"APP_CHECK_ALLOWED_APP_IDS": "1:2:web:3"}, {}, "App Check admits all apps of the project."),
        (
            {"APP_CHECK_ALLOWED_APP_IDS": "1:2:web:3,1:2:web:4"},
            {"APP_CHECK_ALLOWED_APP_IDS": "1:2:web:5,1:2:web:4,1:2:web:3,1:2:ios:6"},
            "App Check admits more apps: 1:2:ios:6, 1:2:web:5.",
        ),
    ],
)
def test_an_app_check_that_asks_for_less_is_an_accident(
    before: dict[str, str], after: dict[str, str], words: str
) -> None:
    function_before, function_after = function(**before), function(**after)
    assert found(change(FUNCTION, function_before, function_after)) == {
        Accident.APP_CHECK: f"It lowers App Check. {words}"
    }
    assert found(change(FUNCTION, function_after, function_before)) == {}


def test_a_function_that_becomes_public_later_is_an_accident() -> None:
    assert found(change(INVOKER, None, EVERYBODY)) == {
        Accident.PUBLIC: f"It makes the function public: {INVOKER}.",
    }
    assert found(change("google_cloud_run_v2_service_iam_binding.a", None, {"members": ["allAuthenticatedUsers"]}))


@pytest.mark.parametrize(
    ("before", "opens"), [("false", True), ("true", False), ("no-invoker-check", False), (None, False)]
)
def test_a_check_of_callers_that_is_switched_off_makes_a_closed_function_public(
    before: str | None, opens: bool
) -> None:
    actions = ["no-op"] if before == "no-invoker-check" else ["update"] if before else ["create"]
    output = {"actions": actions, "before": before, "after": "no-invoker-check"}
    dangers = dangers_of(Plan.of({"output_changes": {"public": output}}))
    assert [danger.accident for danger in dangers] == [Accident.PUBLIC] * opens
    assert all("Cloud Run no longer checks who calls it" in danger.text for danger in dangers)


def test_a_new_region_of_a_public_function_is_no_accident_and_hides_none() -> None:
    new = (
        {**function(), "location": "us-central1", "name": "mint"},
        {**EVERYBODY, "location": "us-central1", "name": "mint"},
    )
    elsewhere = (
        change('google_cloudfunctions2_function.elsewhere["us-central1"]', None, new[0]),
        change('google_cloud_run_v2_service_iam_member.public_elsewhere["us-central1"]', None, new[1]),
    )
    assert found(*elsewhere) == {}
    home = change(INVOKER, None, {**EVERYBODY, "location": "europe-west1", "name": "mint"})
    assert found(*elsewhere, home) == {Accident.PUBLIC: f"It makes the function public: {INVOKER}."}


def test_a_function_that_was_public_may_stay_it_and_a_grant_to_one_account_makes_none_public() -> None:
    assert found(change(INVOKER, EVERYBODY, {**EVERYBODY, "location": "b"}, "delete", "create")).keys() == {
        Accident.DESTROY
    }
    assert found(change(INVOKER, None, {"member": "serviceAccount:a@b.iam.gserviceaccount.com"})) == {}
