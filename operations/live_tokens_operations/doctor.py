"""`live-tokens doctor`: runs the checks and prints what they find."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from live_tokens_operations.arguments import Parser, function_name, like, project_id, region, timeout
from live_tokens_operations.checks import (
    app_check,
    checkout,
    database,
    function,
    insiders,
    key,
    profiles,
    public_access,
    recent_failures,
    regions,
    roles,
    services,
    settings,
    sign_in,
    watch,
)
from live_tokens_operations.checks.clock import check_clock
from live_tokens_operations.checks.credentials import check_credentials
from live_tokens_operations.checks.deployment import CheckContext, Project, find_regions, look_at
from live_tokens_operations.checks.finding import Finding, Mark, unanswered
from live_tokens_operations.defaults import CHECKOUT, FUNCTION, REGION
from live_tokens_operations.google.look import Unseen
from live_tokens_operations.one_line import one_line
from live_tokens_operations.process import ExitCode, Process

_Area = Callable[[CheckContext], Iterable[Finding]]
_AREAS: Mapping[str, _Area] = {
    "Project": services.check,
    "Function": function.check,
    "Settings": settings.check,
    "Checkout": checkout.check,
    "Profiles": profiles.check,
    "Public": public_access.check,
    "Regions": regions.check,
    "Key": key.check,
    "Firestore": database.check,
    "Roles": roles.check,
    "Insiders": insiders.check,
    "Sign-in": sign_in.check,
    "App Check": app_check.check,
    "Last hour": recent_failures.check,
    "Watch": watch.check,
}
# Raised where an answer has an undocumented form.
_UNEXPECTED = (AttributeError, IndexError, KeyError, TypeError, ValueError)


def run(typed: Namespace, process: Process) -> ExitCode:
    """Check one project, change nothing, and print the findings."""
    print(f"Checking {typed.function} in project {typed.project}. Nothing is changed.", file=process.stderr)
    findings = _findings(typed, process.environment)
    for finding in findings:
        print(one_line(str(finding)), file=process.stdout)
    marks = Counter(finding.mark for finding in findings)
    print(", ".join(f"{marks[mark]} {mark.value}" for mark in Mark), file=process.stderr)
    if marks[Mark.BAD]:
        return ExitCode.FAILED
    return ExitCode.UNSURE if any(finding.leaves_open for finding in findings) else ExitCode.DONE


def _findings(typed: Namespace, environment: Mapping[str, str]) -> list[Finding]:
    api = check_credentials(typed.project, environment, typed.timeout)
    if isinstance(api, Finding):
        return [api, check_clock(typed.timeout)]
    found = find_regions(api, typed.project, typed.function)
    home = found.home or typed.region or REGION
    settings = typed.settings or CHECKOUT / "infra" / "projects" / f"{typed.project}.tfvars"
    project = Project(
        typed.project,
        typed.region or home,
        home,
        typed.function,
        typed.url,
        typed.profiles,
        settings,
        read_key=not typed.leave_key,
    )
    with ThreadPoolExecutor(len(_AREAS) + 1) as pool:
        clock = pool.submit(check_clock, typed.timeout)
        additional = [] if typed.region else sorted({*found.additional, *checkout.applied_regions(api, project)})
        there = [pool.submit(look_at, api, replace(project, region=name)) for name in additional]
        elsewhere = dict(zip(additional, (each.result() for each in there), strict=True))
        context = CheckContext(api, project, look_at(api, project), elsewhere)
        areas = [pool.submit(_all, name, area, context) for name, area in _AREAS.items()]
        return [*(finding for area in areas for finding in area.result()), clock.result()]


def _all(name: str, area: _Area, context: CheckContext) -> list[Finding]:
    """Return the findings of one area. An area that stops early does not stop the others."""
    findings: list[Finding] = []
    try:
        findings.extend(area(context))
    except _UNEXPECTED as error:
        unseen = Unseen(f"an answer of Google has an unexpected form ({type(error).__name__})")
        findings.append(unanswered(f"{name}, the rest", unseen))
    return findings


def add_arguments(parser: Parser) -> None:
    parser.epilog = (
        "Exit codes: 0 no finding is BAD, 1 one is, 2 wrong arguments, 3 none is BAD, but some are open (?)."
    )
    parser.add_argument("--project", type=project_id, required=True, help="id of the project")
    parser.add_argument("--region", type=region, help="the one region to look at (default: all that have the function)")
    parser.add_argument(
        "--function", type=function_name, default=FUNCTION, help="name of the function (default: %(default)s)"
    )
    parser.add_argument("--url", type=_url, help="URL that apps call (default: the function's own)")
    parser.add_argument(
        "--leave-key", action="store_true", help="do not read the key, which raises an alert, and do not ask Gemini"
    )
    parser.add_argument(
        "--profiles",
        type=Path,
        default=profiles.PROFILES,
        help="folder of the profiles (default: functions/profiles)",
    )
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="the project's settings (default: infra/projects/PROJECT.tfvars)",
    )
    parser.add_argument(
        "--timeout",
        type=timeout,
        default=10.0,
        metavar="SECONDS",
        help="time limit of one request (default: 10)",
    )


def _url(text: str) -> str:
    return like(r"https://[^\s?#@]+", text, "an https address, such as https://tokens.example.com")
