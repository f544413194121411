"""An upgrade loses nothing: what an earlier version made is still there, has moved, is forgotten, or goes and is told.

`addresses/VERSION.txt` has what that version made, with its defaults or with every option. Grants on the project,
services and waits are left out: the next apply makes what is needed of them. To write the file of a version, apply it
twice, as conftest.py does, and list the addresses of its state.
"""

import re
from pathlib import Path

import pytest

from infra.deployed import resources
from support.terraform_runner import REPOSITORY, Terraform

INFRA = "\n".join(path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "infra").glob("*.tf")))
MOVED = dict(re.findall(r"^moved \{\n  from = (.+)\n  to   = (.+)\n\}$", INFRA, re.MULTILINE))
FORGOTTEN = set(
    re.findall(r"^removed \{\n  from = (.+)\n\n  lifecycle \{\n    destroy = false\n  \}\n\}$", INFRA, re.MULTILINE)
)
GOES = {
    # Forgetting it makes a cycle of the plan. It holds nothing: reminders go to it.
    "google_pubsub_topic.key_rotation[0]": "The topic of `key_rotation`",
    "google_pubsub_topic_iam_member.secret_manager[0]": "The topic of `key_rotation`",
}
"""Address → the words of docs/upgrading.md that say so."""
VERSIONS = sorted(Path(__file__).parent.joinpath("addresses").glob("*.txt"))


def without_key(address: str) -> str:
    return address.partition("[")[0]


@pytest.fixture(scope="module")
def here(with_defaults: Terraform, with_every_option: Terraform) -> set[str]:
    """What this version makes, with its defaults or with every option."""
    return {*resources(with_defaults), *resources(with_every_option)}


@pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.stem)
def test_what_an_earlier_version_made_is_not_lost(version: Path, here: set[str]) -> None:
    # Terraform itself follows a resource that gets, or loses, its count.
    alone = {without_key(address) for address in here if re.fullmatch(r"[^[]+(\[0\])?", address)}
    lost = [
        address
        for address in version.read_text(encoding="utf-8").splitlines()
        if address not in here
        and not (re.fullmatch(r"[^[]+(\[0\])?", address) and without_key(address) in alone)
        and address not in MOVED
        and without_key(address) not in FORGOTTEN
        and address not in GOES
    ]
    assert lost == [], "Add a block to infra/moved.tf or infra/removed.tf, or say in docs/upgrading.md that it goes."


def test_what_has_moved_is_there_and_its_old_place_is_not(here: set[str]) -> None:
    assert INFRA.count("\nmoved {") == len(MOVED) > 0
    assert [to for to in MOVED.values() if to not in here] == []
    assert [address for address in MOVED if address in here] == []
    assert INFRA.count("\nremoved {") == len(FORGOTTEN)


def test_the_page_says_what_goes() -> None:
    page = (REPOSITORY / "docs/upgrading.md").read_text(encoding="utf-8")
    assert [words for words in GOES.values() if words not in page] == []
