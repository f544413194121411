"""The credentials of this machine, Application Default or Terraform's own, and an access token with them.

GoogleCredentialsError            there is no access token
├── NoCredentialsError            there are no credentials
├── CredentialsRefusedError       Google refuses them: only a new log-in helps
└── NoAccessTokenError            an outage: they may be good

Source: https://cloud.google.com/docs/authentication/application-default-credentials
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials as UserCredentials

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class GoogleCredentialsError(Exception):
    """There is no access token. The text is our own: Google's can quote an answer, or name files of this machine."""


class NoCredentialsError(GoogleCredentialsError):
    """There are no credentials on this machine."""


class CredentialsRefusedError(GoogleCredentialsError):
    """Google refuses them: they have expired, or were revoked, or the clock of this machine is wrong."""


class NoAccessTokenError(GoogleCredentialsError):
    """Google could not be asked, or failed. The text says which."""


@dataclass(frozen=True, slots=True)
class GoogleIdentity:
    """The account that calls Google's APIs.

    Attributes:
        project: id of the project to work in, or None if it is not known.
    """

    credentials: Any = field(repr=False)
    project: str | None

    @classmethod
    def find(cls, project: str | None, environment: Mapping[str, str] = MappingProxyType({})) -> GoogleIdentity:
        """Find the credentials of this machine. A machine at Google is the only one that is asked.

        A person's credentials have no project, so the calls are counted for the given one.
        Source: https://cloud.google.com/docs/quotas/set-quota-project

        Args:
            project: id of the project to work in, or None for the one that the credentials name.
            environment: may hold credentials for Terraform, which replace the default ones.

        Raises:
            NoCredentialsError: there are none, or Terraform's cannot be read.
        """
        try:
            with warnings.catch_warnings():
                # google-auth warns of a person's credentials without a quota project. They get one below.
                warnings.simplefilter("ignore")
                credentials, of_credentials = _of_terraform(environment) or google.auth.default(scopes=[_SCOPE])
        except (GoogleAuthError, ValueError, OSError):
            raise NoCredentialsError("there are no Application Default Credentials on this machine") from None
        project = project or of_credentials
        if isinstance(credentials, UserCredentials) and project:
            credentials = credentials.with_quota_project(project)
        return cls(credentials, project)

    @property
    def is_a_person(self) -> bool:
        """Whether these are a person's credentials, which cannot sign."""
        return isinstance(self.credentials, UserCredentials)

    @property
    def service_account(self) -> str | None:
        """E-mail address of the service account, or None. A machine at Google knows it once it has an access token."""
        return getattr(self.credentials, "service_account_email", None)

    def get_access_token(self, seconds: float) -> None:
        """Fetch an access token, which the credentials keep.

        Raises:
            CredentialsRefusedError: only a new log-in helps.
            NoAccessTokenError: there is none at the moment.
        """
        if self.credentials.valid:
            return  # it was given, and cannot be renewed
        with requests.Session() as session:
            try:
                self.credentials.refresh(Within(seconds, session))
            except RefreshError as error:
                if error.retryable:
                    raise NoAccessTokenError("Google's token endpoint fails at this moment") from None
                # The metadata server of a machine cannot be reached: google-auth calls that a refusal, too.
                if isinstance(error.__cause__, TransportError):
                    raise NoAccessTokenError("no access token from the metadata server") from None
                raise CredentialsRefusedError("Google refuses the credentials of this machine") from None
            except (GoogleAuthError, requests.RequestException) as error:
                raise NoAccessTokenError(f"no access token from Google ({type(error).__name__})") from None


def _of_terraform(environment: Mapping[str, str]) -> tuple[Any, str | None] | None:
    """Return the credentials of Terraform's own variables, with their project; None if none is set.

    Source: https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference#authentication
    """
    if token := environment.get("GOOGLE_OAUTH_ACCESS_TOKEN"):
        return UserCredentials(token), None  # type: ignore[no-untyped-call]  # google-auth has no types
    text = environment.get("GOOGLE_CREDENTIALS", "").strip()
    if not text:
        return None
    content = text if text.startswith("{") else Path(text).read_text(encoding="utf-8")
    load: Any = google.auth.load_credentials_from_dict  # google-auth has no types
    found: tuple[Any, str | None] = load(json.loads(content), scopes=[_SCOPE])
    return found


class Within(Request):
    """A transport of google-auth with our deadline instead of its default of two minutes.

    Args:
        session: of the caller, who closes it.
    """

    def __init__(self, seconds: float, session: requests.Session) -> None:
        super().__init__(session)
        self._seconds = seconds

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Make a request, as google-auth's does."""
        kwargs["timeout"] = self._seconds
        return super().__call__(*args, **kwargs)  # type: ignore[no-untyped-call]  # google-auth leaves it untyped
