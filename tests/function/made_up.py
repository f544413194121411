"""Made-up people, keys and tokens for the tests to talk about."""

from datetime import UTC, datetime, timedelta

from live_tokens.deadline import Deadline
from live_tokens.issuing import ApiKey, Attestation, Caller, Lease, LiveToken, Profile, QuotaState

PROJECT = "my-app-1a2b"
ID_TOKEN = "header.claims.signature"
APP_CHECK_TOKEN = "app.check.token"
HANDLE = "made-up-resumption-handle"
APP_ID = "1:1234:web:abcd"

CALLER = Caller(uid="user-1", sign_in_provider="password")
ANONYMOUS = Caller(uid="user-0", sign_in_provider="anonymous")
OFF = Attestation("off")
ATTESTATION = Attestation("valid", APP_ID)
PROFILE = Profile(
    name="default",
    model="models/gemini-3.8-live",
    start_within=timedelta(seconds=60),
    session=timedelta(seconds=900),
    config={"response_modalities": ["AUDIO"]},
    config_digest="0123456789ab",
)
AMPLE = Deadline.after(3600)
"""The deadline of what is not about deadlines."""

KEY = ApiKey(value="made-up-key-one", version="projects/p/secrets/s/versions/1")
NEW_KEY = ApiKey(value="made-up-key-two", version="projects/p/secrets/s/versions/2")

ISSUED_AT = datetime(2026, 11, 22, 15, 0, 0, tzinfo=UTC)
QUOTA_STATE = QuotaState(remaining=19, reset_time=ISSUED_AT + timedelta(minutes=3))
LEASE = Lease(
    session="session-1",
    kind="first",
    ends=ISSUED_AT + timedelta(seconds=600),
    seconds=600,
    charged=600,
    session_ends=ISSUED_AT + timedelta(seconds=3600),
    renew_after=ISSUED_AT + timedelta(seconds=540),
    renew_before=ISSUED_AT + timedelta(seconds=590),
)
LIVE_TOKEN = LiveToken(
    token="auth_tokens/made-up",
    websocket_url="wss://gemini.invalid/ws?access_token=auth_tokens/made-up",
    api_version="v1beta",
    profile=PROFILE,
    issued_at=ISSUED_AT,
    new_session_expire_time=ISSUED_AT + PROFILE.start_within,
    expire_time=ISSUED_AT + PROFILE.session,
)

CREDENTIALS = (ID_TOKEN, APP_CHECK_TOKEN, HANDLE, KEY.value, NEW_KEY.value, LIVE_TOKEN.token)
"""What must not be seen in a log, a `repr` or an error."""
