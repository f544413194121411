"""Asks Google's REST APIs, reads only, and never takes a refusal or an outage for something that is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.credentials import Account, NoAccessTokenError, Within
from live_tokens_operations.google.error_reason import reason_in
from live_tokens_operations.remedies import command

Json = dict[str, Any]

_USER_PROJECT_ROLE = "roles/serviceusage.serviceUsageConsumer"


@dataclass(frozen=True, slots=True)
class Found:
    """What was asked for is there.

    Attributes:
        body: as the API gives it. May hold the key.
    """

    body: Json = field(repr=False)


@dataclass(frozen=True, slots=True)
class Missing:
    """The API says that it is not there."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """It may be there or not.

    Attributes:
        why: why it was not seen, without a word of the answer.
        remedy: what makes it visible; empty if only waiting helps.
    """

    why: str
    remedy: str = ""


Look = Found | Missing | Unseen


@dataclass(frozen=True, slots=True)
class _Permission:
    """What one needs in order to look, and the command that gives it, if it is not a role on the project."""

    role: str
    grant: Sequence[str] | None = None


class GoogleApi:
    """A way to look. Every question has the deadline; none is asked twice.

    Args:
        account: who looks.
        project_id: at which project.
        seconds: how long one question may take.
    """

    def __init__(self, account: Account, project_id: str, seconds: float) -> None:
        self.seconds = seconds
        self._account = account
        self._project_id = project_id

    def sign_in(self) -> Unseen | None:
        """Get an access token, which the questions share.

        Returns:
            None, or why no token could be had.

        Raises:
            CredentialsRefusedError: there will be none.
        """
        try:
            self._account.get_access_token(self.seconds)
        except NoAccessTokenError as error:
            return Unseen(str(error))
        return None

    @property
    def member(self) -> str:
        """Who looks, as IAM names them, for commands."""
        if self._account.is_a_person:
            return "user:$(gcloud config get account)"  # filled in by the operator's shell
        return f"serviceAccount:{self._account.service_account or 'ACCOUNT'}"

    def get(
        self, url: str, role: str, params: Mapping[str, str] | None = None, grant: Sequence[str] | None = None
    ) -> Look:
        """Look at something.

        Args:
            url: of the API's method, on the host that bears the API's name.
            role: which role lets one look.
            params: query parameters.
            grant: gives the role; if None, it is given on the whole project.
        """
        return self._ask("GET", url, _Permission(role, grant), params=params)

    def post(self, url: str, role: str, body: Json) -> Look:
        """Look at something through a method that only reads, but is a POST."""
        return self._ask("POST", url, _Permission(role), body=body)

    def _ask(
        self,
        method: str,
        url: str,
        permission: _Permission,
        params: Mapping[str, str] | None = None,
        body: Json | None = None,
    ) -> Look:
        api = urlsplit(url).hostname or ""
        try:
            with requests.Session() as for_tokens, self._session(for_tokens) as session:
                response = session.request(
                    method,
                    url,
                    params=params,
                    json=body,
                    timeout=self.seconds,
                    max_allowed_time=self.seconds,
                    allow_redirects=False,
                )
        except requests.Timeout:
            return Unseen(f"{api} did not answer within {self.seconds:g} s")
        except (requests.RequestException, GoogleAuthError) as error:
            return Unseen(f"{api} cannot be reached from here ({type(error).__name__})")
        return self._read(api, response, permission)

    def _session(self, for_tokens: requests.Session) -> Any:
        """A session of requests is for one thread, so each question has its own."""
        within = Within(self.seconds, for_tokens)
        return AuthorizedSession(self._account.credentials, auth_request=within)  # type: ignore[no-untyped-call]  # untyped

    def _read(self, api: str, response: requests.Response, permission: _Permission) -> Look:
        body = json_object(response)
        if body is None:
            return Unseen(f"{api} gives an answer that is not JSON (HTTP {response.status_code})")
        match response.status_code:
            case 200:
                return Found(body)
            case 404:
                return Missing()
            case 401:
                return Unseen(f"{api} refuses the credentials of this machine", command(gcloud_commands.log_in()))
            case 403:
                return self._forbidden(api, reason_in(body), permission)
            case 429:
                return Unseen(f"{api} has been asked too often (HTTP 429)")
        return Unseen(f"{api} answers HTTP {response.status_code}")

    def _forbidden(self, api: str, reason: str, permission: _Permission) -> Unseen:
        """Source of the reasons: https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto."""
        if reason == "SERVICE_DISABLED":
            remedy = gcloud_commands.enable_services(self._project_id, [api])
            return Unseen(f"{api} is off, or was switched on minutes ago", command(remedy))
        if reason == "BILLING_DISABLED":
            remedy = gcloud_commands.link_billing(self._project_id)
            return Unseen(f"{api} wants billing for the project", command(remedy))
        if reason == "USER_PROJECT_DENIED":
            permission = _Permission(_USER_PROJECT_ROLE)
        on_project = gcloud_commands.grant_on_project(self._project_id, self.member, permission.role)
        return Unseen(f"needs role {permission.role}", command(permission.grant or on_project))


def json_object(response: requests.Response) -> Json | None:
    """Return the JSON object in an answer, or None if there is none."""
    try:
        body = json.loads(response.content)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
