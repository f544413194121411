"""The credentials of this machine: Google accepts them. `doctor` and `deploy` ask this before anything else."""

from __future__ import annotations

from collections.abc import Mapping

from live_tokens_operations.checks.finding import Finding, bad, unanswered
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.credentials import CredentialsRefusedError, GoogleIdentity, NoCredentialsError
from live_tokens_operations.google.look import Unseen
from live_tokens_operations.google.rest import SECONDS, GoogleApi
from live_tokens_operations.remedies import command


def check_credentials(project: str, environment: Mapping[str, str], seconds: float = SECONDS) -> GoogleApi | Finding:
    """Return Google's APIs with an access token, or the finding that there is none.

    Args:
        environment: may hold Terraform's own credentials.
    """
    log_in = command(gcloud_commands.log_in())
    try:
        api = GoogleApi(GoogleIdentity.find(project, environment), project, seconds)
        unseen = api.sign_in()
    except NoCredentialsError as error:
        return bad(f"Credentials: {error}", log_in)
    except CredentialsRefusedError as error:
        return bad(f"Credentials: {error}", log_in)
    return unanswered("Credentials", unseen) if isinstance(unseen, Unseen) else api
