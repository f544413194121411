"""Every command line of gcloud that this program runs. No function takes anything secret."""

from __future__ import annotations

from collections.abc import Sequence


def access_token() -> list[str]:
    """Print an access token of the account that is logged in; captured, never shown."""
    return ["gcloud", "auth", "print-access-token", "--quiet"]


def application_default_token() -> list[str]:
    """Print an access token of the Application Default Credentials; captured, never shown."""
    return ["gcloud", "auth", "application-default", "print-access-token", "--quiet"]


def describe_project(project: str) -> list[str]:
    """Describe a project as JSON."""
    return ["gcloud", "projects", "describe", project, "--format=json", "--quiet"]


def describe_billing(project: str) -> list[str]:
    """Print whether billing is on: `True` or `False`."""
    return ["gcloud", "billing", "projects", "describe", project, "--format=value(billingEnabled)", "--quiet"]


def describe_bucket(bucket: str, project: str) -> list[str]:
    """Describe a bucket as Cloud Storage's own JSON."""
    url = f"gs://{bucket}"
    return [
        "gcloud",
        "storage",
        "buckets",
        "describe",
        url,
        "--raw",
        f"--project={project}",
        "--format=json",
        "--quiet",
    ]


def create_bucket(bucket: str, project: str, region: str) -> list[str]:
    """Make a bucket that nobody can open to the public, object by object or at all."""
    return [
        *("gcloud", "storage", "buckets", "create", f"gs://{bucket}", f"--project={project}", f"--location={region}"),
        *("--uniform-bucket-level-access", "--public-access-prevention", "--quiet"),
    ]


def update_bucket(bucket: str, project: str, labels: str) -> list[str]:
    """Keep old versions of objects, keep the public out, and set labels, which are `key=value`."""
    return [
        *("gcloud", "storage", "buckets", "update", f"gs://{bucket}", f"--project={project}", "--versioning"),
        *("--uniform-bucket-level-access", "--public-access-prevention", f"--update-labels={labels}", "--quiet"),
    ]


def remove_labels(bucket: str, project: str, labels: Sequence[str]) -> list[str]:
    """Take labels off a bucket."""
    names = ",".join(labels)
    url = f"gs://{bucket}"
    return [
        "gcloud",
        "storage",
        "buckets",
        "update",
        url,
        f"--project={project}",
        f"--remove-labels={names}",
        "--quiet",
    ]


def describe_newest_version(secret: str, project: str) -> list[str]:
    """Print the state of the newest version of a secret, `projects/P/secrets/S`."""
    version = f"{secret}/versions/latest"
    return [
        *("gcloud", "secrets", "versions", "describe", version, f"--project={project}"),
        *("--format=value(state)", "--quiet"),
    ]


def add_version(secret: str, project: str) -> list[str]:
    """Store what comes in through stdin as a new version of a secret, `projects/P/secrets/S`."""
    return ["gcloud", "secrets", "versions", "add", secret, f"--project={project}", "--data-file=-", "--quiet"]


def remove_bucket(bucket: str) -> list[str]:
    """Delete a bucket with all versions of all objects. Only ever shown to the operator."""
    return ["gcloud", "storage", "rm", "--recursive", "--all-versions", f"gs://{bucket}"]


def describe_service(service: str, project: str, region: str) -> list[str]:
    """Describe a Cloud Run service as Cloud Run's own JSON."""
    place = (f"--region={region}", f"--project={project}")
    return ["gcloud", "run", "services", "describe", service, *place, "--format=json", "--quiet"]


def move_traffic_to_latest(service: str, project: str, region: str) -> list[str]:
    """Let the newest revision serve, now and after each deployment. Only ever shown to the operator."""
    place = (f"--region={region}", f"--project={project}")
    return ["gcloud", "run", "services", "update-traffic", service, "--to-latest", *place]


def enable_services(project: str, services: Sequence[str]) -> list[str]:
    """Switch APIs on; those that are on stay on."""
    return ["gcloud", "services", "enable", *services, f"--project={project}", "--quiet"]
