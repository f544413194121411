"""The root module itself: its form, its own tests, and that mistakes in it are found."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.applied_options import EVERY_OPTION
from infra.deployment_rules import BUILD, RUNTIME, TEST, broken_rules
from support.terraform_runner import Terraform, copy_of_module, terraform_in


@pytest.fixture
def unapplied(tmp_path: Path) -> Iterator[Terraform]:
    """A copy that a test may break."""
    with terraform_in(copy_of_module(tmp_path)) as terraform:
        yield terraform


def test_the_module_is_formatted_and_valid(unapplied: Terraform) -> None:
    unapplied.run("fmt", "-check", "-diff", "-recursive")
    unapplied.run("validate")


def test_the_modules_own_tests_pass_and_there_are_many(unapplied: Terraform) -> None:
    done = unapplied.run("test")
    counts = re.search(r"Success! (\d+) passed, 0 failed\.", done.stdout)
    assert counts is not None, done.stdout
    runs = sum(
        len(re.findall(r'^run "', file.read_text(), re.MULTILINE))
        for file in (unapplied.module / "tests").glob("*.hcl")
    )
    assert int(counts[1]) == runs > 30


def test_a_plan_with_defaults_keeps_every_rule(with_defaults: Terraform) -> None:
    assert broken_rules(with_defaults.plan(), with_defaults.dependencies()) == []


def test_a_plan_with_every_option_keeps_every_rule(with_every_option: Terraform) -> None:
    assert broken_rules(with_every_option.plan(EVERY_OPTION), with_every_option.dependencies()) == []


@dataclass(frozen=True, slots=True)
class Mistake:
    """A change of one file that must be found, and what finds it says."""

    file: str
    old: str
    new: str
    found: str


MISTAKES_IN_RULES = {
    "public access through a type that the function refuses": Mistake(
        "function.tf",
        'resource "google_cloud_run_v2_service_iam_member" "public" {\n'
        '  count = var.public == "true" ? 1 : 0\n\n  name',
        'resource "google_cloudfunctions2_function_iam_member" "public" {\n  count = 1\n\n  cloud_function',
        "google_cloudfunctions2_function_iam_member.public gives roles/run.invoker to allUsers.",
    ),
    "the build reads the key": Mistake(
        "secret.tf",
        'role      = "roles/secretmanager.secretAccessor"\n  member    = google_service_account.runtime.member',
        'role      = "roles/secretmanager.secretAccessor"\n  member    = google_service_account.build.member',
        f"google_secret_manager_secret_iam_member.runtime gives roles/secretmanager.secretAccessor to {BUILD}.",
    ),
    "the function reads all secrets": Mistake(
        "accounts.tf",
        '"roles/firebaseauth.viewer" # user look-up',
        '"roles/secretmanager.secretAccessor" # user look-up',
        f"google_project_iam_member.grant gives roles/secretmanager.secretAccessor to {RUNTIME}.",
    ),
    "the tests of a release deploy": Mistake(
        "accounts.tf",
        'role           = "roles/cloudfunctions.developer"\n  member         = google_service_account.release.member',
        'role           = "roles/cloudfunctions.developer"\n  member         = google_service_account.test.member',
        f"google_cloudfunctions2_function_iam_member.release gives roles/cloudfunctions.developer to {TEST}.",
    ),
    "a binding takes the key away from others": Mistake(
        "secret.tf",
        'resource "google_secret_manager_secret_iam_member" "runtime" {',
        """resource "google_secret_manager_secret_iam_binding" "all" {
          secret_id = google_secret_manager_secret.gemini_api_key.secret_id
          role      = "roles/secretmanager.secretAccessor"
          members   = [google_service_account.runtime.member]
        }
        resource "google_secret_manager_secret_iam_member" "runtime" {""",
        "google_secret_manager_secret_iam_binding.all takes roles away from everybody it does not name.",
    ),
    "the function reads every database": Mistake(
        "accounts.tf",
        "for_each = each.value.condition == null ? [] : [each.value.condition]",
        "for_each = []",
        "roles/datastore.user on the project, without a condition, reaches the app's own data.",
    ),
    "the key in an environment variable": Mistake(
        "function.tf",
        "environment_variables            = local.function_environment",
        """environment_variables = local.function_environment
        secret_environment_variables {
          key        = "GEMINI_API_KEY"
          project_id = var.project_id
          secret     = google_secret_manager_secret.gemini_api_key.secret_id
          version    = "latest"
        }""",
        "The key is in the function's environment or files, where a rotation does not reach it.",
    ),
    "a function before its grants": Mistake(
        "function.tf",
        "depends_on = [time_sleep.grants]",
        "depends_on = [time_sleep.services]",
        "google_cloudfunctions2_function.mint_live_token does not wait for the grants.",
    ),
    "an account before the services": Mistake(
        "accounts.tf",
        'moves traffic."\n\n  depends_on = [time_sleep.services]',
        'moves traffic."',
        "google_service_account.release does not wait for its services.",
    ),
}

MISTAKES_IN_FORM = {
    "a secret without its replica": Mistake(
        "secret.tf", "  replication {\n", "  dynamic_replication {\n", "replication"
    ),
    "an argument that the function does not have": Mistake(
        "function.tf",
        "    timeout_seconds  ",
        "    invoker_iam_disabled = true\n    timeout_seconds  ",
        "invoker_iam_disabled",
    ),
    "an ingress that does not exist": Mistake("function.tf", '"ALLOW_ALL"', '"ALLOW_EVERYBODY"', "ALLOW_EVERYBODY"),
}


@pytest.mark.parametrize("mistake", MISTAKES_IN_RULES.values(), ids=MISTAKES_IN_RULES.keys())
def test_a_plan_that_breaks_a_rule_is_found(tmp_path: Path, mistake: Mistake) -> None:
    module = _with(copy_of_module(tmp_path), mistake)
    with terraform_in(module, applies=True) as terraform:
        assert mistake.found in broken_rules(terraform.plan(), terraform.dependencies())


@pytest.mark.parametrize("mistake", MISTAKES_IN_FORM.values(), ids=MISTAKES_IN_FORM.keys())
def test_what_a_provider_would_refuse_is_not_valid(tmp_path: Path, mistake: Mistake) -> None:
    with terraform_in(_with(copy_of_module(tmp_path), mistake)) as terraform:
        done = terraform.run("plan", accepted=(1,))
        assert mistake.found in done.stderr


@pytest.mark.parametrize(
    "mistake",
    [
        Mistake("function.tf", 'var.public == "true" ? 1 : 0', "1", "public_false_grants_no_invoker"),
        Mistake("function.tf", "{ CORS_ALLOWED_ORIGINS =", "{ CORS_ORIGINS =", "arrive_in_the_function"),
        Mistake("variables.tf", "timeout_seconds >= 60", "timeout_seconds >= 1", "numbers_below_their_range"),
    ],
    ids=["open although it must not be", "a setting that does not arrive", "a bound that does not hold"],
)
def test_a_decision_that_is_turned_around_fails_the_modules_tests(tmp_path: Path, mistake: Mistake) -> None:
    """Only the file of tests that must find it, up to the run that does: three whole rounds would take minutes."""
    module = _with(copy_of_module(tmp_path), mistake)
    _keep_only_the_run(module / "tests", mistake.found)
    with terraform_in(module) as terraform:
        done = terraform.run("test", accepted=(1,))
        assert "0 passed, 1 failed" in done.stdout


def _with(module: Path, mistake: Mistake) -> Path:
    file = module / mistake.file
    text = file.read_text()
    assert text.count(mistake.old) == 1, "the mistake must be possible, and in one place"
    file.write_text(text.replace(mistake.old, mistake.new))
    return module


def _keep_only_the_run(tests: Path, name: str) -> None:
    for file in tests.glob("*.tftest.hcl"):
        head, *runs = re.split(r'(?=^run ")', file.read_text(), flags=re.MULTILINE)
        kept = [run for run in runs if name in run.splitlines()[0]]
        if kept:
            file.write_text(head + "".join(kept))
        else:
            file.unlink()
