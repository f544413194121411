"""Findings about the Firestore database."""

from collections.abc import Callable
from typing import Any

from operations.doctor.expected import DEPLOY, Case, Expect, ExpectedFinding, each_case
from operations.doctor.result import Doctor
from operations.doctor.sample_project import DATABASE, PROJECT, Sample
from support.google.firestore_admin import Database

MAKE_TTL = (
    "gcloud firestore fields ttls update expire_at --enable-ttl --collection-group=live_token_quotas "
    f"--database=live-tokens --project={PROJECT}"
)
RESUME = f"make admin ARGS='resume --project {PROJECT} --database live-tokens'"
PAUSED = ExpectedFinding("warn", "Stop switch: the service is paused", RESUME)


def _rules(text: str | None) -> Callable[[Sample], object]:
    return lambda sample: setattr(sample.database, "rules", text)


def _allow(rule: str) -> Callable[[Sample], object]:
    documents = "match /databases/{database}/documents { match /{document=**}"
    return _rules(f"service cloud.firestore {{ {documents} {{ {rule} }} }} }}")


def _ttl(state: str) -> Callable[[Sample], object]:
    return lambda sample: sample.database.ttl.update({"live_token_quotas/expire_at": state})


def _switch(**fields: Any) -> Callable[[Sample], object]:
    return lambda sample: sample.database.documents.update({"live_token_switches/service": fields})


OPEN = (ExpectedFinding("BAD", "Rules: clients may read or write in live-tokens", DEPLOY),)

CASES = (
    Case(
        "there is no database",
        lambda sample: sample.databases.clear(),
        (
            ExpectedFinding("BAD", "Firestore live-tokens: there is no such database", DEPLOY),
            ExpectedFinding("?", "TTL, rules, stop switch: not checked: there is no database"),
        ),
    ),
    Case(
        "the database is in Datastore mode",
        lambda sample: setattr(sample.database, "kind", "DATASTORE_MODE"),
        (
            ExpectedFinding(
                "BAD",
                "Firestore live-tokens: is in Datastore mode",
                f"gcloud firestore databases update --type=firestore-native --database=live-tokens --project={PROJECT}",
            ),
            ExpectedFinding("?", "TTL, rules, stop switch: not checked: the database is in Datastore mode"),
        ),
    ),
    Case(
        "documents never expire",
        lambda sample: sample.database.ttl.clear(),
        (ExpectedFinding("BAD", "TTL: nothing deletes documents of live_token_quotas", MAKE_TTL),),
    ),
    Case(
        "the TTL policy is broken",
        _ttl("NEEDS_REPAIR"),
        (ExpectedFinding("BAD", "TTL: the policy on live_token_quotas is NEEDS_REPAIR", MAKE_TTL),),
    ),
    Case(
        "the TTL policy is new",
        _ttl("CREATING"),
        (
            ExpectedFinding(
                "warn",
                "TTL: the policy on live_token_quotas is being made",
                f"make doctor PROJECT_ID={PROJECT}, in some minutes again",
            ),
        ),
    ),
    Case("rules without a condition", _allow("allow read, write;"), OPEN),
    Case("rules that are always true", _allow("allow read: if false; allow write: if true;"), OPEN),
    Case(
        "rules that let signed-in users in",
        _allow("allow read: if request.auth != null;"),
        (
            ExpectedFinding(
                "warn", "Rules: let some clients into live-tokens; make sure that live_token_quotas and", DEPLOY
            ),
        ),
    ),
    Case(
        "no rules",
        _rules(None),
        (ExpectedFinding("warn", "Rules: none are released for live-tokens", DEPLOY),),
    ),
    Case("the service is paused", _switch(), (PAUSED,)),
    Case("the pause ends later", _switch(until={"timestampValue": "2999-01-01T00:00:00Z"}), (PAUSED,)),
    Case("the end of the pause is no time", _switch(until={"stringValue": "soon"}), (PAUSED,)),
)


@each_case(CASES)
def test_the_doctor_says_what_is_wrong_with_the_database(case: Case, expect: Expect) -> None:
    expect(case)


def test_a_pause_that_has_ended_is_none(sample: Sample, doctor: Doctor) -> None:
    _switch(until={"timestampValue": "2026-01-01T00:00:00.123456Z"})(sample)

    assert "ok   Stop switch: a pause has ended" in doctor().findings


def test_the_default_database_has_rules_of_its_own(sample: Sample, doctor: Doctor) -> None:
    default = DATABASE.replace("live-tokens", "(default)")
    sample.databases[default] = Database(default, ttl=sample.database.ttl, rules="allow read: if request.auth != null;")
    sample.environment["FIRESTORE_DATABASE"] = "(default)"

    (rules, role) = doctor().problems

    assert rules.startswith("warn Rules: let some clients into (default)")
    assert rules.endswith("  → edit firestore.rules of your app, then firebase deploy --only firestore:rules")
    assert role.startswith("BAD  Roles: roles/datastore.user is for something else than the database (default)")
