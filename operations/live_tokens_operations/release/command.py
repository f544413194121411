"""`live-tokens release`: has Cloud Build test, deploy and release this checkout."""

from __future__ import annotations

from argparse import Namespace

from live_tokens_operations.arguments import Parser, project_id, region
from live_tokens_operations.checks.profiles import PROFILES, require_profiles, warnings_of
from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.google import gcloud, gcloud_commands
from live_tokens_operations.process import ExitCode, Process
from live_tokens_operations.programs import LocalPrograms


def add_arguments(parser: Parser) -> None:
    parser.add_argument("--project", type=project_id, required=True, metavar="PROJECT", help="id of the project")
    parser.add_argument("--region", type=region, required=True, metavar="REGION", help="region of the function")
    parser.add_argument(
        "--substitutions", metavar="NAME=VALUE,…", help="more substitutions of cloudbuild.yaml, which lists them"
    )


def run(typed: Namespace, process: Process) -> ExitCode:
    """Upload this checkout to Cloud Build, and show the build until it ends.

    Raises:
        RefusedProfilesError: the function would not start. Nothing was uploaded.
        GcloudError: the build failed, or did not start.
    """
    for warning in warnings_of(require_profiles(PROFILES)):
        process.stderr.write(f"Warning: {warning}\n")
    substitutions = ",".join(filter(None, (f"_REGION={typed.region}", typed.substitutions)))
    config = str(CHECKOUT / "cloudbuild.yaml")
    line = gcloud_commands.submit_build(typed.project, typed.region, str(CHECKOUT), config, substitutions)
    gcloud.show(LocalPrograms(process.environment), line)
    return ExitCode.DONE
