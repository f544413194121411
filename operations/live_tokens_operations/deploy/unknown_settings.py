"""Whether a project's settings name one that the module does not have: Terraform would go on without it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from live_tokens_operations.deploy.errors import MisuseError
from live_tokens_operations.deploy.project_settings import ProjectSettings
from live_tokens_operations.google.look import Json

# As `terraform fmt` writes them. A test finds every variable of an object type with these.
_VARIABLE = re.compile(r'^variable "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_OBJECT = re.compile(r"^  type += (map\()?object\(\{\n(.*?)^  \}\)", re.MULTILINE | re.DOTALL)
_ATTRIBUTE = re.compile(r"^    (\w+) += ", re.MULTILINE)


def require_known_settings(plan: Json, module: Path, settings: ProjectSettings) -> None:
    """Check that the module has every setting of a project, with every attribute.

    Of a variable that is not declared, Terraform only warns. An attribute that an object type does not have is dropped
    without a word: `app_check = { mod = "enforce" }` would leave App Check off.

    Source: https://developer.hashicorp.com/terraform/language/expressions/type-constraints#conversion-of-complex-types

    Args:
        plan: as `terraform show -json` prints it. Its variables are as they were given.
        module: the folder with the variables.

    Raises:
        MisuseError: it lacks one.
    """
    declared = plan.get("configuration", {}).get("root_module", {}).get("variables", {})
    undeclared = sorted(settings.names - declared.keys())
    unknown = [*undeclared, *_unknown_attributes(plan.get("variables", {}), module)]
    if not unknown:
        return
    raise MisuseError(
        f"{settings.name} has settings that do not exist: {', '.join(unknown)}. Terraform would go on without them. "
        "Nothing was changed.\n"
        "Correct or remove them. infra/README.md has the settings, and docs/upgrading.md those that an earlier version "
        "had."
    )


def _unknown_attributes(given: Json, module: Path) -> Iterator[str]:
    for file in sorted(module.glob("variables*.tf")):
        for name, body in _VARIABLE.findall(file.read_text(encoding="utf-8")):
            if found := _OBJECT.search(body):
                value = given.get(name, {}).get("value") or {}
                objects = {f"{name}.{key}": each for key, each in value.items()} if found[1] else {name: value}
                known = set(_ATTRIBUTE.findall(found[2]))
                for path, each in objects.items():
                    yield from (f"{path}.{attribute}" for attribute in each or {} if attribute not in known)
