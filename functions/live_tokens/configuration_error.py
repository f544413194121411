"""The error that stops the service from starting: the operator's settings or profiles are wrong."""

from __future__ import annotations

from typing import ClassVar


class ConfigurationError(Exception):
    """The configuration cannot be used.

    Attributes:
        faults: one sentence per fault, each with the name of the variable, or of the file and field. Values are left
            out: one may be a misplaced key.
    """

    subject: ClassVar[str]

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"The {self.subject} are not usable:\n" + "\n".join(f"  - {fault}" for fault in faults))
