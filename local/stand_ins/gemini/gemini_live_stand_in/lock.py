"""What a token fixes of a session's setup, and the setup that comes out of it."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from gemini_live_stand_in.wire_schema import MESSAGES

Path = tuple[str, ...]


class MaskError(Exception):
    """The field mask names something that cannot be masked."""


class UnmaskedFieldError(Exception):
    """The setup holds a field that the field mask does not name."""


@dataclass(frozen=True, slots=True)
class Lock:
    """The setup and the mask a token was minted with; by default nothing is locked."""

    setup: Mapping[str, Any] | None = None
    mask: Sequence[Path] = ()

    def effective_setup(self, client_setup: Mapping[str, Any]) -> dict[str, Any]:
        """Return the setup a session really runs with; conflicts are settled silently, as Google does.

        No setup, no mask: the client's. Setup without mask: entirely the token's. Mask: the masked fields
        come from the token, and a masked field the token does not have is removed (ASSUMED; so is the effect of
        a mask without setup).
        """
        if self.setup is not None and not self.mask:
            return deepcopy(dict(self.setup))
        effective = deepcopy(dict(client_setup))
        for path in self.mask:
            _overwrite(effective, self.setup or {}, path)
        return effective


def parse_mask(text: str) -> tuple[Path, ...]:
    """Read a FieldMask in JSON form: camelCase paths into BidiGenerateContentSetup, never through a list."""
    return tuple(_parse_path(path) for path in text.split(",")) if text else ()


def _parse_path(text: str) -> Path:
    kind = "BidiGenerateContentSetup"
    path = tuple(text.split("."))
    for part in path:
        # A repeated or map field has a label before its type and so is no message to descend into.
        fields = MESSAGES.get(kind, {})
        if part not in fields:
            raise MaskError(text)
        kind = fields[part]
    return path


def require_masked(setup: Mapping[str, Any], mask: Sequence[Path]) -> None:
    """Refuse a setup with a field that no path of a mask names or leads to.

    Raises:
        UnmaskedFieldError: there is such a field.
    """
    for name, value in setup.items():
        named = [path[1:] for path in mask if path[0] == name]
        if () in named:
            continue
        if not named:
            raise UnmaskedFieldError(name)
        require_masked(value, named)


def _overwrite(target: dict[str, Any], source: Mapping[str, Any], path: Path) -> None:
    head, *rest = path
    if not rest:
        if head in source:
            target[head] = deepcopy(source[head])
        else:
            target.pop(head, None)
    elif head in target or head in source:
        _overwrite(target.setdefault(head, {}), source.get(head, {}), tuple(rest))
