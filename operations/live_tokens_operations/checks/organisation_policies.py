"""Organisation policies that are in effect for a project, and that forbid roles for everybody."""

from __future__ import annotations

from live_tokens_operations.google.look import Found, Json, Looks, Unseen

_DOMAINS = "iam.allowedPolicyMemberDomains"
_MEMBERS = "iam.managed.allowedPolicyMembers"


def find_policy_against_all_users(api: Looks, project_id: str) -> str | Unseen | None:
    """Return the policy that forbids roles for `allUsers`, None if there is none, or why it is not known.

    There are two: *domain restricted sharing*, and its newer form with parameters.

    Sources: https://cloud.google.com/resource-manager/docs/organization-policy/restricting-domains
        https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/projects.policies/getEffectivePolicy
    """
    unseen = None
    for policy, forbids in ((_DOMAINS, _lists_domains), (_MEMBERS, _lists_members)):
        url = f"https://orgpolicy.googleapis.com/v2/projects/{project_id}/policies/{policy}:getEffectivePolicy"
        look = api.get(url, "roles/orgpolicy.policyViewer")
        if isinstance(look, Found) and forbids(look.body.get("spec", {}).get("rules", [])):
            return policy
        if isinstance(look, Unseen):
            unseen = look
    return unseen


def _lists_domains(rules: list[Json]) -> bool:
    return bool(rules) and not any(rule.get("allowAll") for rule in rules)


def _lists_members(rules: list[Json]) -> bool:
    """A managed constraint is in force where a rule enforces it, and allows the members of its parameters."""
    enforced = [rule for rule in rules if rule.get("enforce")]
    return any("allUsers" not in rule.get("parameters", {}).get("allowedMemberSubjects", []) for rule in enforced)
