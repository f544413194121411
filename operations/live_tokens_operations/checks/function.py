"""The function and its Cloud Run service are deployed, serve the newest revision, and have the right size."""

from __future__ import annotations

from collections.abc import Iterator

from live_tokens_operations.checks.deployment import CheckContext, Deployment, Project
from live_tokens_operations.checks.finding import Finding, bad, ok, skipped, unanswered, warn
from live_tokens_operations.checks.traffic import check_traffic
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Found, Json, Missing
from live_tokens_operations.remedies import command, deploy, doctor, set_and_deploy

_LONGEST_MESSAGE = 300
# functions-framework's threads, unless the environment says otherwise: functions/main.py.
_THREADS = "32"


def check(context: CheckContext) -> Iterator[Finding]:
    project, deployment = context.project, context.deployment
    yield _state(project, deployment)
    match deployment.service:
        case Found(service):
            yield from check_traffic(project, service)
            yield from _size(project, deployment, service)
        case Missing():
            yield skipped("Traffic, concurrency", f"there is no Cloud Run service {project.function}")
        case unseen:
            yield unanswered("Traffic, concurrency", unseen)


def _state(project: Project, deployment: Deployment) -> Finding:
    """Source: https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions#State."""
    name = f"Function {project.function}"
    match deployment.function:
        case Found({"environment": "GEN_1"}):
            return bad(f"{name}: is of the 1st generation, which this is not made for", _deploy(project))
        case Found({"state": "ACTIVE"}):
            return ok(f"{name}: active in {project.region}")
        case Found({"state": "DEPLOYING"}):
            return warn(
                f"{name}: is being deployed at this moment", f"{doctor(project.project_id)}, in a few minutes again"
            )
        case Found(body):
            return bad(f"{name}: {body.get('state', 'has no state')}{_message(body)}", _log(project, body))
        case Missing():
            return bad(f"{name}: there is none in {project.region}", _deploy(project))
        case unseen:
            return unanswered(name, unseen)


def _message(function: Json) -> str:
    messages = [message.get("message", "") for message in function.get("stateMessages", [])]
    text = " ".join(" ".join(messages).split())
    return f": {text[:_LONGEST_MESSAGE]}" if text else ""


def _log(project: Project, function: Json) -> str:
    """Return the command that shows why. A function without a revision failed in its build."""
    build = str(function.get("buildConfig", {}).get("build", "")).rpartition("/")[2]
    build_failed = "build" in _message(function).lower() or not function.get("serviceConfig", {}).get("revision")
    if build and build_failed:
        return command(gcloud_commands.read_build_log(project.project_id, project.region, build))
    return command(gcloud_commands.read_function_log(project.project_id, project.region, project.function))


def _size(project: Project, deployment: Deployment, service: Json) -> Iterator[Finding]:
    template: Json = service.get("template", {})
    concurrency = template.get("maxInstanceRequestConcurrency", 0)
    containers: list[Json] = template.get("containers", [])
    cpu = str(containers[0].get("resources", {}).get("limits", {}).get("cpu", "1")) if containers else "1"
    if deployment.environment is None:
        yield skipped("Concurrency", "the function's environment is not known")
    else:
        threads = deployment.environment.get("THREADS", _THREADS)
        if threads != str(concurrency):
            text = f"Concurrency: Cloud Run sends {concurrency} requests at once to {threads} threads (THREADS)"
            yield bad(text, _deploy(project))
        else:
            yield ok(f"Concurrency: {concurrency}, and as many threads")
    if _cpus(cpu) < 1:
        text = f"CPU: {cpu}; less than one serves one request at a time"
        yield bad(text, set_and_deploy('available_cpu = "1"', project.project_id, project.home))


def _cpus(quantity: str) -> float:
    """Return a number of CPUs from `1`, `0.5` or `500m`.

    Source: https://cloud.google.com/run/docs/configuring/services/cpu
    """
    return float(quantity.removesuffix("m")) / 1000 if quantity.endswith("m") else float(quantity)


def _deploy(project: Project) -> str:
    return deploy(project.project_id, project.home)
