"""`live-tokens doctor`: runs the checks and prints what they find."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from live_tokens_operations.arguments import Parser, like, project_id, region, timeout
from live_tokens_operations.checks import (
    app_check,
    database,
    function,
    key,
    profiles,
    public_access,
    recent_failures,
    roles,
    services,
    settings,
    sign_in,
)
from live_tokens_operations.checks.clock import check_clock
from live_tokens_operations.checks.deployment import CheckContext, Project, find_region, look_at
from live_tokens_operations.checks.finding import Finding, Mark, bad, could_not_look
from live_tokens_operations.defaults import FUNCTION, FUNCTION_PATTERN, REGION
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.credentials import Account, CredentialsRefusedError, NoCredentialsError
from live_tokens_operations.google.look import Unseen
from live_tokens_operations.google.rest import GoogleApi
from live_tokens_operations.process import ExitCode, Process
from live_tokens_operations.remedies import command

_Area = Callable[[CheckContext], Iterable[Finding]]
_AREAS: Mapping[str, _Area] = {
    "Project": services.check,
    "Function": function.check,
    "Settings": settings.check,
    "Profiles": profiles.check,
    "Public": public_access.check,
    "Key": key.check,
    "Firestore": database.check,
    "Roles": roles.check,
    "Sign-in": sign_in.check,
    "App Check": app_check.check,
    "Last hour": recent_failures.check,
}
# What reading an answer ends in that has not the documented form.
_UNEXPECTED = (AttributeError, IndexError, KeyError, TypeError, ValueError)


def run(typed: Namespace, process: Process) -> ExitCode:
    """Look at one project, change nothing, and print what was found."""
    print(f"Looking at {typed.function} in project {typed.project}. Nothing is changed.", file=process.stderr)
    findings = _findings(typed)
    for finding in findings:
        print(_plain(str(finding)), file=process.stdout)
    marks = Counter(finding.mark for finding in findings)
    print(", ".join(f"{marks[mark]} {mark.value}" for mark in Mark), file=process.stderr)
    if marks[Mark.BAD]:
        return ExitCode.FAILED
    return ExitCode.UNSURE if any(finding.leaves_open for finding in findings) else ExitCode.DONE


def _findings(typed: Namespace) -> list[Finding]:
    try:
        api = GoogleApi(Account.find(typed.project), typed.project, typed.timeout)
    except NoCredentialsError:
        text = "Credentials: there are no Application Default Credentials on this machine"
        return [bad(text, command(gcloud_commands.log_in()))]
    try:
        unseen = api.sign_in()
    except CredentialsRefusedError:
        text = "Credentials: Google refuses those of this machine, so nothing else was looked at"
        return [bad(text, command(gcloud_commands.log_in())), check_clock(typed.timeout)]
    if unseen is not None:
        return [could_not_look("Everything", unseen), check_clock(typed.timeout)]
    where = typed.region or find_region(api, typed.project, typed.function) or REGION
    project = Project(typed.project, where, typed.function, typed.url, typed.profiles, read_key=not typed.leave_key)
    with ThreadPoolExecutor(len(_AREAS) + 1) as pool:
        clock = pool.submit(check_clock, typed.timeout)
        context = CheckContext(api, project, look_at(api, project))
        areas = [pool.submit(_all, name, area, context) for name, area in _AREAS.items()]
        return [*(finding for area in areas for finding in area.result()), clock.result()]


def _all(name: str, area: _Area, context: CheckContext) -> list[Finding]:
    """Return the findings of one area. If it breaks off, the other areas still have theirs."""
    findings: list[Finding] = []
    try:
        findings.extend(area(context))
    except _UNEXPECTED as error:
        unseen = Unseen(f"an answer of Google has an unexpected form ({type(error).__name__})")
        findings.append(could_not_look(f"{name}, the rest", unseen))
    return findings


def add_arguments(parser: Parser) -> None:
    """Describe the command line."""
    parser.epilog = (
        "Exit codes: 0 nothing is BAD, 1 something is, 2 typed wrong, 3 nothing BAD was seen, but not all (?)."
    )
    parser.add_argument("--project", type=project_id, required=True, help="id of the project")
    parser.add_argument("--region", type=region, help="of the function (default: where there is one)")
    parser.add_argument("--function", type=_name, default=FUNCTION, help="its name (default: %(default)s)")
    parser.add_argument("--url", type=_url, help="at which apps call it, where that is not the function's own address")
    parser.add_argument(
        "--leave-key", action="store_true", help="do not read the key: nobody is alerted, and Gemini is not asked"
    )
    parser.add_argument(
        "--profiles",
        type=Path,
        default=profiles.PROFILES,
        help="folder of the profiles (default: functions/profiles)",
    )
    parser.add_argument(
        "--timeout",
        type=timeout,
        default=10.0,
        metavar="SECONDS",
        help="how long one question may take (default: 10)",
    )


def _name(text: str) -> str:
    return like(FUNCTION_PATTERN, text, "the name of a function, such as mint-live-token")


def _url(text: str) -> str:
    return like(r"https://[^\s?#@]+", text, "an https address, such as https://tokens.example.com")


def _plain(text: str) -> str:
    """Return one line whose control characters do nothing: parts of it were written by others."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
