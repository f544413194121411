"""Runs gcloud."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

from live_tokens_operations.process import OperationError

WHERE_TO_GET_IT = "https://cloud.google.com/sdk/docs/install"


class GcloudError(OperationError):
    """gcloud is missing, or failed."""


def run(argv: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run a command line of gcloud whose output is for the operator.

    Raises:
        GcloudError: it failed, and has said why.
    """
    try:
        code = subprocess.run(argv, env=dict(environment), check=False).returncode
    except FileNotFoundError as error:
        raise GcloudError(f"gcloud is missing. Install it: {WHERE_TO_GET_IT}") from error
    if code != 0:
        raise GcloudError("gcloud failed.")
