"""Terraform's providers where there is no registry: stand-ins with the real ones' schemas.

They are in a folder `terraform-offline`, named by $TERRAFORM_OFFLINE or in `shared` beside this repository.
"""

import fcntl
import importlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

NO_OFFLINE_PROVIDERS = "terraform needs offline providers to apply without an account: set TERRAFORM_OFFLINE."
"""Why a test that applies was skipped."""

_BESIDE = Path(__file__).parents[3] / "shared" / "terraform-offline"


class OfflineProvidersError(Exception):
    """The stand-ins are not where they should be, or do not start. The text is a sentence that says what."""


def offline_folder() -> Path | None:
    """Return the folder of the stand-ins; None if there is none.

    Raises:
        OfflineProvidersError: the one that $TERRAFORM_OFFLINE names is none.
    """
    named = os.environ.get("TERRAFORM_OFFLINE")
    folder = Path(named).resolve() if named else _BESIDE
    if (folder / "tf.py").is_file():
        return folder
    if named:
        raise OfflineProvidersError(f"$TERRAFORM_OFFLINE is {named}, which has no tf.py.")
    return None


def providers_config(offline: Path) -> Path:
    """Return the configuration file that makes terraform take its providers from the stand-ins.

    Raises:
        OfflineProvidersError: they could not be set up.
    """
    # Two processes of the tests may come first at once, and each would clear away what the other installs.
    with Path(tempfile.gettempdir(), f"live-tokens-providers-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return Path(_module(offline, "mirror").set_up())
        except SystemExit as stop:
            raise OfflineProvidersError(f"The stand-ins for the providers cannot be installed: {stop}") from None


@contextmanager
def attached_providers(offline: Path, module: Path) -> Iterator[dict[str, str]]:
    """Yield the environment in which terraform uses one running stand-in for all its commands in a module.

    Without it, terraform starts a provider of its own for every step.

    Raises:
        OfflineProvidersError: the stand-in does not start.
    """
    providers_config(offline)
    server = _module(offline, "tf").attached(module)
    try:
        environment = server.__enter__()
    except SystemExit as stop:
        raise OfflineProvidersError(f"The stand-ins for the providers do not start: {stop}") from None
    try:
        yield {name: environment[name] for name in ("TF_CLI_CONFIG_FILE", "TF_REATTACH_PROVIDERS")}
    finally:
        server.__exit__(None, None, None)


def _module(offline: Path, name: str) -> ModuleType:
    if str(offline) not in sys.path:
        sys.path.append(str(offline))
    return importlib.import_module(name)
