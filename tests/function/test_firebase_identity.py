"""`firebase_identity` with the unsigned tokens of the emulator, against a server that plays Firebase.

Signatures and expiry mean nothing in this mode; `tests/integration` and `test_firebase_id_tokens` have them.
"""

import pytest

from function.fake_http_server import Answer, FakeHttpServer, answer_json
from function.made_up import AMPLE, PROJECT
from function.transports import upstream
from function.unsigned_id_tokens import CLAIMS, SIGNED_IN_AT, unsigned
from live_tokens.deadline import Deadline
from live_tokens.errors import (
    IdentityUnavailable,
    IdTokenInvalid,
    IdTokenRevoked,
    TokenNotIssued,
    UserDisabled,
    UserNotAllowed,
)
from live_tokens.firebase_emulated_id_tokens import EmulatedIdTokens
from live_tokens.firebase_identity import LOOK_UP_KIND, FirebaseIdentity
from live_tokens.issuing import Caller


def user(**changed: object) -> Answer:
    fields = {"localId": "user-1", "validSince": str(SIGNED_IN_AT)} | changed
    return look_up(users=[{name: value for name, value in fields.items() if value is not None}])


def look_up(**fields: object) -> Answer:
    return answer_json({"kind": LOOK_UP_KIND} | fields)


@pytest.fixture
def identity(server: FakeHttpServer, monkeypatch: pytest.MonkeyPatch) -> FirebaseIdentity:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", server.host_and_port)
    return emulated(server.host_and_port)


def emulated(host: str, project: str = PROJECT, *, check_revoked: bool = True) -> FirebaseIdentity:
    look_up = upstream() if check_revoked else None
    return FirebaseIdentity(project, EmulatedIdTokens(project), look_up, host)


def refusal_of(identity: FirebaseIdentity, id_token: str) -> TokenNotIssued:
    with pytest.raises(TokenNotIssued) as refusal:
        identity.verify(id_token, AMPLE)
    return refusal.value


def test_nothing_connects_before_the_first_call(identity: FirebaseIdentity, server: FakeHttpServer) -> None:
    assert isinstance(identity, FirebaseIdentity)
    assert server.connections == 0


# --- the token


def test_a_verified_user_is_a_caller(identity: FirebaseIdentity, server: FakeHttpServer) -> None:
    server.answer_with(user())
    assert identity.verify(unsigned(), AMPLE) == Caller(
        uid="user-1", sign_in_provider="google.com", email_verified=False, claims=CLAIMS | {"uid": "user-1"}
    )
    (request,) = server.received
    assert (request.method, request.path) == (
        "POST",
        f"/identitytoolkit.googleapis.com/v1/projects/{PROJECT}/accounts:lookup",
    )
    assert request.headers["authorization"] == "Bearer owner"
    assert request.json() == {"localId": ["user-1"]}


@pytest.mark.parametrize("firebase", [{}, {"identities": {}}])
def test_a_sign_in_by_unknown_means_is_one(
    identity: FirebaseIdentity, server: FakeHttpServer, firebase: dict[str, object]
) -> None:
    server.answer_with(user())
    assert identity.verify(unsigned(firebase=firebase), AMPLE).sign_in_provider == "unknown"


def test_a_user_of_a_tenant_is_refused_before_the_look_up(identity: FirebaseIdentity, server: FakeHttpServer) -> None:
    server.answer_with(user())
    refusal = refusal_of(identity, unsigned(firebase={"sign_in_provider": "password", "tenant": "tenant-1"}))
    assert type(refusal) is UserNotAllowed
    assert refusal.message == "This account cannot be used here."
    assert refusal.diagnosis == "user of a tenant"
    assert server.received == []


def test_the_operators_custom_claims_are_the_callers(identity: FirebaseIdentity, server: FakeHttpServer) -> None:
    server.answer_with(user())
    claims = identity.verify(unsigned(plan="pro", level=7), AMPLE).claims
    assert (claims["plan"], claims["level"]) == ("pro", 7)


@pytest.mark.parametrize(
    ("claims", "verified"),
    [
        ({"email_verified": True}, True),
        ({"email_verified": False}, False),
        ({"email_verified": "true"}, False),
        ({"email_verified": 1}, False),
        ({}, False),
    ],
)
def test_only_what_firebase_says_is_verified_is(
    identity: FirebaseIdentity, server: FakeHttpServer, claims: dict[str, object], verified: bool
) -> None:
    server.answer_with(user())
    assert identity.verify(unsigned(**claims), AMPLE).email_verified is verified


def test_who_signed_in_anonymously_is_anonymous(identity: FirebaseIdentity, server: FakeHttpServer) -> None:
    server.answer_with(user())
    assert identity.verify(unsigned(firebase={"sign_in_provider": "anonymous"}), AMPLE).sign_in_provider == "anonymous"


