"""Remedies for known failures, found by the messages of Terraform, gcloud and Google."""

from __future__ import annotations

import re

from live_tokens_operations.defaults import state_bucket, state_prefix
from live_tokens_operations.programs import Finished, ProgramError

_OPEN_THE_STATE = (
    f"terraform -chdir=infra init -reconfigure -backend-config=bucket={state_bucket('PROJECT_ID')} "
    f"-backend-config=prefix={state_prefix('REGION')}"
)
_AGAIN = "Wait a few minutes and run this again. It continues where it stopped."

# Pattern of a failure's message → what to do. The first match counts, so specific patterns come first.
_KNOWN = {
    r"constraints/iam\.allowedPolicyMemberDomains|do not belong to a permitted customer": (
        'An organisation policy forbids public members. Set public = "no-invoker-check" in the settings of the project '
        "and run this again: Cloud Run then checks no caller, and the function does. Or ask for an exception for this "
        "project."
    ),
    r"disableServiceAccountApiKeyCreation": (
        "An organisation policy forbids API keys that are bound to service accounts. Ask for an exception."
    ),
    r"constraints/[a-z]": "An organisation policy forbids this. Ask its administrator for an exception.",
    r"Identity Platform has already been enabled": (
        "Remove identity_platform from the settings of the project, or import the existing configuration: "
        f"{_OPEN_THE_STATE} && terraform -chdir=infra import -var-file=projects/PROJECT_ID.tfvars "
        "'google_identity_platform_config.sign_in[0]' PROJECT_ID"
    ),
    # This happens to an Owner, too: https://github.com/firebase/firebase-tools/issues/2498
    r"Error creating Project: googleapi: Error 403: The caller does not[\s\S]*google_firebase_project\.": (
        "Firebase refuses accounts that have not accepted its terms, even the owner's. Add Firebase to the project "
        "once in https://console.firebase.google.com, and run this again. Otherwise the account lacks a role."
    ),
    r"quota project|USER_PROJECT_DENIED|serviceusage\.services\.use": (
        "Your credentials have no quota project, or the wrong one. "
        "Run: gcloud auth application-default set-quota-project PROJECT_ID"
    ),
    r"SERVICE_DISABLED|has not been used in project|accessNotConfigured": f"An API is not active yet. {_AGAIN}",
    r"cannot run builds in this region|no concurrent builds quota": (
        "Google allows some projects to build only in a few regions, such as europe-west1 and us-central1: "
        "https://cloud.google.com/build/docs/locations. Run make destroy, then make deploy with such a REGION."
    ),
    r"Cannot find metric": f"Cloud Monitoring does not know the new metric yet. {_AGAIN}",
    r"gcf-v2-sources-|Build failed|build failed": (f"The build account's roles may not be effective yet. {_AGAIN}"),
    r"Error acquiring the state lock": (
        "Another deployment is running, or an earlier one was killed. If none is running, use the ID above: "
        f"{_OPEN_THE_STATE} && terraform -chdir=infra force-unlock ID"
    ),
    r"already exists|alreadyExists|\b409\b": (
        "A resource of this name exists outside of the state. Import it, delete it, or choose another name "
        "in the settings of the project. If Terraform has made it, its state is lost: delete nothing, and read "
        "docs/playbooks/emergencies/state-lost.md."
    ),
    r"could not find default credentials|invalid_grant|Reauthentication|oauth2/google": (
        "Your credentials have expired. Run: gcloud auth application-default login"
    ),
    r"RESOURCE_EXHAUSTED|[Qq]uota exceeded|\b429\b": f"A quota of the project is used up. {_AGAIN}",
    r"PERMISSION_DENIED|[Pp]ermission|forbidden|\b403\b": (
        f"The account lacks a role. The owner of the project has all required roles. If the role is new: {_AGAIN}"
    ),
}


def remedy_for(words: str) -> str:
    """Return what to do about a failure, or an empty text for an unknown one."""
    return next((remedy for pattern, remedy in _KNOWN.items() if re.search(pattern, words)), "")


def with_remedy(text: str, words: str) -> str:
    """Return a text, followed by a line with the remedy for a failure's message, if any."""
    return f"{text}\n{remedy_for(words)}".rstrip()


def require(finished: Finished, otherwise: str) -> None:
    """Raise an error unless a program succeeded.

    Args:
        otherwise: the message, if it failed.

    Raises:
        ProgramError: the program failed.
    """
    if finished.code != 0:
        raise ProgramError(with_remedy(otherwise, finished.err))


def require_answer(finished: Finished, otherwise: str) -> None:
    """Like `require`, for a program whose output the operator has not seen."""
    require(finished, f"{otherwise}:\n{finished.err.strip()}")
