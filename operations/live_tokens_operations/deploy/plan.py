"""What a plan of Terraform is going to do, read from its JSON.

Source: https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from live_tokens_operations.google.look import Json

# They exist in Terraform's state only.
_NOTHING_IN_THE_PROJECT = ("time_sleep.", "time_static.")
# Computed for each run, or not a setting of the deployment.
_NO_SETTINGS = ("project_id", "worst_usd_per_user_day", "release")

Settings = dict[str, object]
"""Path of a setting, such as `app_check.mode` → its value. Settings with the default are left out."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource.

    Attributes:
        before: its values now; empty for a new resource. They may be sensitive.
        after: its values then; empty for a resource that goes. Values that are not known yet are missing.
    """

    address: str
    type: str
    actions: tuple[str, ...]
    before: Mapping[str, Any] = field(repr=False)
    after: Mapping[str, Any] = field(repr=False)

    @property
    def destroys(self) -> bool:
        """Whether something in the project is deleted. A replacement deletes, too."""
        return "delete" in self.actions and not self.address.startswith(_NOTHING_IN_THE_PROJECT)

    @property
    def replaces(self) -> bool:
        """Whether the resource is deleted and made again."""
        return "delete" in self.actions and "create" in self.actions


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan.

    Attributes:
        changes_anything: whether there is something to apply, an output perhaps.
        outputs: name → value now and then, of those that change. A value that is missing or not known yet is None.
        resources: type and values of everything that will exist. Values may be sensitive.
    """

    changes: tuple[Change, ...]
    changes_anything: bool
    settings: Settings
    outputs: Mapping[str, tuple[object, object]] = field(repr=False)
    resources: tuple[tuple[str, Mapping[str, Any]], ...] = field(repr=False)

    @classmethod
    def of(cls, shown: Json) -> Plan:
        """Read the JSON of a plan."""
        resources = _resources_of(shown.get("planned_values", {}).get("root_module", {}))
        outputs = {
            name: (each.get("before"), each.get("after"))
            for name, each in shown.get("output_changes", {}).items()
            if each["actions"] != ["no-op"]
        }
        changes = tuple(_changes(shown))
        return cls(changes, bool(changes or outputs), _settings_of(shown), outputs, tuple(resources))

    @property
    def creates_function(self) -> bool:
        """Whether the code of this checkout goes to a region. A replaced function gets the code that it had first."""
        return any(
            change.type == "google_cloudfunctions2_function" and change.actions == ("create",)
            for change in self.changes
        )

    def count(self, action: str) -> int:
        """Return how many resources an action changes: create, update or delete. A replacement counts as two."""
        return sum(action in change.actions for change in self.changes)


def _changes(shown: Json) -> Iterator[Change]:
    for each in shown.get("resource_changes", []):
        change = each["change"]
        actions = tuple(change["actions"])
        if each["mode"] == "managed" and actions not in {("no-op",), ("read",)}:
            yield Change(each["address"], each["type"], actions, change["before"] or {}, change["after"] or {})


def _resources_of(module: Json) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for each in module.get("resources", []):
        if each["mode"] == "managed":
            yield each["type"], each["values"]
    for child in module.get("child_modules", []):
        yield from _resources_of(child)


def _settings_of(shown: Json) -> Settings:
    declared = shown.get("configuration", {}).get("root_module", {}).get("variables", {})
    settings: Settings = {}
    for name, variable in shown.get("variables", {}).items():
        # A sensitive variable is the Gemini key, which is stored nowhere but in the secret.
        if name in _NO_SETTINGS or declared.get(name, {}).get("sensitive"):
            continue
        defaults = dict(_leaves(name, declared.get(name, {}).get("default")))
        settings |= {path: value for path, value in _leaves(name, variable.get("value")) if defaults.get(path) != value}
    return settings


def _leaves(path: str, value: object) -> Iterator[tuple[str, object]]:
    if not isinstance(value, dict):
        yield path, value
    else:
        for name, inner in value.items():
            yield from _leaves(f"{path}.{name}", inner)
