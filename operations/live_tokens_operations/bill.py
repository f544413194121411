"""`live-tokens bill [FOLDER]`: what one caller can cost at most, by profile, plan and app."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from live_tokens.profile_check import check_folder
from live_tokens_operations.arguments import Parser
from live_tokens_operations.bill_table import bill_table
from live_tokens_operations.checks.profiles import PROFILES
from live_tokens_operations.process import ExitCode, Process


def add_arguments(parser: Parser) -> None:
    """Describe the command line."""
    parser.epilog = "Exit codes: 0 printed, 1 a profile is refused, 2 typed wrong."
    parser.add_argument(
        "folder", nargs="?", type=Path, default=PROFILES, help="with one <name>.toml each; default: functions/profiles"
    )


def run(typed: Namespace, process: Process) -> ExitCode:
    """Print the worst bills. Nothing is sent anywhere."""
    checked = check_folder(typed.folder)
    process.stdout.write(f"{bill_table(checked)}\n")
    refused = [each.file for each in checked if each.refusals]
    for file in refused:
        process.stderr.write(f"{file}: refused, so it has no bill. `make profiles` says why.\n")
    return ExitCode.FAILED if refused else ExitCode.DONE
