"""Application Default Credentials: the key file of a service account that exists for one test run."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What GOOGLE_APPLICATION_CREDENTIALS names.

    Attributes:
        private_key: the key in it, in PEM.
    """

    file: Path
    private_key: str = field(repr=False)

    @classmethod
    def create(cls, project_id: str, file: Path) -> "ServiceAccount":
        """Generate a key and write the file."""
        private_key = (
            rsa.generate_private_key(public_exponent=65537, key_size=2048)
            .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            .decode()
        )
        content = {
            "type": "service_account",
            "project_id": project_id,
            "private_key_id": "0123456789abcdef",
            "private_key": private_key,
            "client_email": f"live-tokens@{project_id}.iam.gserviceaccount.com",
            "client_id": "100000000000000000001",
            "token_uri": "https://oauth2.googleapis.com/token",
            "universe_domain": "googleapis.com",
        }
        file.write_text(json.dumps(content), encoding="utf-8")
        return cls(file, private_key)
