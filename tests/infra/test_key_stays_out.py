"""The Gemini API key goes through Terraform, with the example that does it, and stays nowhere."""

import base64
import re
import shutil
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest

from gemini_live_stand_in.serving import serve
from infra.deployment_rules import planned
from live_tokens.bounded_transport import BoundedTransport
from live_tokens.deadline import Deadline
from live_tokens.errors import ApiKeyUnavailable
from live_tokens.secret_manager_key import SecretManagerKey
from live_tokens.upstream import Upstream
from secret_manager_stand_in import StandInSecret, create_app
from support.terraform_runner import REPOSITORY, Terraform, terraform_in

EXAMPLE = REPOSITORY / "infra/examples/key_through_terraform"
VERSION = "google_secret_manager_secret_version.gemini_api_key"
FAKE_KEY = "AQ.made-up-7f3c9e1b5d2a8046-made-up"
NUMBER = "-var=key_version=1"


@pytest.fixture(scope="module")
def with_key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """The example, applied with a key. Tests must leave it as it is."""
    module = tmp_path_factory.mktemp("key") / "module"
    shutil.copytree(EXAMPLE, module, ignore=shutil.ignore_patterns(".terraform*"))
    with terraform_in(module, applies=True) as terraform:
        key = {"gemini_api_key": FAKE_KEY}
        terraform.run("plan", NUMBER, "-out=with-key.tfplan", variables=key)
        terraform.run("apply", "with-key.tfplan", variables=key)
        yield terraform


def test_the_version_that_holds_the_key_was_made(with_key: Terraform) -> None:
    assert VERSION in {resource.address for resource in planned(with_key.plan(NUMBER))}


def test_the_next_plan_needs_no_key(with_key: Terraform) -> None:
    assert with_key.changes(NUMBER) == ""


def test_no_file_that_terraform_leaves_holds_the_key(with_key: Terraform) -> None:
    """State, its backup, the saved plan with all that is in it, and the folder of providers."""
    left = list(_files_in(with_key.module))
    assert {"terraform.tfstate", "with-key.tfplan", "with-key.tfplan/tfplan"} <= {name for name, _ in left}
    middle = FAKE_KEY[11:27].encode()
    for trace in (middle, base64.b64encode(FAKE_KEY.encode()), sha256(FAKE_KEY.encode()).hexdigest().encode()):
        assert [name for name, content in left if trace in content] == []


def test_a_plan_as_terraform_shows_it_does_not_hold_the_key(with_key: Terraform) -> None:
    for form in (["-json"], []):
        assert FAKE_KEY not in with_key.run("show", *form, "with-key.tfplan").stdout


def test_a_key_of_the_wrong_form_is_refused_without_being_shown(with_key: Terraform) -> None:
    done = with_key.run("plan", NUMBER, accepted=(1,), variables={"gemini_api_key": f"{FAKE_KEY}\n"})
    assert "gemini_api_key must be 20 to 512 printable characters" in " ".join(done.stderr.split())
    assert FAKE_KEY not in done.stdout + done.stderr


def test_a_new_version_number_without_a_key_stores_what_the_function_refuses_by_itself() -> None:
    written = (EXAMPLE / "main.tf").read_text()
    placeholder = re.search(r'coalesce\(var\.gemini_api_key, "([^"]+)"\)', written)
    assert placeholder is not None
    secret = StandInSecret("projects/demo-live-tokens/secrets/gemini-api-key", [placeholder[1].encode()])
    with serve(create_app(secret)) as url, BoundedTransport(1, httpx2.create_ssl_context()) as transport:
        upstream = Upstream(transport, 3)
        address = url.removeprefix("http://")
        keys = SecretManagerKey(f"{secret.name}/versions/latest", timedelta(seconds=1), upstream, address)
        with pytest.raises(ApiKeyUnavailable) as refusal:
            keys.current(Deadline.after(3))
    assert "not a key" in str(refusal.value.diagnosis)


def _files_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file, and every file in an archive, as Terraform's saved plans are."""
    for file in sorted(folder.rglob("*")):
        if not file.is_file():
            continue
        yield file.name, file.read_bytes()
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                for name in archive.namelist():
                    yield f"{file.name}/{name}", archive.read(name)
