"""A Firebase project at Google, on this machine: the real function behind Google's names, and what signs users in."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import JSONResponse

from support.google.access import refusal
from support.google.identity_toolkit import IdentityToolkit
from support.production.function_process import functions_with, run_function
from support.production.local_google import PROJECT, SECRET, LocalGoogle
from support.smoke_program import Outcome, smoke
from support.tokens_only import tokens_only_default

HOST = f"europe-west1-{PROJECT}.cloudfunctions.net"
URL = f"https://{HOST}/mint-live-token"


def google_error(code: int, message: str, status: str = "INVALID_ARGUMENT", reason: str | None = None) -> JSONResponse:
    """Return an error of the kind that Identity Toolkit has most."""
    return refusal(code, status, message, reason or "")


@dataclass(frozen=True, slots=True)
class GoogleProject:
    """The project, which a test has for itself."""

    google: LocalGoogle

    @property
    def identity(self) -> IdentityToolkit:
        """Its users, and all that they did to sign in."""
        return self.google.identity

    def smoke(self, *arguments: str, url: str = URL, **environment: str) -> Outcome:
        """Run the smoke test as Cloud Build does: as the account of a metadata server. It must leak nothing."""
        outcome = smoke(url, "--timeout", "10", *arguments, environment=self.environment(environment))
        self.google.ledger.heard("the smoke test", outcome.out + outcome.err)
        return outcome

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a program in this project."""
        return {**self.google.environment, **self.google.metadata_server, "FIREBASE_PROJECT_ID": PROJECT, **more}


@contextmanager
def run_deployed_function(google: LocalGoogle, folder: Path, host: str, **settings: str) -> Iterator[None]:
    """Run the unmodified function behind `host`, as Cloud Run does, with one more profile, `tokens-only`."""
    environment = {
        **google.environment,
        **google.key_file,
        "FIREBASE_PROJECT_ID": PROJECT,
        "GEMINI_API_KEY_SECRET": f"{SECRET}/versions/latest",
        "QUOTA_STORE": "memory",
        **settings,
    }
    functions = functions_with({"tokens-only": tokens_only_default()}, folder)
    with run_function(environment, folder, google.ledger, functions) as function:
        google.proxy.route(host, function.url.removeprefix("http://"))
        yield
