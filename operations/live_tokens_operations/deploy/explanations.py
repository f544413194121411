"""One sentence for each failure that people run into, found by the words of Terraform, gcloud and Google."""

from __future__ import annotations

import re

from live_tokens_operations.deploy.errors import ProgramError
from live_tokens_operations.deploy.programs import Finished

_AGAIN = "Wait a few minutes and run this again: it goes on from where it stopped."

# Words that a failure has in it → what to do. The first that fits is said, so the special ones come first.
_KNOWN = {
    r"constraints/iam\.allowedPolicyMemberDomains|do not belong to a permitted customer": (
        "An organisation policy forbids public members. Ask for an exception for this project, or set public = false "
        "in terraform.tfvars and put something in front that signs in."
    ),
    r"disableServiceAccountApiKeyCreation": (
        "An organisation policy forbids API keys that are bound to service accounts: ask for an exception."
    ),
    r"constraints/[a-z]": "An organisation policy forbids this: ask whoever keeps it for an exception.",
    r"Identity Platform has already been enabled": (
        "Take identity_platform out of terraform.tfvars, or import what is there: "
        "terraform -chdir=infra import 'google_identity_platform_config.sign_in[0]' PROJECT_ID"
    ),
    # To an Owner, too: https://github.com/firebase/firebase-tools/issues/2498
    r"Error creating Project: googleapi: Error 403: The caller does not[\s\S]*google_firebase_project\.": (
        "Firebase refuses who has never accepted its terms, the owner of the project, too: add Firebase to the project "
        "once in https://console.firebase.google.com, and run this again. Otherwise the account lacks a role."
    ),
    r"quota project|USER_PROJECT_DENIED|serviceusage\.services\.use": (
        "Your credentials name no project, or another one, to answer for the call. "
        "Run: gcloud auth application-default set-quota-project PROJECT_ID"
    ),
    r"SERVICE_DISABLED|has not been used in project|accessNotConfigured": f"An API was off a moment ago. {_AGAIN}",
    r"cannot run builds in this region|no concurrent builds quota": (
        "Google lets some projects build in a few regions only, europe-west1 and us-central1 among them: "
        "https://cloud.google.com/build/docs/locations. Run make destroy, then make deploy with such a REGION."
    ),
    r"Cannot find metric": f"Cloud Monitoring does not know a new metric at once. {_AGAIN}",
    r"gcf-v2-sources-|Build failed|build failed": (f"The build account's roles may not be effective yet. {_AGAIN}"),
    r"Error acquiring the state lock": (
        "Somebody else deploys, or a run was killed. If you are sure of the second, take the ID shown above and run: "
        "terraform -chdir=infra force-unlock ID"
    ),
    r"already exists|alreadyExists|\b409\b": (
        "Something of this name is there that this state does not know. Import it, delete it, or choose another name "
        "in terraform.tfvars."
    ),
    r"could not find default credentials|invalid_grant|Reauthentication|oauth2/google": (
        "Credentials have run out. Run: gcloud auth application-default login"
    ),
    r"RESOURCE_EXHAUSTED|[Qq]uota exceeded|\b429\b": f"A quota of the project is used up. {_AGAIN}",
    r"PERMISSION_DENIED|[Pp]ermission|forbidden|\b403\b": (
        "The account lacks a role. The owner of the project has all that are needed. If it was granted a moment ago: "
        f"{_AGAIN}"
    ),
}


def advice_on(words: str) -> str:
    """Return what to do about a failure, or nothing if it is not a known one."""
    return next((advice for pattern, advice in _KNOWN.items() if re.search(pattern, words)), "")


def with_advice(text: str, words: str) -> str:
    """Return a text, and on a line of its own what to do about the words of a failure."""
    return f"{text}\n{advice_on(words)}".rstrip()


def require(finished: Finished, otherwise: str) -> None:
    """Go on if a program succeeded.

    Args:
        otherwise: what it means that it failed.

    Raises:
        ProgramError: it failed.
    """
    if finished.code != 0:
        raise ProgramError(with_advice(otherwise, finished.err))


def require_answer(finished: Finished, otherwise: str) -> None:
    """Go on if a program succeeded whose words the operator has not seen. See `require`."""
    require(finished, f"{otherwise}:\n{finished.err.strip()}")
