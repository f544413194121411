"""`live-tokens release`: has Cloud Build test this checkout, and then release exactly the package that was tested.

Two builds: the first one runs the tests and third-party packages under an account that may do nothing. The second one
deploys. What goes from one to the other is a package whose digest this program has computed itself.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from live_tokens_operations.arguments import Parser, UsageError, project_id, region
from live_tokens_operations.checks.profiles import PROFILES, require_profiles, warnings_of
from live_tokens_operations.defaults import CHECKOUT, bucket_of_release_logs, bucket_of_test_logs, source_bucket
from live_tokens_operations.google import gcloud, gcloud_commands
from live_tokens_operations.origin import UNKNOWN, Origin, origin_of
from live_tokens_operations.process import ExitCode, OperationError, Process
from live_tokens_operations.programs import LocalPrograms, Programs, read_json
from live_tokens_operations.release.builds import BuildError, Builds
from live_tokens_operations.remedies import deploy
from live_tokens_operations.source import archive_of, digest_of, named, source_of

_MOST_CHANGES = 5
_NOTHING = "Nothing was changed."
_UNMOVED = "Users keep the revision that served before. Traffic may be pinned to it."
LEFT = {
    "node": _NOTHING,
    "test": _NOTHING,
    "package": _NOTHING,
    "hand-on": _NOTHING,
    "prepare": _NOTHING,
    "fetch": _NOTHING,
    "pin": _UNMOVED,
    "deploy": _UNMOVED,
    "candidate": f"{_UNMOVED} The tag `candidate` may lead to the new one.",
    "smoke": f"{_UNMOVED} The tag `candidate` leads to the new one.",
    "move": f"{_UNMOVED} The new one has passed its smoke test.",
}
"""Id of a step → what is left if it fails."""


class UnclearOriginError(OperationError):
    """What serves would not be known: the checkout has changes, or no commit."""


class UnknownSettingsError(OperationError):
    """Where and how to release is not known: `make deploy` has not written it down, or it cannot be read."""


def add_arguments(parser: Parser) -> None:
    parser.add_argument("--project", type=project_id, required=True, metavar="PROJECT", help="id of the project")
    parser.add_argument(
        "--region", type=region, metavar="REGION", help="one region (default: each in turn, the home region first)"
    )
    parser.add_argument(
        "--allow-dirty", action="store_true", help="release a checkout with changes that are in no commit"
    )
    parser.add_argument(
        "--substitutions",
        metavar="NAME=VALUE,…",
        help="other substitutions of cloudbuild.yaml than `make deploy` chose",
    )
    parser.add_argument(
        "--show-regions",
        action="store_true",
        help="release nothing, and print a line for each region: region|function|URL of the candidate|smoke options",
    )


def run(typed: Namespace, process: Process) -> ExitCode:
    """Test, deploy and release this checkout, and show both builds until they end; or show the regions.

    Raises:
        RefusedProfilesError: the function would not start. Nothing was uploaded.
        UnclearOriginError: nothing was uploaded.
        UnknownSettingsError: nothing was uploaded.
        BuildError: a build failed, or did not start.
        GcloudError: gcloud is missing.
    """
    given = _pairs(typed.substitutions)
    programs = LocalPrograms(process.environment)
    if typed.show_regions:
        for place, substitutions in _settings(programs, typed.project).of(typed.region).items():
            process.stdout.write(f"{_line(substitutions | {'_REGION': place})}\n")
        return ExitCode.DONE
    for warning in warnings_of(require_profiles(PROFILES)):
        process.stderr.write(f"Warning: {warning}\n")
    origin = origin_of(programs, CHECKOUT)
    if not typed.allow_dirty:
        _require_commit(origin)
    settings = _settings(programs, typed.project)
    regions = settings.of(typed.region or given.get("_REGION"))
    if "_CANDIDATE_URL" in given and len(regions) > 1:
        raise UsageError(f"_CANDIDATE_URL leads to one region: add --region, of {', '.join(regions)}")
    content = source_of(CHECKOUT)
    package = sha256(archive_of(named(content, origin))).hexdigest()
    release = {"_VERSION": origin.version, "_COMMIT": origin.commit}
    # In the home region, also for the others: a release finds only those that run in its own region.
    builds = Builds(programs, typed.project, settings.home, source_bucket(typed.project))

    process.stderr.write(f"Testing version {origin.version}, commit {origin.commit}.\n")
    handed_on = builds.run(CHECKOUT / "cloudbuild.test.yaml", bucket_of_test_logs(typed.project), release, LEFT).strip()
    if handed_on != package:
        raise BuildError(
            f"The tested package is sha256:{handed_on or UNKNOWN}, and that of this checkout sha256:{package}. "
            f"Nothing was released. Did a file change during the tests?"
        )
    release |= {"_DIGEST": digest_of(content), "_PACKAGE": package}
    for place, substitutions in regions.items():
        process.stderr.write(f"Releasing the package sha256:{package} in {place}.\n")
        try:
            chosen = substitutions | given | {"_REGION": place} | release
            builds.run(CHECKOUT / "cloudbuild.yaml", bucket_of_release_logs(typed.project), chosen, LEFT)
        except BuildError as error:
            raise BuildError(f"{error}{_where_it_serves(place, list(regions))}") from error
    return ExitCode.DONE


def _line(substitutions: Mapping[str, str]) -> str:
    """Return a region for a shell to read. The last field may hold anything but a line break."""
    fields = ("_REGION", "_FUNCTION", "_CANDIDATE_URL", "_SMOKE_OPTIONS")
    return "|".join(substitutions.get(name, "") for name in fields)


def _where_it_serves(failed: str, regions: Sequence[str]) -> str:
    """Return a line about the regions before and after the one that failed, or nothing if there are none."""
    if len(regions) == 1:
        return ""
    done, left = regions[: regions.index(failed)], regions[regions.index(failed) :]
    return f"\nReleased in: {', '.join(done) or 'no region'}. Not released in: {', '.join(left)}."


def _require_commit(origin: Origin) -> None:
    if origin.commit == UNKNOWN:
        raise UnclearOriginError(
            "git reports no commit here, so nobody could say later which code serves. Nothing was uploaded. "
            "Release from a clone, or add --allow-dirty."
        )
    if origin.changes:
        more = len(origin.changes) - _MOST_CHANGES
        names = ", ".join(origin.changes[:_MOST_CHANGES]) + (f" and {more} more" if more > 0 else "")
        raise UnclearOriginError(
            f"This checkout has changes that are in no commit: {names}. Nothing was uploaded. "
            "Commit them, or add --allow-dirty."
        )


@dataclass(frozen=True, slots=True)
class _Settings:
    """What Terraform wrote down.

    Attributes:
        substitutions: of cloudbuild.yaml, for the home region.
        elsewhere: additional region → what differs there.
    """

    substitutions: Mapping[str, str]
    elsewhere: Mapping[str, Mapping[str, str]]

    @property
    def home(self) -> str:
        return self.substitutions["_REGION"]

    def of(self, region: str | None) -> dict[str, dict[str, str]]:
        """Return the substitutions of a region, or of all in their order."""
        of_all = {self.home: dict(self.substitutions)} | {
            name: {**self.substitutions, **other} for name, other in self.elsewhere.items()
        }
        if region is None:
            return of_all
        return {region: of_all.get(region, dict(self.substitutions))}


def _settings(programs: Programs, project: str) -> _Settings:
    """Return what Terraform wrote down."""
    url = f"gs://{source_bucket(project)}/release-settings.json"
    gcloud.require_gcloud(programs)
    finished = programs.ask(gcloud_commands.read_object(url, project))
    if finished.code:
        raise UnknownSettingsError(
            f"{finished.err.strip()}\nHow to release is not known: {url} could not be read. Nothing was uploaded. "
            f"`make deploy` writes it: {deploy(project, 'REGION')}"
        )
    written = read_json("gcloud", finished)
    elsewhere = written.pop("additional_regions", {})
    return _Settings(_texts(written), {str(region): _texts(other) for region, other in elsewhere.items()})


def _texts(written: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in written.items()}


def _pairs(text: str | None) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",")] if text else []
    if wrong := [name for name, equals, _ in pairs if not equals or not name.startswith("_")]:
        raise UsageError(
            f"--substitutions takes _NAME=VALUE, with commas between, and {wrong[0]!r} is not of that form"
        )
    return {name: value for name, _, value in pairs}
