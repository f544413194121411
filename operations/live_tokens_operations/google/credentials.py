"""The Application Default Credentials of this machine, and an access token with them.

GoogleCredentialsError            there is no access token
├── NoCredentialsError            there are no credentials
├── CredentialsRefusedError       Google refuses them: only a new log-in helps
└── NoAccessTokenError            an outage: they may be good

Source: https://cloud.google.com/docs/authentication/application-default-credentials
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials as UserCredentials

from live_tokens_operations.google import gcloud_commands

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class GoogleCredentialsError(Exception):
    """There is no access token. The text is of ours: Google's can quote an answer, or name files of this machine."""


class NoCredentialsError(GoogleCredentialsError):
    """There are no Application Default Credentials on this machine."""


class CredentialsRefusedError(GoogleCredentialsError):
    """Google refuses them: they have expired, or were revoked, or the clock of this machine is wrong."""


class NoAccessTokenError(GoogleCredentialsError):
    """Nobody could be asked, or nobody answered with a yes or no. The text says which."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose they are.

    Attributes:
        project: id of the project that they work in, or None if nobody named one.
        log_in: command line of gcloud that replaces them.
    """

    credentials: Any = field(repr=False)
    project: str | None
    log_in: list[str] = field(default_factory=gcloud_commands.log_in)

    @classmethod
    def find(cls, project: str | None) -> Account:
        """Find them. Nobody is asked, except whether this is a machine of Google's.

        A person's own are nobody's project, so the one that is worked in is named as the one to count the calls for.
        Source: https://cloud.google.com/docs/quotas/set-quota-project

        Args:
            project: id of the project to work in, or None for the one that the credentials name.

        Raises:
            NoCredentialsError: there are none.
        """
        try:
            with warnings.catch_warnings():
                # It warns of a person's credentials without a quota project, which they are given below.
                warnings.simplefilter("ignore", UserWarning)
                credentials, of_credentials = google.auth.default(scopes=[_SCOPE])
        except GoogleAuthError:
            raise NoCredentialsError("There are no Application Default Credentials on this machine.") from None
        project = project or of_credentials
        if isinstance(credentials, UserCredentials) and project:
            credentials = credentials.with_quota_project(project)
        return cls(credentials, project)

    @classmethod
    def of_access_token(cls, access_token: str, project: str) -> Account:
        """Return that of a person whose access token is known, such as gcloud's.

        Args:
            project: answers for the calls: a person's credentials belong to no project.
        """
        credentials: Any = UserCredentials(access_token)  # type: ignore[no-untyped-call]  # google-auth has no types
        return cls(credentials.with_quota_project(project), project, gcloud_commands.log_in_to_gcloud())

    @property
    def is_a_person(self) -> bool:
        """Whether somebody has logged in, and no service account. A person signs nothing."""
        return isinstance(self.credentials, UserCredentials)

    @property
    def service_account(self) -> str | None:
        """Its e-mail address, or None. A machine's account knows its own only once it has an access token."""
        return getattr(self.credentials, "service_account_email", None)

    def get_access_token(self, seconds: float) -> None:
        """Fetch one, which the credentials keep.

        Raises:
            CredentialsRefusedError: there will be none.
            NoAccessTokenError: there is none at this moment.
        """
        with requests.Session() as session:
            try:
                self.credentials.refresh(Within(seconds, session))
            except RefreshError as error:
                if error.retryable:
                    raise NoAccessTokenError("Google's token endpoint fails at this moment") from None
                # The metadata server of a machine cannot be reached: google-auth calls that a refusal, too.
                if isinstance(error.__cause__, TransportError):
                    raise NoAccessTokenError("no access token from the metadata server") from None
                raise CredentialsRefusedError("Google refuses the credentials of this machine.") from None
            except (GoogleAuthError, requests.RequestException) as error:
                raise NoAccessTokenError(f"no access token from Google ({type(error).__name__})") from None


class Within(Request):
    """A transport of google-auth with our deadline in place of its own two minutes.

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
