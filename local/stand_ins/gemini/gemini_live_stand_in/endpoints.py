"""Where a running stand-in is: for code in the same process, and as one line of JSON for any other program."""

import json
from dataclasses import dataclass, field
from pathlib import Path

_SERVICE = "google.ai.generativelanguage.v1beta.GenerativeService"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of a running stand-in.

    Attributes:
        url: `http://host:port`, or with https. SDKs take it as base URL.
        api_key: a key that the stand-in accepts.
        certificate: PEM file to trust if `url` is https.
        has_control: whether the control route is served.
    """

    url: str
    api_key: str = field(repr=False)
    certificate: Path | None = None
    has_control: bool = False

    @property
    def live_url(self) -> str:
        """URL of the WebSocket for API keys. Add `?key=…`, or send the header `x-goog-api-key`."""
        return f"ws{self.url.removeprefix('http')}/ws/{_SERVICE}.BidiGenerateContent"

    @property
    def constrained_url(self) -> str:
        """URL of the WebSocket for ephemeral tokens. Add `?access_token=…`."""
        return f"{self.live_url}Constrained"

    @property
    def auth_tokens_url(self) -> str:
        """URL to mint a token at: POST with the header `x-goog-api-key`."""
        return f"{self.url}/v1beta/auth_tokens"

    @property
    def control_url(self) -> str | None:
        """URL under which the control route is, or None if it is not served."""
        return f"{self.url}/control" if self.has_control else None

    def ready_line(self) -> str:
        """Return all of it as one line of JSON. Later versions add names and keep these."""
        return json.dumps(
            {
                "url": self.url,
                "liveUrl": self.live_url,
                "constrainedUrl": self.constrained_url,
                "authTokensUrl": self.auth_tokens_url,
                "controlUrl": self.control_url,
                "apiKey": self.api_key,
                "certificate": None if self.certificate is None else str(self.certificate),
            }
        )
