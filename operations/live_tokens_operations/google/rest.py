"""The one client of Google's REST APIs. No call is repeated.

`seconds` limits the connection, and each wait for more of the answer. requests has no limit for the whole: an answer
that trickles takes longer, and its size is not bounded. The hosts are Google's, and the function's own.

A refusal or an outage is never reported as something missing. Of an answer, only Google's own codes are quoted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

from live_tokens_operations.defaults import USER_AGENT
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.credentials import GoogleIdentity, NoAccessTokenError, Within
from live_tokens_operations.google.look import Found, Json, Look, Missing, Unseen
from live_tokens_operations.remedies import command

SECONDS = 20.0
"""How long a server may be silent where the operator does not say."""

_CODE = re.compile(r"[A-Z][A-Z0-9_]+")
_USER_PROJECT_ROLE = "roles/serviceusage.serviceUsageConsumer"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a server.

    Attributes:
        body: a JSON object, or None if the answer is something else.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Json | None = field(repr=False)


def send(
    method: str,
    url: str,
    seconds: float,
    *,
    session: requests.Session | None = None,
    params: Mapping[str, str] | None = None,
    body: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer | Unseen:
    """Make a call. Redirects are not followed, because they would take credentials along.

    Args:
        url: contains no credential, because errors of the HTTP library quote URLs.
        session: authorised; None calls without credentials.
    """
    host = urlsplit(url).hostname or ""
    authorised: dict[str, Any] = {} if session is None else {"max_allowed_time": seconds}
    try:
        response = (session or requests).request(
            method,
            url,
            params=params,
            json=None if body is None else dict(body),
            headers={"User-Agent": USER_AGENT, **(headers or {})},
            timeout=seconds,
            allow_redirects=False,
            **authorised,
        )
    except requests.Timeout:
        return Unseen(f"{host} did not answer within {seconds:g} s")
    except (requests.RequestException, GoogleAuthError) as error:
        # No text of it: what is wrong with a header can be quoted in there, and a key is in one.
        return Unseen(f"{host} cannot be reached from here ({type(error).__name__})")
    return Answer(response.status_code, response.headers, json_object(response.content))


def look_in(answer: Answer | Unseen, url: str) -> Look:
    """Read an answer of one of Google's APIs."""
    if isinstance(answer, Unseen):
        return answer
    host = urlsplit(url).hostname or ""
    match answer:
        case Answer(status, body=None):
            return Unseen(f"{host} gives an answer that is not JSON (HTTP {status})", status=status)
        case Answer(200, body=dict(body)):
            return Found(body)
        case Answer(404, body=body) if code := _code_in(body):  # without one, it is of something on the way
            return Missing(code)
        case Answer(429, body=body):
            why = f"{host} has been asked too often (HTTP 429)"
            return Unseen(why, status=429, code=_code_in(body), reason=reason_in(body))
    why = f"{host} answers HTTP {answer.status}"
    return Unseen(why, status=answer.status, code=_code_in(answer.body), reason=reason_in(answer.body))


def call(
    method: str, url: str, body: Mapping[str, object], headers: Mapping[str, str], seconds: float = SECONDS
) -> Look:
    """Call an API with a key in a header, without an access token."""
    return look_in(send(method, url, seconds, body=body, headers=headers), url)


class GoogleApi:
    """The APIs of Google, with an access token."""

    def __init__(self, account: GoogleIdentity, project_id: str, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._account = account
        self._project_id = project_id

    def sign_in(self) -> Unseen | None:
        """Get an access token, which the calls share.

        Returns:
            None, or why there is no token.

        Raises:
            CredentialsRefusedError: only a new log-in helps.
        """
        try:
            self._account.get_access_token(self.seconds)
        except NoAccessTokenError as error:
            return Unseen(str(error))
        return None

    @property
    def service_account(self) -> str | None:
        return self._account.service_account

    @property
    def member(self) -> str:
        """The account as a member of IAM, for commands."""
        if self._account.is_a_person:
            return "user:$(gcloud config get account)"  # filled in by the operator's shell
        return f"serviceAccount:{self._account.service_account or 'ACCOUNT'}"

    def get(
        self, url: str, role: str, params: Mapping[str, str] | None = None, grant: Sequence[str] | None = None
    ) -> Look:
        return self._ask("GET", url, role, params=params, grant=grant)

    def post(self, url: str, role: str, body: Mapping[str, object]) -> Look:
        return self._ask("POST", url, role, body=body)

    def _ask(
        self,
        method: str,
        url: str,
        role: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        grant: Sequence[str] | None = None,
    ) -> Look:
        # A session of requests is for one thread, so each call has its own.
        with requests.Session() as for_tokens, self._session(for_tokens) as session:
            look = look_in(send(method, url, self.seconds, session=session, params=params, body=body), url)
        return self._explained(look, urlsplit(url).hostname or "", role, grant) if isinstance(look, Unseen) else look

    def _session(self, for_tokens: requests.Session) -> Any:
        within = Within(self.seconds, for_tokens)
        # No second try with another token: an access token of gcloud cannot be renewed here.
        return AuthorizedSession(  # type: ignore[no-untyped-call]  # google-auth leaves it untyped
            self._account.credentials, refresh_status_codes=(), auth_request=within
        )

    def _explained(self, unseen: Unseen, api: str, role: str, grant: Sequence[str] | None) -> Unseen:
        """Source of the reasons: https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto."""
        match unseen:
            case Unseen(status=401):
                why, remedy = f"{api} refuses the credentials of this machine", gcloud_commands.log_in()
            case Unseen(status=403, reason="SERVICE_DISABLED"):
                why = f"{api} is off, or was switched on minutes ago"
                remedy = gcloud_commands.enable_services(self._project_id, [api])
            case Unseen(status=403, reason="BILLING_DISABLED"):
                why, remedy = f"{api} wants billing for the project", gcloud_commands.link_billing(self._project_id)
            case Unseen(status=403, reason=reason):
                needed = _USER_PROJECT_ROLE if reason == "USER_PROJECT_DENIED" else role
                on_project = gcloud_commands.grant_on_project(self._project_id, self.member, needed)
                why, remedy = f"needs role {needed}", list(grant if grant and needed == role else on_project)
            case _:
                return unseen
        return replace(unseen, why=why, remedy=command(remedy))


def reason_in(answer: object) -> str:
    """Return `reason` of the error's google.rpc.ErrorInfo, such as `SERVICE_DISABLED`, or an empty string.

    Source: https://cloud.google.com/apis/design/errors#error_info
    """
    match answer:
        case {"error": {"details": [*details]}}:
            reasons = [detail.get("reason") for detail in details if isinstance(detail, dict)]
            return next((reason for reason in reasons if isinstance(reason, str)), "")
    return ""


def json_object(text: str | bytes) -> Json | None:
    """Return the JSON object in a text, or None."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _code_in(answer: object) -> str:
    """Read both forms: Identity Toolkit puts its code at the beginning of `message`, all others into `status`.

    Source: https://cloud.google.com/apis/design/errors#http_mapping
    """
    match answer:
        case {"error": {"message": str(message), **error}}:
            first = message.split(" ")[0]
            return first if _CODE.fullmatch(first) else str(error.get("status", ""))
    return ""
