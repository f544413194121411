"""One run of the doctor, as an operator sees it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """What the doctor said."""

    exit_code: int
    findings: tuple[str, ...]
    errors: str

    @property
    def problems(self) -> tuple[str, ...]:
        """All that is not well."""
        return tuple(line for line in self.findings if not line.startswith("ok "))


Doctor = Callable[..., Result]
"""Takes arguments of the command line; `project` and `timeout` have defaults."""
