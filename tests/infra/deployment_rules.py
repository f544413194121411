"""The rules a plan of this module must keep, whatever options are on. Each broken one is a sentence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from support.terraform_runner import PROJECT

RUNTIME = f"serviceAccount:live-tokens-runtime@{PROJECT}.iam.gserviceaccount.com"
BUILD = f"serviceAccount:live-tokens-build@{PROJECT}.iam.gserviceaccount.com"
TEST = f"serviceAccount:live-tokens-test@{PROJECT}.iam.gserviceaccount.com"
RELEASE = f"serviceAccount:live-tokens-release@{PROJECT}.iam.gserviceaccount.com"

FUNCTION = "google_cloudfunctions2_function.mint_live_token"

# (type of the resource, role) → who may have it through this module.
ALLOWED_GRANTS: Mapping[tuple[str, str], set[str | None]] = {
    ("google_project_iam_member", "roles/datastore.user"): {RUNTIME},
    ("google_project_iam_member", "roles/firebaseauth.viewer"): {RUNTIME, RELEASE},
    ("google_project_iam_member", "roles/firebaseappcheck.tokenVerifier"): {RUNTIME},
    ("google_project_iam_member", "roles/logging.logWriter"): {BUILD},
    ("google_project_iam_member", "roles/storage.objectViewer"): {BUILD},
    ("google_project_iam_member", "roles/cloudfunctions.viewer"): {RELEASE},
    ("google_project_iam_member", "roles/cloudbuild.builds.viewer"): {RELEASE},
    ("google_project_iam_member", "roles/serviceusage.serviceUsageConsumer"): {RELEASE},
    ("google_cloudfunctions2_function_iam_member", "roles/cloudfunctions.developer"): {RELEASE},
    ("google_storage_bucket_iam_member", "roles/storage.objectViewer"): {TEST, RELEASE},
    ("google_storage_bucket_iam_member", "roles/storage.objectCreator"): {TEST},
    ("google_storage_bucket_iam_member", "roles/storage.admin"): {TEST, RELEASE},  # on the bucket of its own logs
    ("google_secret_manager_secret_iam_member", "roles/secretmanager.secretAccessor"): {RUNTIME},
    ("google_artifact_registry_repository_iam_member", "roles/artifactregistry.writer"): {BUILD},
    ("google_service_account_iam_member", "roles/iam.serviceAccountUser"): {RELEASE},
    ("google_service_account_iam_member", "roles/iam.serviceAccountTokenCreator"): {RELEASE},
    ("google_cloud_run_v2_service_iam_member", "roles/run.developer"): {RELEASE},
    ("google_cloud_run_v2_service_iam_member", "roles/run.invoker"): {"allUsers"},
    # Google's own accounts, for what they do with what is made here; their addresses are known after apply.
    ("google_kms_crypto_key_iam_member", "roles/cloudkms.cryptoKeyEncrypterDecrypter"): {None},
    ("google_pubsub_topic_iam_member", "roles/pubsub.publisher"): {None},
}
_REACH_DATA_OF_OTHERS = {"roles/datastore.user", "roles/storage.objectViewer"}
_GOOGLES_OWN = "serviceAccount:service-"
_ENABLING = "google_project_service."
_MAKES_NOTHING_AT_GOOGLE = "time_static."
_NEEDED_BY_THE_FUNCTION = {
    "google_project_iam_member.grant",
    "google_secret_manager_secret_iam_member.runtime",
    "google_artifact_registry_repository_iam_member.build",
}


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to be there: type, address without index, and the attributes as far as a plan knows them."""

    type: str
    address: str
    values: Mapping[str, Any]


def planned(plan: Mapping[str, Any]) -> list[Planned]:
    """Return the resources that are there after a plan."""
    return [
        Planned(resource["type"], f"{resource['type']}.{resource['name']}", resource["values"])
        for resource in plan["planned_values"]["root_module"]["resources"]
        if resource["mode"] == "managed"
    ]


def broken_rules(plan: Mapping[str, Any], dependencies: Mapping[str, frozenset[str]]) -> list[str]:
    """Return a sentence for each rule that a plan breaks.

    Args:
        plan: from `terraform show -json`.
        dependencies: resource → those it depends on directly.
    """
    resources = planned(plan)
    return [
        *_unknown_grants(resources),
        *_grants_that_take_away(resources),
        *_grants_without_a_condition(resources),
        *_secrets_in_the_environment(resources),
        *_too_early({resource.address for resource in resources}, dependencies),
    ]


def _unknown_grants(resources: list[Planned]) -> Iterator[str]:
    for resource in resources:
        if not resource.type.endswith("_iam_member"):
            continue
        role, member = resource.values["role"], resource.values.get("member")
        if member is not None and member.startswith(_GOOGLES_OWN):
            member = None
        if member not in ALLOWED_GRANTS.get((resource.type, role), set()):
            yield f"{resource.address} gives {role} to {member}."


def _grants_that_take_away(resources: list[Planned]) -> Iterator[str]:
    for resource in resources:
        if resource.type.endswith(("_iam_binding", "_iam_policy")):
            yield f"{resource.address} takes roles away from everybody it does not name."


def _grants_without_a_condition(resources: list[Planned]) -> Iterator[str]:
    for resource in resources:
        if resource.type != "google_project_iam_member" or resource.values["role"] not in _REACH_DATA_OF_OTHERS:
            continue
        if not resource.values.get("condition"):
            yield f"{resource.values['role']} on the project, without a condition, reaches the app's own data."


def _secrets_in_the_environment(resources: list[Planned]) -> Iterator[str]:
    for resource in resources:
        if resource.address == FUNCTION:
            service = resource.values["service_config"][0]
            if service.get("secret_environment_variables") or service.get("secret_volumes"):
                yield "The key is in the function's environment or files, where a rotation does not reach it."


def _too_early(addresses: set[str], dependencies: Mapping[str, frozenset[str]]) -> Iterator[str]:
    waits = {address for address in addresses if address.startswith("time_sleep.") and _enables(address, dependencies)}
    for address in sorted(addresses - waits):
        if address.startswith((_ENABLING, _MAKES_NOTHING_AT_GOOGLE)):
            continue
        if not waits & _all_before(address, dependencies):
            yield f"{address} does not wait for its services."
    if "time_sleep.grants" not in _all_before(FUNCTION, dependencies):
        yield f"{FUNCTION} does not wait for the grants."
    for grant in sorted(_NEEDED_BY_THE_FUNCTION - _all_before("time_sleep.grants", dependencies)):
        yield f"{FUNCTION} does not wait for {grant}."


def _enables(wait: str, dependencies: Mapping[str, frozenset[str]]) -> bool:
    return any(used.startswith(_ENABLING) for used in dependencies.get(wait, frozenset()))


def _all_before(address: str, dependencies: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found: set[str] = set()
    open_ones = [address]
    while open_ones:
        for used in dependencies.get(open_ones.pop(), frozenset()) - found:
            found.add(used)
            open_ones.append(used)
    return frozenset(found)
