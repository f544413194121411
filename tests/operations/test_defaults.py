"""Names, patterns and APIs that stand in infra/, too, are the same there."""

import re
from pathlib import Path

import pytest
import yaml

from live_tokens_operations import defaults

INFRA = defaults.CHECKOUT / "infra"
VARIABLE = re.compile(r'^variable "(\w+)" {\n(.*?)^}', re.MULTILINE | re.DOTALL)
VARIABLES = dict(VARIABLE.findall((INFRA / "variables.tf").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("variable", "default"),
    [
        ("function_name", defaults.FUNCTION),
        ("secret_name", defaults.SECRET),
        ("firestore_database", defaults.DATABASE),
    ],
)
def test_a_name_is_terraform_s_default(variable: str, default: str) -> None:
    assert re.findall(r'^  default +(?:=) "(.*)"$', VARIABLES[variable], re.MULTILINE) == [default]


@pytest.mark.parametrize(
    ("variable", "pattern"),
    [
        ("project_id", defaults.PROJECT_ID_PATTERN),
        ("region", defaults.REGION_PATTERN),
        ("function_name", defaults.FUNCTION_PATTERN),
    ],
)
def test_a_pattern_is_terraform_s_rule(variable: str, pattern: str) -> None:
    assert f'regex("^{pattern}$", var.{variable})' in VARIABLES[variable]


def test_the_apis_that_the_doctor_misses_are_apis_that_terraform_switches_on() -> None:
    services = (INFRA / "services.tf").read_text(encoding="utf-8")
    for service in (*defaults.REQUIRED_SERVICES, defaults.APP_CHECK_SERVICE):
        assert f'"{service}"' in services


def test_a_release_goes_to_the_same_function_in_the_same_region_where_nobody_says_otherwise() -> None:
    build = yaml.safe_load(Path(defaults.CHECKOUT, "cloudbuild.yaml").read_text(encoding="utf-8"))
    assert build["substitutions"]["_REGION"] == defaults.REGION
    assert build["substitutions"]["_FUNCTION"] == defaults.FUNCTION
