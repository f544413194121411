"""How the users of a project may sign in, asked by whoever is logged in to gcloud."""

from __future__ import annotations

import requests

from live_tokens_operations.google.sign_in_config import NotSeen, NotSetUp, SignInConfig, look_at


def look(project: str, access_token: str) -> SignInConfig | NotSetUp | NotSeen:
    """Ask Google."""
    with requests.Session() as session:
        # A person's credentials belong to no project: this one answers for the call.
        session.headers.update({"Authorization": f"Bearer {access_token}", "X-Goog-User-Project": project})
        return look_at(session, project)
