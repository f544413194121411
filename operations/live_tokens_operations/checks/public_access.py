"""Apps can reach the function: by the policy of Cloud Run, and by a call without a sign-in."""

from __future__ import annotations

from collections.abc import Iterator

from live_tokens_operations.checks.deployment import CheckContext, Project, ingress_of
from live_tokens_operations.checks.finding import Finding, bad, ok, skipped, unanswered
from live_tokens_operations.checks.organisation_policies import find_policy_against_all_users
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Found, Json, Missing, Unseen
from live_tokens_operations.google.rest import Answer, GoogleApi, send
from live_tokens_operations.remedies import command, deploy, set_and_deploy

_INVOKER = "roles/run.invoker"


def check(context: CheckContext) -> Iterator[Finding]:
    yield _invoker(context)
    yield _probe(context)


def check_elsewhere(context: CheckContext) -> Iterator[Finding]:
    """Look at a region that has no URL but the function's own."""
    yield _invoker(context)
    if ingress_of(context.deployment.function) == "ALLOW_ALL":
        yield _probe(context)
    elif isinstance(context.deployment.function, Found):
        text = "its own URL is closed, and the load balancer leads to the nearest region"
        yield skipped("Call", text, by_choice=True)


def _invoker(context: CheckContext) -> Finding:
    """Source: https://cloud.google.com/run/docs/authenticating/public."""
    api, project = context.api, context.project
    match context.deployment.service:
        case Found({"invokerIamDisabled": True}):
            return ok("Public: yes; the service does not ask who calls")
        case Found():
            pass
        case Missing():
            return skipped("Public", f"there is no Cloud Run service {project.function}")
        case unseen:
            return unanswered("Public", unseen)
    service = f"projects/{project.project_id}/locations/{project.region}/services/{project.function}"
    policy = api.get(
        f"https://run.googleapis.com/v2/{service}:getIamPolicy",
        "roles/run.viewer",
        {"options.requestedPolicyVersion": "3"},
    )
    match policy:
        case Found(body) if _lets_everybody_in(body):
            return ok("Public: yes; allUsers may invoke the service")
        case Found():
            return _not_public(api, project)
        case Missing():
            return skipped("Public", f"there is no Cloud Run service {project.function}")
        case unseen:
            return unanswered("Public", unseen)


def _lets_everybody_in(policy: Json) -> bool:
    return any(
        binding.get("role") == _INVOKER and "allUsers" in binding.get("members", []) and "condition" not in binding
        for binding in policy.get("bindings", [])
    )


def _not_public(api: GoogleApi, project: Project) -> Finding:
    text = "Public: no; Cloud Run refuses every app with an HTML 403 before the function sees it"
    place = (project.project_id, project.region, project.function)
    policy = find_policy_against_all_users(api, project.project_id)
    everybody = command(gcloud_commands.let_everybody_call(*place))
    unchecked = command(gcloud_commands.switch_invoker_check_off(*place))
    if policy is None:
        return bad(text, everybody)
    if isinstance(policy, Unseen):
        return bad(f"{text}; if an organisation policy then forbids allUsers: {unchecked}", everybody)
    return bad(f"{text}; an organisation policy forbids allUsers here ({policy})", unchecked)


def _probe(context: CheckContext) -> Finding:
    """Call without a sign-in. The function itself must refuse, in JSON."""
    project = context.project
    function = context.deployment.function
    if project.url is None:
        if isinstance(function, Missing):
            return skipped("Call", "there is no function")
        if (ingress := ingress_of(function)) not in (None, "ALLOW_ALL"):
            return skipped("Call", f"the direct address is closed ({ingress}); name the right one with URL=…")
    url = project.url or f"https://{project.region}-{project.project_id}.cloudfunctions.net/{project.function}"
    answer = send("POST", url, context.api.seconds, body={"data": None})
    return unanswered("Call", answer) if isinstance(answer, Unseen) else _judged(project, answer)


def _judged(project: Project, response: Answer) -> Finding:
    place = (project.project_id, project.region, project.function)
    answer = f"HTTP {response.status}"
    match response.status, response.body:
        case 401, {"error": {"details": {"reason": "ID_TOKEN_MISSING"}}}:
            return ok("Call: the function refuses a call without a sign-in, 401 ID_TOKEN_MISSING")
        case 401 | 403, None:
            text = f"Call: {answer} from Cloud Run in place of the function: it is not public"
            return bad(text, command(gcloud_commands.let_everybody_call(*place)))
        case 404, None:
            return bad(f"Call: {answer}: nothing answers there", deploy(project.project_id, project.home))
        case 429, _:
            text = f"Call: {answer}: all instances are busy and max_instances is reached"
            return bad(text, set_and_deploy("max_instances", project.project_id, project.home))
        case code, _ if code >= 500:
            return bad(f"Call: {answer}", command(gcloud_commands.read_function_log(*place)))
    text = f"Call: {answer}, and not 401 ID_TOKEN_MISSING: something else answers there"
    return bad(text, deploy(project.project_id, project.home))
