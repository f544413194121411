"""Everybody may call the service, by a grant or without a check. An organisation that forbids grants is asked first."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from live_tokens_operations.deploy.errors import MisuseError, NotPublicError
from live_tokens_operations.deploy.public import InvokerCheck
from live_tokens_operations.google.look import Found, Look, Missing, Unseen
from live_tokens_operations.programs import Finished
from operations.deploy.scripted import ScriptedGoogle, ScriptedPrograms

PROJECT = "my-app-1a2b"
PLACE = {"region": "us-central1", "function_name": "mint"}
OFF = f"gcloud run services update mint --no-invoker-iam-check --region=us-central1 --project={PROJECT}"
NONE = Found({"spec": {"rules": [{"allowAll": True}]}})
DOMAINS = Found({"spec": {"rules": [{"values": {"allowedValues": ["C0abc"]}}]}})
MEMBERS = Found({"spec": {"rules": [{"enforce": True, "parameters": {"allowedMemberSubjects": ["user:a@b.c"]}}]}})
UNENFORCED = Found({"spec": {"rules": [{"enforce": False}]}})
EVERYBODY = Found({"spec": {"rules": [{"enforce": True, "parameters": {"allowedMemberSubjects": ["allUsers"]}}]}})
GONE = Missing()
GRANT = "google_cloud_run_v2_service_iam_member.public[0]"


@dataclass
class OrganisationWith(ScriptedGoogle):
    """A Google whose two policies about members answer each for itself."""

    policies: dict[str, Look] = field(default_factory=dict)

    def get(self, url: str, *arguments: Any, **named: Any) -> Look:
        """Answer a look at a policy, or at the service."""
        for name, look in self.policies.items():
            if f"/policies/{name}:" in url:
                return look
        return super().get(url, *arguments, **named)


def check(service: Look = GONE, domains: Look = NONE, members: Look = UNENFORCED) -> InvokerCheck:
    policies = {"iam.allowedPolicyMemberDomains": domains, "iam.managed.allowedPolicyMembers": members}
    google = OrganisationWith({"run.googleapis.com": service}, policies=policies)
    return InvokerCheck(ScriptedPrograms({OFF: [Finished(0, "", "")]}), google, PROJECT)


def lines(of: InvokerCheck) -> list[str]:
    assert isinstance(of.programs, ScriptedPrograms)
    return [line for line, _ in of.programs.lines]


def plan(*actions: str, public: str = "true") -> dict[str, Any]:
    before = {"location": "us-central1", "name": "mint"} if "delete" in actions else None
    change = {"address": GRANT, "change": {"actions": list(actions), "before": before}}
    return {"resource_changes": [change], "variables": {"public": {"value": public}}}


@pytest.mark.parametrize(
    ("domains", "members", "policy"),
    [
        (DOMAINS, UNENFORCED, "iam.allowedPolicyMemberDomains"),
        (NONE, MEMBERS, "iam.managed.allowedPolicyMembers"),
        (Unseen("no"), MEMBERS, "iam.managed.allowedPolicyMembers"),
    ],
)
def test_a_grant_that_a_policy_forbids_is_not_tried(domains: Look, members: Look, policy: str) -> None:
    with pytest.raises(
        MisuseError,
        match=rf'\({policy}\)(?s:.*)Nothing was changed(?s:.*)public = "no-invoker-check" in infra/projects/',
    ):
        check(domains=domains, members=members).require_possible(plan("create"))


@pytest.mark.parametrize(
    ("domains", "members"),
    [(NONE, UNENFORCED), (NONE, EVERYBODY), (Missing(), Missing()), (Unseen("API is off"), Unseen("API is off"))],
)
def test_a_grant_that_no_known_policy_forbids_is_tried(domains: Look, members: Look) -> None:
    check(domains=domains, members=members).require_possible(plan("create"))


def test_policies_stop_no_plan_that_grants_nothing_new() -> None:
    check(domains=DOMAINS).require_possible(plan("no-op"))
    check(domains=DOMAINS).require_possible({})


def test_the_check_is_off_before_the_grant_goes_so_that_no_call_is_refused_between() -> None:
    moved = check()
    moved.replace_grant(plan("delete", public="no-invoker-check"))
    assert lines(moved) == [f"{OFF} --quiet"]
    closed = check()
    closed.replace_grant(plan("delete", public="false"))
    assert lines(closed) == []


def test_the_check_is_off_in_every_region_before_its_grant_goes() -> None:
    moved, two = check(), plan("delete", public="no-invoker-check")
    before = {"location": "asia-east1", "name": "mint"}
    elsewhere = 'google_cloud_run_v2_service_iam_member.public_elsewhere["asia-east1"]'
    two["resource_changes"].append({"address": elsewhere, "change": {"actions": ["delete"], "before": before}})
    assert isinstance(moved.programs, ScriptedPrograms)
    moved.programs.answers[OFF.replace("us-central1", "asia-east1")] = [Finished(0, "", "")]
    moved.replace_grant(two)
    assert lines(moved) == [f"{OFF} --quiet", f"{OFF} --quiet".replace("us-central1", "asia-east1")]


def test_the_check_is_looked_at_in_every_region() -> None:
    told = check(Found({"invokerIamDisabled": True})).require_as_set(
        {"public": "false", **PLACE, "regions": ["us-central1", "asia-east1"]}
    )
    assert told is not None
    assert [line.partition("--region=")[2].split()[0] for line in told.splitlines()] == ["us-central1", "asia-east1"]


def test_a_check_that_is_off_is_left_alone() -> None:
    off = check(Found({"invokerIamDisabled": True}))
    assert off.require_as_set({"public": "no-invoker-check", **PLACE}) is None
    assert lines(off) == []


@pytest.mark.parametrize("service", [Found({}), Found({"invokerIamDisabled": False}), Unseen("no"), Missing()])
def test_a_check_that_stays_on_or_cannot_be_seen_is_not_called_done(service: Look) -> None:
    on = check(service)
    with pytest.raises(NotPublicError, match=r"no app can\. Everything else is deployed\. Run:\ngcloud run services"):
        on.require_as_set({"public": "no-invoker-check", **PLACE})
    assert lines(on) == [f"{OFF} --quiet"]


def test_a_service_that_nobody_may_call_and_everybody_can_is_told() -> None:
    told = check(Found({"invokerIamDisabled": True})).require_as_set({"public": "false", **PLACE})
    assert told is not None
    assert "everybody can call the function. Run: gcloud run services update mint --invoker-iam-check" in told
    assert check(Found({})).require_as_set({"public": "false", **PLACE}) is None
    assert check(Found({})).require_as_set({"public": "true", **PLACE}) is None
