"""`live-tokens status`: what serves, from which commit, and whether it is the code of this checkout."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from live_tokens.release import Release
from live_tokens_operations.arguments import Parser
from live_tokens_operations.defaults import CHECKOUT
from live_tokens_operations.process import ExitCode, Process
from live_tokens_operations.remedies import release as release_again
from live_tokens_operations.serving import LABEL_DIGEST_LENGTH, Revision, Serving, read, release_in_words
from live_tokens_operations.serving import add_arguments as add_place
from live_tokens_operations.source import PackageError, digest_of, source_of


def add_arguments(parser: Parser) -> None:
    add_place(parser)


def run(typed: Namespace, process: Process) -> ExitCode:
    """Print what serves. Nothing is changed.

    Raises:
        UnseenServiceError: Google did not tell.
    """
    serving = read(typed, process)
    for line in _lines(serving):
        process.stdout.write(f"{line}\n")
    return ExitCode.DONE


def _lines(serving: Serving) -> Iterator[str]:
    place = serving.place
    yield f"{place.function} in {place.region}, project {place.project}"
    releases = {revision.name: serving.release_of(revision) for revision in serving.serving()}
    for revision in serving.serving():
        yield _line(f"{serving.traffic.shares[revision.name]} %", revision, releases[revision.name])
    for tag, name in sorted(serving.tags.items()):
        for revision in serving.revisions:
            if revision.name == name:
                yield _line(f"tag {tag}", revision, releases.get(name) or serving.release_of(revision))
    if serving.pinned and serving.traffic.ready not in serving.traffic.pinned:
        yield f"Traffic is pinned: the newest revision, {serving.traffic.ready}, gets none."
        yield f"To move traffic to tested code of this checkout: {release_again(place.project, place.region)}"
    yield _checkout(list(releases.values()))


def _line(share: str, revision: Revision, release: Release | None) -> str:
    return f"  {share:>5}  {revision.name}, of {revision.created}: {release_in_words(release)}"


def _checkout(serving: list[Release | None]) -> str:
    try:
        mine = digest_of(source_of(CHECKOUT))
    except PackageError as error:
        return f"This checkout cannot be compared. {error}"
    digests = {release.digest[:LABEL_DIGEST_LENGTH] for release in serving if release}
    same = digests == {mine[:LABEL_DIGEST_LENGTH]}
    return f"This checkout has {'the same' if same else 'other'} code: package sha256:{mine[:LABEL_DIGEST_LENGTH]}"
