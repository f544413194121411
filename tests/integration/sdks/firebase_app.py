"""An app that uses the Firebase SDKs: what it does, step by step."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from firebase_sign_in import sign_up as sign_up_over_http
from stack import PROJECT_ID, LocalStack
from support.sdks.node_scripts import NodeScripts

Step = Mapping[str, object]
Outcome = dict[str, Any]

_CALL_SECONDS = 60


@dataclass(frozen=True, slots=True)
class FirebaseApp:
    """Starts the app anew for each list of steps.

    Args:
        scripts: the SDKs.
        stack: where its users are, and its function if no other is named.
    """

    scripts: NodeScripts
    stack: LocalStack

    def take(self, *steps: Step, function_url: str | None = None) -> list[Outcome]:
        """Take the steps in one run of the app and return the outcome of each."""
        outcomes: list[Outcome] = self.scripts.run(
            "firebase.mjs",
            {
                "projectId": PROJECT_ID,
                "authUrl": f"http://{self.stack.auth_host}",
                "functionUrl": function_url or self.stack.function_url,
                "steps": steps,
            },
        )
        return outcomes

    def live_token(self, **data: str) -> Outcome:
        """Return a live token of a new user, got by the SDK."""
        _, outcome = self.take(sign_up(), call(data))
        result: Outcome = outcome["result"]
        return result

    def live_token_without_sdk(self, function_url: str | None = None, **data: str) -> Outcome:
        """Return a live token of a new user, got over plain HTTP: quicker, for tests of what comes after it."""
        user = sign_up_over_http(self.stack.auth_host)
        headers = {"Authorization": f"Bearer {user.id_token}"}
        url = function_url or self.stack.function_url
        response = requests.post(url, json={"data": data}, headers=headers, timeout=_CALL_SECONDS)
        assert response.status_code == 200, response.text
        result: Outcome = response.json()["result"]
        self.scripts.secrets_seen.collect([result, {"idToken": user.id_token}])
        return result

    def error(self, *steps: Step, function_url: str | None = None) -> Outcome:
        """Return the error that the last step, a call, ends with."""
        *_, outcome = self.take(*steps, function_url=function_url)
        error: Outcome = outcome["error"]
        return error


def credentials() -> Outcome:
    """An e-mail address and a password that nobody has used."""
    return {"email": f"{uuid.uuid4().hex}@example.com", "password": uuid.uuid4().hex}


def sign_up(account: Mapping[str, str] | None = None, tenant_id: str | None = None) -> Step:
    """Make a user with an e-mail address and sign it in."""
    return {"step": "signUp", "tenantId": tenant_id, **(account or credentials())}


def call(*given: object) -> Step:
    """Call the function with these arguments: one, or none at all."""
    return {"step": "call", "given": given}


def stream(*given: object) -> Step:
    """Call the function as one that answers in pieces, with these arguments."""
    return {"step": "stream", "given": given}


SIGN_UP_ANONYMOUSLY: Step = {"step": "signUpAnonymously"}
SIGN_OUT: Step = {"step": "signOut"}
DISABLE: Step = {"step": "disable"}
DELETE: Step = {"step": "delete"}
REVOKE: Step = {"step": "revoke"}
WAIT_FOR_THE_NEXT_SECOND: Step = {"step": "waitForTheNextSecond"}
