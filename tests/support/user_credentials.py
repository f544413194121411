"""The Application Default Credentials of a person."""

import json
from pathlib import Path


def user_credentials(file: Path) -> Path:
    """Write what `gcloud auth application-default login` writes, and return the file."""
    content = {
        "type": "authorized_user",
        "client_id": "sample.apps.googleusercontent.com",
        "client_secret": "sample-client-secret",
        "refresh_token": "1//sample-refresh-token",
    }
    file.write_text(json.dumps(content), encoding="utf-8")
    return file