# --- the look-up


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (user(disabled=True), UserDisabled),
        (user(disabled=True, validSince=str(SIGNED_IN_AT + 1)), UserDisabled),
        (user(validSince=str(SIGNED_IN_AT + 1)), IdTokenRevoked),
        (look_up(), IdTokenRevoked),
        (look_up(users=[]), IdTokenRevoked),
    ],
    ids=["disabled", "disabled and revoked", "revoked", "deleted", "deleted, with an empty list"],
)
def test_a_sign_in_that_was_ended_is_refused(
    identity: FirebaseIdentity, server: FakeHttpServer, answer: Answer, kind: type[TokenNotIssued]
) -> None:
    server.answer_with(answer)
    assert type(refusal_of(identity, unsigned())) is kind


@pytest.mark.parametrize("since", [{"validSince": None}, {"validSince": "0"}, {"validSince": str(SIGNED_IN_AT)}])
def test_a_sign_in_as_old_as_the_last_revocation_or_younger_stands(
    identity: FirebaseIdentity, server: FakeHttpServer, since: dict[str, object]
) -> None:
    server.answer_with(user(**since))
    assert identity.verify(unsigned(), AMPLE).uid == "user-1"


@pytest.mark.parametrize(
    ("answer", "diagnosis"),
    [
        (answer_json({"error": {"message": "upstream words"}}, 400), "HTTP 400"),
        (answer_json({"error": {"message": "upstream words"}}, 403), "HTTP 403"),
        (answer_json({}, 404), "HTTP 404"),
        (answer_json({}, 429), "HTTP 429"),
        (Answer(502, b"<html>upstream words"), "HTTP 502"),
        (Answer(200, b"<html>upstream words"), "JSONDecodeError"),
        (Answer(200), "JSONDecodeError"),
        (answer_json({}), "an answer of another kind"),
        (answer_json({"users": []}), "an answer of another kind"),
        (answer_json({"kind": "identitytoolkit#DownloadAccountResponse"}), "an answer of another kind"),
        (answer_json({"kind": LOOK_UP_KIND.upper()}), "an answer of another kind"),
        *(
            (look_up(users=users), "unreadable user")
            for users in list[object](
                [None, {}, "upstream words", ["upstream words"], [{}], [{"localId": "user-2"}], [None], 7]
            )
        ),
        (look_up(users=[{"localId": "user-1"}, {"localId": "user-1"}]), "unreadable user"),
        *((user(disabled=value), "unreadable user") for value in list[object](["false", 0, []])),
        *(
            (user(validSince=value), "unreadable user")
            for value in list[object]([0, "soon", "-1", "1.5", "", "9" * 20])
        ),
        (Answer(200, b"[" * 60_000), "RecursionError"),
        (Answer(200, b" " * 70_000), "AnswerTooLargeError"),
        (answer_json(["upstream words"]), "HTTP 200"),
        (answer_json({}, 302), "RedirectError"),
        (Answer(200, b"{", cut_short=True), None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_look_up_that_fails_is_an_outage_and_not_a_bad_sign_in(
    identity: FirebaseIdentity, server: FakeHttpServer, answer: Answer, diagnosis: str | None
) -> None:
    server.answer_with(answer)
    refusal = refusal_of(identity, unsigned())
    assert type(refusal) is IdentityUnavailable
    assert "upstream words" not in f"{refusal!r} {refusal} {refusal.diagnosis}"
    assert diagnosis is None or refusal.diagnosis == f"user look-up: {diagnosis}"


def test_a_firebase_that_refuses_connections_is_an_outage(nobody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", nobody)
    refusal = refusal_of(emulated(nobody), unsigned())
    assert type(refusal) is IdentityUnavailable


def test_without_check_revoked_nobody_is_looked_up(server: FakeHttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", server.host_and_port)
    identity = emulated(server.host_and_port, check_revoked=False)
    assert identity.verify(unsigned(), AMPLE).uid == "user-1"
    assert type(refusal_of(identity, unsigned(firebase={"tenant": "tenant-1"}))) is UserNotAllowed
    assert server.received == []


def test_many_look_ups_share_a_connection(identity: FirebaseIdentity, server: FakeHttpServer) -> None:
    server.answer_with(user())
    for _ in range(3):
        identity.verify(unsigned(), AMPLE)
    assert len(server.received) == 3
    assert server.connections == 1


@pytest.mark.parametrize(
    "firebase", [None, "text", ["list"], 7, True, {"sign_in_provider": 7}, {"sign_in_provider": None}]
)
def test_a_firebase_claim_of_another_form_is_a_bad_token(
    identity: FirebaseIdentity, server: FakeHttpServer, firebase: object
) -> None:
    assert type(refusal_of(identity, unsigned(firebase=firebase))) is IdTokenInvalid
    assert server.received == []


def test_a_look_up_that_is_silent_costs_what_the_call_has_left(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", silent)
    with pytest.raises(IdentityUnavailable):
        emulated(silent).verify(unsigned(), Deadline.after(0.2))


def test_after_a_few_time_outs_callers_are_told_at_once_when_to_come_back(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", silent)
    identity = FirebaseIdentity(PROJECT, EmulatedIdTokens(PROJECT), upstream(0.05), silent)
    refusals = [refusal_of(identity, unsigned()) for _ in range(4)]
    assert [type(refusal) for refusal in refusals] == [IdentityUnavailable] * 4
    assert [refusal.retry_after is None for refusal in refusals] == [True, True, True, False]
