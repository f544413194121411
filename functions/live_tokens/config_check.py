"""What is wrong with the model and the `[config]` of a profile, as far as it shows without asking Gemini."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from live_tokens.config_shape import placeholders_elsewhere, read_shape
from live_tokens.model_rules import Setup, judge


@dataclass(frozen=True, slots=True)
class ConfigFindings:
    """Sentences that begin with the path of a field, by weight.

    Attributes:
        refusals: the profile does not start.
        warnings: it starts, and may not talk.
        notes: good to know.
    """

    refusals: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def check_config(model: str, config: Mapping[str, object], *, trust: bool = False) -> ConfigFindings:
    """Compare a profile with the schema of the mint and with the table of rules of its model.

    Args:
        model: id of the model, or empty if the profile names none that is one.
        trust: whether the operator overrules the table of rules. The schema of the mint cannot be overruled.
    """
    shape = read_shape(config)
    verdict = judge(model, shape.setup, trust=trust)
    return ConfigFindings(
        refusals=(*shape.faults, *verdict.refusals),
        warnings=(*shape.doubts, *_unused_parts(shape.setup), *verdict.warnings),
        notes=verdict.notes,
    )


def _unused_parts(setup: Setup) -> Iterator[str]:
    for path in placeholders_elsewhere(setup):
        yield f"{path} holds a placeholder. Placeholders are filled in config.system_instruction only."
    tools = setup.get("tools")
    for index, tool in enumerate(tools if isinstance(tools, list) else []):
        if tool in ({}, {"function_declarations": []}):
            yield f"config.tools[{index}] is empty: it offers the model nothing."
        functions = tool.get("function_declarations") if isinstance(tool, dict) else None
        for place, function in enumerate(functions if isinstance(functions, list) else []):
            if not isinstance(function, dict):
                continue
            path = f"config.tools[{index}].function_declarations[{place}]"
            if not function.get("name"):
                yield f"{path}.name is missing: the model cannot call it."
            if "parameters" in function and "parameters_json_schema" in function:
                yield f"{path}: parameters and parameters_json_schema exclude each other; keep one."
