"""Whether a project has Firebase Authentication, without which nobody can sign in.

Source: https://cloud.google.com/identity-platform/docs/reference/rest/v2/projects/getConfig
"""

from __future__ import annotations

import httpx

_CONFIG = "https://identitytoolkit.googleapis.com/admin/v2/projects/{project}/config"
_TIMEOUT_SECONDS = 20.0


class NotLookedAtError(Exception):
    """It could not be found out. The text is Google's, or says what is in the way."""


def is_initialised(project: str, access_token: str) -> bool:
    """Return whether somebody has set Firebase Authentication, or Identity Platform, up in a project.

    Raises:
        NotLookedAtError: Google did not answer, or refused.
    """
    # A person's credentials belong to no project: this one answers for the call.
    headers = {"Authorization": f"Bearer {access_token}", "X-Goog-User-Project": project}
    try:
        answer = httpx.get(_CONFIG.format(project=project), headers=headers, timeout=_TIMEOUT_SECONDS)
    except httpx.HTTPError as error:
        raise NotLookedAtError(f"identitytoolkit.googleapis.com does not answer ({type(error).__name__}).") from error
    if answer.is_success:
        return True
    # The second is what a project says whose Identity Toolkit API was never switched on.
    if answer.status_code == httpx.codes.NOT_FOUND or "SERVICE_DISABLED" in answer.text:
        return False
    raise NotLookedAtError(_message(answer))


def _message(answer: httpx.Response) -> str:
    try:
        return f"{answer.status_code}: {answer.json()['error']['message']}"
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} from identitytoolkit.googleapis.com"
