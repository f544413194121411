"""Who signs custom tokens: a service account through IAM Credentials, or nobody, which is enough for the emulator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from live_tokens_operations.google.credentials import (
    Account,
    CredentialsRefusedError,
    NoAccessTokenError,
    NoCredentialsError,
)
from live_tokens_operations.google.look import Found, Missing, Unseen
from live_tokens_operations.google.rest import SECONDS, GoogleApi
from live_tokens_operations.smoke.id_tokens import unsigned_token

_LOG_IN = "`gcloud auth application-default login` makes some, and --service-account names who shall sign."


class SigningError(Exception):
    """There is nobody who signs. The text says why, and what to do."""


class Signer(Protocol):
    """Signs JSON Web Tokens in the name of a service account."""

    @property
    def email(self) -> str:
        """The service account's address."""

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return a token with these claims.

        Raises:
            SigningError: there is none.
        """


@dataclass(frozen=True, slots=True)
class EmulatorSigner:
    """Signs nothing."""

    email: str = "nobody@emulator.invalid"

    def sign(self, claims: Mapping[str, object]) -> str:
        return unsigned_token(claims)


@dataclass(frozen=True, slots=True)
class GoogleAccount:
    """The caller's own account at Google.

    Attributes:
        service_account: address of the one that signs for it; None for a person who named none.
        project: id of the project that the credentials name, or None.
    """

    api: GoogleApi
    service_account: str | None
    project: str | None

    @classmethod
    def find(cls, project: str | None, sign_as: str | None) -> GoogleAccount:
        """Return the account of the Application Default Credentials.

        Args:
            project: the project to work in, or None for the one that the credentials name.
            sign_as: service account that shall sign, or None for the caller's own.

        Raises:
            SigningError: there are no credentials, or no access token with them.
        """
        try:
            account = Account.find(project)
            account.get_access_token(SECONDS)
        except (NoCredentialsError, CredentialsRefusedError) as error:
            raise SigningError(f"{error} {_LOG_IN}") from error
        except NoAccessTokenError as error:
            raise SigningError(
                f"Google gives no access token, and that is no fault of yours: {error}. Try again."
            ) from error
        api = GoogleApi(account, account.project or "PROJECT")
        return cls(api, sign_as or account.service_account, account.project)

    def signer(self) -> ServiceAccountSigner:
        """Return who signs.

        Raises:
            SigningError: nobody does.
        """
        if self.service_account is None:
            raise SigningError(
                "These credentials are a person's, and only a service account signs: name one with --service-account."
            )
        return ServiceAccountSigner(self.api, self.service_account)


@dataclass(frozen=True, slots=True)
class ServiceAccountSigner:
    """Signs through IAM Credentials, without a key file.

    Attributes:
        api: asked in the name of somebody who may sign as the account.
    """

    api: GoogleApi
    email: str

    def sign(self, claims: Mapping[str, object]) -> str:
        # Source: https://docs.cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt
        url = f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{self.email}:signJwt"
        match self.api.post(url, "roles/iam.serviceAccountTokenCreator", {"payload": json.dumps(dict(claims))}):
            case Found({"signedJwt": str(signed)}):
                return signed
            case Found():
                raise SigningError("IAM Credentials answered without a signed token. Try again.")
            case refused:
                raise SigningError(self._explanation(refused))

    def _explanation(self, error: Missing | Unseen) -> str:
        if isinstance(error, Unseen) and error.reason == "SERVICE_DISABLED":
            return "An API is off: `gcloud services enable iamcredentials.googleapis.com` in the project that signs."
        if isinstance(error, Missing) or error.status == 403:
            return (
                f"This account may not sign as {self.email}, or there is no such account ({error.codes}). Grant it "
                f"Service Account Token Creator there, also if it is the account itself: `gcloud iam service-accounts "
                f"add-iam-policy-binding {self.email} --member=… "
                f"--role=roles/iam.serviceAccountTokenCreator`"
            )
        return f"IAM Credentials did not sign ({error.codes}). Try again."
