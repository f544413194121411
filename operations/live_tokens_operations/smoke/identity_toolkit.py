"""Firebase Authentication over REST: Google's service or the emulator, which has the same methods.

Source: https://docs.cloud.google.com/identity-platform/docs/reference/rest/v1/accounts
"""

from __future__ import annotations

from dataclasses import dataclass, field

from live_tokens_operations.google.look import Found, Look, Looks, Missing, Unseen
from live_tokens_operations.google.rest import call
from live_tokens_operations.google.sign_in_config import HOST, SignInConfig, look_at

_API_IS_OFF = "An API is off. Run `gcloud services enable identitytoolkit.googleapis.com`"
_GET_STARTED = (
    "Firebase Authentication is not set up in the project. Open https://console.firebase.google.com → Authentication → "
    "Get started, or set `identity_platform` in infra/."
)
_NO_PASSWORDS = "The project does not allow sign-up with e-mail and password"
_WHO_SIGNS = (
    "Your credentials are those of a person. Use --service-account EMAIL to let a service account of the project sign "
    "in the user (infra/ creates live-tokens-release). You need Service Account Token Creator on it: `gcloud iam "
    "service-accounts add-iam-policy-binding EMAIL --member=user:… --role=roles/iam.serviceAccountTokenCreator`. "
    "Alternatively, set ID_TOKEN to the ID token of a user."
)
_OTHER_KEY = "Set FIREBASE_API_KEY to the project's web API key (Firebase console → Project settings)."


class SignInError(Exception):
    """The user was not signed in, or not deleted. The message says why, and what to do."""


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
        return cls(f"https://{HOST}/v1", api_key)

    @classmethod
    def in_emulator(cls, auth_host: str) -> IdentityToolkit:
        """Return that of the Auth emulator at `host:port`, which takes any key."""
        return cls(f"http://{auth_host}/{HOST}/v1", "any")

    def sign_in(self, custom_token: str) -> str:
        """Exchange a custom token for an ID token. This creates the user.

        Raises:
            SignInError: the user was not signed in.

        Source: https://docs.cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/signInWithCustomToken
        """
        return _id_token(self._post("signInWithCustomToken", {"token": custom_token, "returnSecureToken": True}))

    def sign_up(self, email: str, password: str) -> str:
        """Create a user with an e-mail address and a password, and return its ID token.

        Raises:
            SignInError: the user was not signed in.

        Source: https://docs.cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/signUp
        """
        look = self._post("signUp", {"email": email, "password": password, "returnSecureToken": True})
        if isinstance(look, Unseen) and look.code in ("OPERATION_NOT_ALLOWED", "ADMIN_ONLY_OPERATION"):
            raise SignInError(f"{_NO_PASSWORDS} ({look.code}). {_WHO_SIGNS}")
        return _id_token(look)

    def look_up(self, id_token: str) -> Look:
        """Look up the user of an ID token.

        Source: https://docs.cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/lookup
        """
        return self._post("lookup", {"idToken": id_token})

    def delete(self, id_token: str) -> None:
        """Delete the user of an ID token. This works for five minutes after the sign-in.

        Raises:
            SignInError: the user may still exist.

        Source: https://docs.cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/delete
        """
        look = self._post("delete", {"idToken": id_token})
        if not isinstance(look, Found):
            raise SignInError(f"Firebase Authentication did not delete it ({look.codes})")

    def _post(self, method: str, body: dict[str, object]) -> Look:
        # The key goes into a header, not into the URL, where errors would quote it.
        return call("POST", f"{self.base}/accounts:{method}", body, {"X-Goog-Api-Key": self.api_key})


def web_api_key(api: Looks, project: str) -> str:
    """Return the project's web API key.

    Args:
        api: its account needs `firebaseauth.configs.get`.

    Raises:
        SignInError: the key was not found.
    """
    match look_at(api, project):
        case Unseen(reason="SERVICE_DISABLED"):
            raise SignInError(_API_IS_OFF)
        case Missing():
            raise SignInError(_GET_STARTED)
        case Unseen(refused=False) as unseen:
            raise SignInError(f"The web API key of {project} could not be looked up ({unseen.codes}). Try again.")
        case Unseen() as unseen:
            raise SignInError(
                f"The web API key of {project} could not be looked up ({unseen.codes}). This needs Authentication "
                f"Viewer (roles/firebaseauth.viewer). {_OTHER_KEY}"
            )
        case SignInConfig(web_api_key=str(key)):
            return key
    raise SignInError(f"Identity Toolkit returns no web API key of {project}. {_OTHER_KEY}")


def _id_token(look: Look) -> str:
    match look:
        case Found({"idToken": str(id_token)}):
            return id_token
        case Found():
            raise SignInError("Firebase Authentication answered without an ID token. Try again.")
        case refused:
            raise SignInError(_explanation(refused))


def _explanation(refused: Missing | Unseen) -> str:
    reason = refused.reason if isinstance(refused, Unseen) else ""
    if reason == "SERVICE_DISABLED":
        return _API_IS_OFF
    if refused.code == "CONFIGURATION_NOT_FOUND":
        return _GET_STARTED
    if reason.startswith("API_KEY_") or reason == "CONSUMER_INVALID":
        return f"Firebase Authentication refuses the web API key ({reason}). {_OTHER_KEY}"
    if refused.code in ("INVALID_CUSTOM_TOKEN", "CREDENTIAL_MISMATCH"):
        return (
            f"Firebase Authentication refuses the custom token ({refused.code}). The service account that signs and "
            f"the web API key must be of the same project. Use --service-account to choose another account."
        )
    return f"Firebase Authentication did not sign the user in ({refused.codes})."
