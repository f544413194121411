"""Signers of custom tokens: a service account through IAM Credentials, or none, which the emulator accepts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from live_tokens_operations.google.credentials import (
    CredentialsRefusedError,
    GoogleIdentity,
    NoAccessTokenError,
    NoCredentialsError,
)
from live_tokens_operations.google.look import Found, Missing, Unseen
from live_tokens_operations.google.rest import SECONDS, GoogleApi
from live_tokens_operations.smoke.id_tokens import unsigned_token

_LOG_IN = "Run `gcloud auth application-default login`, and use --service-account to choose the signer."


class SigningError(Exception):
    """No signer is available. The message says why, and what to do."""


class Signer(Protocol):
    """Signs JSON Web Tokens as a service account."""

    @property
    def email(self) -> str:
        """The service account's address."""

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return a token with these claims.

        Raises:
            SigningError: the token was not signed.
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
        service_account: address of the account that signs; None for a person without --service-account.
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
            sign_as: service account that signs, or None for the caller's own.

        Raises:
            SigningError: there are no credentials, or no access token with them.
        """
        try:
            account = GoogleIdentity.find(project)
            account.get_access_token(SECONDS)
        except (NoCredentialsError, CredentialsRefusedError) as error:
            text = str(error)
            raise SigningError(f"{text[:1].upper()}{text[1:]}. {_LOG_IN}") from error
        except NoAccessTokenError as error:
            raise SigningError(f"Google gives no access token at the moment: {error}. Try again.") from error
        api = GoogleApi(account, account.project or "PROJECT")
        return cls(api, sign_as or account.service_account, account.project)

    def signer(self) -> ServiceAccountSigner:
        """Return the signer.

        Raises:
            SigningError: a person cannot sign.
        """
        if self.service_account is None:
            raise SigningError(
                "These credentials are those of a person, and only a service account can sign. Use --service-account."
            )
        return ServiceAccountSigner(self.api, self.service_account)


@dataclass(frozen=True, slots=True)
class ServiceAccountSigner:
    """Signs through IAM Credentials, without a key file.

    Attributes:
        api: its account may sign as the service account.
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
            return "An API is off. Run `gcloud services enable iamcredentials.googleapis.com` in the signer's project."
        if isinstance(error, Missing) or error.status == 403:
            return (
                f"This account may not sign as {self.email}, or that account does not exist ({error.codes}). Grant it "
                f"Service Account Token Creator there, even if both are the same account: `gcloud iam service-accounts "
                f"add-iam-policy-binding {self.email} --member=… "
                f"--role=roles/iam.serviceAccountTokenCreator`"
            )
        return f"IAM Credentials did not sign ({error.codes}). Try again."
