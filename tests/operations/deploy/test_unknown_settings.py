"""Settings that the module does not have: the deployment stops, because Terraform would go on without them."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from live_tokens_operations.deploy.errors import MisuseError
from live_tokens_operations.deploy.project_settings import ProjectSettings
from live_tokens_operations.deploy.unknown_settings import require_known_settings
from operations.deploy.checkout import ROOT
from operations.deploy.google import PROJECT

INFRA = ROOT / "infra"
DECLARED = ("region", "labels", "app_check", "load_balancer", "additional_regions", "alert_thresholds", "budget")


def require(folder: Path, given: Mapping[str, object], text: str = "") -> None:
    """Check settings, with the variables as a plan of the real module shows them."""
    (folder / "projects").mkdir()
    (folder / "projects" / f"{PROJECT}.tfvars").write_text(text, encoding="utf-8")
    plan = {
        "configuration": {"root_module": {"variables": {name: {} for name in DECLARED}}},
        "variables": {name: {"value": value} for name, value in given.items()},
    }
    require_known_settings(plan, INFRA, ProjectSettings.read(folder, PROJECT))


def test_what_the_module_has_is_let_through(tmp_path: Path) -> None:
    given = {
        "region": "us-central1",
        "labels": {"team": "voice"},
        "app_check": {"mode": "enforce", "consume": True, "allowed_app_ids": []},
        "load_balancer": None,
        "additional_regions": {"us-central1": {"serves": True, "kms_key": None}},
        "identity_platform": {"email_password": True, "email_link": True, "anonymous": True, "sign_ups": True},
        "audit_log": {"destination": "none", "retention_days": 30},
    }
    require(tmp_path, given, 'region = "us-central1"\nlabels = {\n  team = "voice"\n}\n')


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("app_check", {"mode": "enforce", "allowed_apps": ["1:2:web:3"]}, "app_check.allowed_apps"),
        ("load_balancer", {"domain": "live.example.com", "closed": True}, "load_balancer.closed"),
        ("additional_regions", {"us-central1": {"serve": True}}, "additional_regions.us-central1.serve"),
        ("audit_log", {"retention": 30}, "audit_log.retention"),
    ],
)
def test_an_attribute_that_terraform_would_drop_is_named(
    name: str, value: dict[str, object], told: str, tmp_path: Path
) -> None:
    with pytest.raises(
        MisuseError, match=rf"{PROJECT}\.tfvars has settings that do not exist: {told}\. Terraform would"
    ):
        require(tmp_path, {name: value})


TYPES = {
    name: re.search(r"^  type += (.*)$", body, re.MULTILINE)
    for file in INFRA.glob("variables*.tf")
    for name, body in re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', file.read_text(encoding="utf-8"), re.M | re.S)
    if "object(" in body
}


def test_no_object_of_the_module_is_left_out(tmp_path: Path) -> None:
    assert len(TYPES) > 4
    for name, declared in TYPES.items():
        assert declared is not None
        another: dict[str, object] = {"another": 1}
        (tmp_path / name).mkdir()
        with pytest.raises(MisuseError, match=r"another\. Terraform"):
            require(tmp_path / name, {name: {"key": another} if declared[1].startswith("map(") else another})


def test_a_setting_of_an_earlier_version_is_named_with_the_page_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MisuseError) as refused:
        require(tmp_path, {}, "firebase_apps = {\n  web = {}\n}\n")
    assert "has settings that do not exist: firebase_apps. " in str(refused.value)
    assert "Nothing was changed." in str(refused.value)
    assert "docs/upgrading.md" in str(refused.value)
