"""gcloud's own parser, as the tests use it, does find faults."""

import pytest

from support.gcloud_parser import refusals

_ACCEPTED = "gcloud functions deploy mint-live-token --gen2 --region=europe-west1 --source=build/function"
_REFUSED = {
    "gcloud functions deploy mint-live-token --regoin=europe-west1": "unrecognized arguments: --regoin",
    "gcloud functions ship mint-live-token": "Invalid choice: 'ship'",
    "gcloud functions deploy": "argument (NAME",
    "gcloud secrets versions add --data-file=-": "argument SECRET: Must be specified",
    "gcloud run services update-traffic x --to-latest --to-revisions=a=100": "At most one of",
    "gcloud run services update-traffic x --to-revisions=a=many": "not an integer",
    "gcloud run deploy x --memory": "expected one argument",
    "gcloud firestore databases create --type=firestore-native": "--location",
    "gcloud scheduler jobs create http j --schedule=x": "--uri",
    "gcloud functions": "Command name argument expected",
}


def test_gcloud_accepts_a_good_line_of_each_release_track() -> None:
    tracks = [_ACCEPTED, _ACCEPTED.replace("gcloud", "gcloud beta"), _ACCEPTED.replace("gcloud", "gcloud alpha")]
    assert refusals([line.split() for line in tracks]) == [None, None, None]


def test_gcloud_says_what_is_wrong_with_each_bad_line_and_a_bad_line_spoils_no_good_one() -> None:
    lines = [line.split() for line in _REFUSED]
    said = refusals([_ACCEPTED.split(), *lines, _ACCEPTED.split()])
    assert (said[0], said[-1]) == (None, None)
    for line, refusal, expected in zip(_REFUSED, said[1:-1], _REFUSED.values(), strict=True):
        assert expected in (refusal or "no refusal"), line


def test_help_and_version_are_no_command_lines() -> None:
    said = refusals([["gcloud", "version", "--help"], ["gcloud", "--version"]])
    assert all(said)


def test_only_lines_of_gcloud_are_parsed() -> None:
    with pytest.raises(ValueError, match='starts with "gcloud"'):
        refusals([["functions", "deploy"]])
