"""What tests start from: a run that has been made, and what it has left."""

from dataclasses import dataclass
from typing import NamedTuple

from operations.deploy.checkout import Checkout
from operations.deploy.google import Google
from operations.deploy.typed import Ended


class Deployed(NamedTuple):
    """Both sides of a deployment."""

    google: Google
    checkout: Checkout


@dataclass(frozen=True, slots=True)
class FirstRun:
    """The one run with a question about the plan, two wrong keys and a right one, which many tests start from.

    Attributes:
        leaks: command lines that had the key or an access token in them while gcloud talked to Google.
    """

    google: Google
    checkout: Checkout
    ended: Ended
    leaks: list[str]
