"""The root module, applied: once with the defaults, once with every option."""

from collections.abc import Iterator

import pytest

from infra.applied_options import EVERY_OPTION
from support.terraform_runner import Terraform, copy_of_module, terraform_in


@pytest.fixture(scope="session")
def with_defaults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """Applied with `project_id` and `region` and nothing else. Tests must leave it as it is."""
    with terraform_in(copy_of_module(tmp_path_factory.mktemp("defaults")), applies=True) as terraform:
        terraform.apply()
        yield terraform


@pytest.fixture(scope="session")
def with_every_option(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """Applied with every option there is. Tests must leave it as it is."""
    with terraform_in(copy_of_module(tmp_path_factory.mktemp("every-option")), applies=True) as terraform:
        terraform.apply(EVERY_OPTION)
        yield terraform
