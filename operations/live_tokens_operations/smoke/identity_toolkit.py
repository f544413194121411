"""Firebase Authentication over REST: Google's, or the emulator's, which has the same methods.

Source: https://docs.cloud.google.com/identity-platform/docs/reference/rest/v1/accounts
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import requests

from live_tokens_operations.google.rest import GoogleApiError, ask
from live_tokens_operations.google.sign_in_config import HOST, NotSeen, NotSetUp, SignInConfig, look_at

_API_IS_OFF = "An API is off: `gcloud services enable identitytoolkit.googleapis.com`"
_GET_STARTED = (
    "The project has no Authentication yet: https://console.firebase.google.com → Authentication → Get started, or "
    "`identity_platform` in infra/."
)
_NO_PASSWORDS = "The project lets nobody sign up with e-mail and password"
_WHO_SIGNS = (
    "Your credentials are a person's, so let a service account of the project sign the user in: --service-account "
    "EMAIL (infra/ makes live-tokens-release), with Service Account Token Creator on it for you: `gcloud iam "
    "service-accounts add-iam-policy-binding EMAIL --member=user:… --role=roles/iam.serviceAccountTokenCreator`. "
    "Or put the ID token of a user into ID_TOKEN."
)
_OTHER_KEY = "Put the project's web API key (Firebase console → Project settings) into FIREBASE_API_KEY."


class SignInError(Exception):
    """Nobody was signed in, or the user was not deleted. The text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class IdentityToolkit:
    """The methods that apps call.

    Attributes:
        base: URL of version 1.
        api_key: the project's web API key. It is public; it names the project.
    """

    base: str
    api_key: str = field(repr=False)

    @classmethod
    def at_google(cls, api_key: str) -> IdentityToolkit:
        """Return Google's."""
        return cls(f"https://{HOST}/v1", api_key)

    @classmethod
    def in_emulator(cls, auth_host: str) -> IdentityToolkit:
        """Return that of the Auth emulator at `host:port`, which takes any key."""
        return cls(f"http://{auth_host}/{HOST}/v1", "any")

    def sign_in(self, custom_token: str) -> str:
        """Exchange a custom token for an ID token. The user comes into being with it.

        Raises:
            SignInError: there was none.

        Source: https://docs.cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/signInWithCustomToken
        """
        try:
            answer = self._post("signInWithCustomToken", {"token": custom_token, "returnSecureToken": True})
        except GoogleApiError as error:
            raise SignInError(_explanation(error)) from error
        return _id_token(answer)

    def sign_up(self, email: str, password: str) -> str:
        """Make a user with an e-mail address and a password, and return its ID token.

        Raises:
            SignInError: there was none.

        Source: https://docs.cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/signUp
        """
        try:
            answer = self._post("signUp", {"email": email, "password": password, "returnSecureToken": True})
        except GoogleApiError as error:
            if error.code in ("OPERATION_NOT_ALLOWED", "ADMIN_ONLY_OPERATION"):
                raise SignInError(f"{_NO_PASSWORDS} ({error.code}). {_WHO_SIGNS}") from error
            raise SignInError(_explanation(error)) from error
        return _id_token(answer)

    def delete(self, id_token: str) -> None:
        """Delete the user whose ID token this is; within five minutes of the sign-in nothing else is needed.

        Raises:
            SignInError: it may still be there.

        Source: https://docs.cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/delete
        """
        try:
            self._post("delete", {"idToken": id_token})
        except GoogleApiError as error:
            raise SignInError(f"Firebase Authentication did not delete it ({error})") from error

    def _post(self, method: str, body: dict[str, object]) -> dict[str, object]:
        # The key goes into a header, not into the URL, where errors would quote it.
        with requests.Session() as session:
            return ask(session, "POST", f"{self.base}/accounts:{method}", body, {"X-Goog-Api-Key": self.api_key})


def web_api_key(session: requests.Session, project: str) -> str:
    """Look the project's web API key up.

    Args:
        session: authorised as somebody with `firebaseauth.configs.get`.
        project: its id.

    Raises:
        SignInError: there is none.
    """
    match look_at(session, project):
        case NotSetUp(api_is_off=True):
            raise SignInError(_API_IS_OFF)
        case NotSetUp():
            raise SignInError(_GET_STARTED)
        case NotSeen(why, refused=False):
            raise SignInError(f"The web API key of {project} could not be looked up ({why}). Try again.")
        case NotSeen(why):
            raise SignInError(
                f"The web API key of {project} could not be looked up ({why}): that takes Firebase Authentication "
                f"Viewer (roles/firebaseauth.viewer). {_OTHER_KEY}"
            )
        case SignInConfig(web_api_key=str(key)):
            return key
    raise SignInError(f"Identity Toolkit knows no web API key of {project}. {_OTHER_KEY}")


def _id_token(answer: Mapping[str, object]) -> str:
    id_token = answer.get("idToken")
    if not isinstance(id_token, str):
        raise SignInError("Firebase Authentication answered without an ID token. Try again.")
    return id_token


def _explanation(error: GoogleApiError) -> str:
    if error.reason == "SERVICE_DISABLED":
        return _API_IS_OFF
    if error.code == "CONFIGURATION_NOT_FOUND":
        return _GET_STARTED
    if error.reason.startswith("API_KEY_") or error.reason == "CONSUMER_INVALID":
        return f"Firebase Authentication refuses the web API key ({error.reason}). {_OTHER_KEY}"
    if error.code in ("INVALID_CUSTOM_TOKEN", "CREDENTIAL_MISMATCH"):
        return (
            f"Firebase Authentication refuses the custom token ({error.code}): the service account that signs and the "
            f"web API key must be of the same project. --service-account names another account."
        )
    return f"Firebase Authentication did not sign the user in ({error})."
