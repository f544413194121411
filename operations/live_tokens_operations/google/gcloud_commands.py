"""Every command line of gcloud that this program runs or recommends. No function takes anything secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def describe_project(project: str) -> list[str]:
    """Describe a project as JSON."""
    return ["gcloud", "projects", "describe", project, "--format=json", "--quiet"]


def describe_bucket(bucket: str, project: str) -> list[str]:
    """Describe a bucket as Cloud Storage's own JSON."""
    url, options = f"gs://{bucket}", ("--raw", "--format=json", "--quiet")
    return ["gcloud", "storage", "buckets", "describe", url, f"--project={project}", *options]


def create_bucket(bucket: str, project: str, region: str) -> list[str]:
    """Create a bucket that cannot become public."""
    return [
        *("gcloud", "storage", "buckets", "create", f"gs://{bucket}", f"--project={project}", f"--location={region}"),
        *("--uniform-bucket-level-access", "--public-access-prevention", "--quiet"),
    ]


def update_bucket(bucket: str, project: str, labels: str) -> list[str]:
    """Keep old versions of objects, keep the public out, and set labels (`key=value`)."""
    return [
        *("gcloud", "storage", "buckets", "update", f"gs://{bucket}", f"--project={project}", "--versioning"),
        *("--uniform-bucket-level-access", "--public-access-prevention", f"--update-labels={labels}", "--quiet"),
    ]


def remove_label(bucket: str, project: str, label: str) -> list[str]:
    """Remove a label from a bucket."""
    options = (f"--project={project}", f"--remove-labels={label}", "--quiet")
    return ["gcloud", "storage", "buckets", "update", f"gs://{bucket}", *options]


def remove_bucket(bucket: str) -> list[str]:
    """Delete a bucket with all versions of all objects. This program shows it, and does not run it."""
    return ["gcloud", "storage", "rm", "--recursive", "--all-versions", f"gs://{bucket}"]


def write_object(file: str, url: str, project: str) -> list[str]:
    """Store a file as an object of Cloud Storage."""
    return ["gcloud", "storage", "cp", file, url, f"--project={project}", "--quiet"]


def log_in() -> list[str]:
    """Get Application Default Credentials."""
    return ["gcloud", "auth", "application-default", "login"]


def enable_services(project_id: str, services: Sequence[str]) -> list[str]:
    """Enable APIs."""
    return ["gcloud", "services", "enable", *services, f"--project={project_id}"]


def link_billing(project_id: str) -> list[str]:
    """Link a billing account; `gcloud billing accounts list` shows the ids."""
    return ["gcloud", "billing", "projects", "link", project_id, "--billing-account=BILLING_ACCOUNT_ID"]


def read_build_log(project_id: str, region: str, build_id: str) -> list[str]:
    """Show the log of a build."""
    return ["gcloud", "builds", "log", build_id, f"--region={region}", f"--project={project_id}"]


def read_function_log(project_id: str, region: str, function: str) -> list[str]:
    """Show the last log entries of the function."""
    return ["gcloud", "functions", "logs", "read", function, "--gen2", *_at(project_id, region), "--limit=50"]


def let_everybody_call(project_id: str, region: str, service: str) -> list[str]:
    """Make the Cloud Run service public."""
    binding = ["--member=allUsers", "--role=roles/run.invoker"]
    return ["gcloud", "run", "services", "add-iam-policy-binding", service, *binding, *_at(project_id, region)]


def switch_invoker_check_off(project_id: str, region: str, service: str) -> list[str]:
    """Make the Cloud Run service public where an organisation policy forbids `allUsers`.

    Source: https://cloud.google.com/run/docs/authenticating/public
    """
    return ["gcloud", "run", "services", "update", service, "--no-invoker-iam-check", *_at(project_id, region)]


def switch_invoker_check_on(project_id: str, region: str, service: str) -> list[str]:
    """Let only callers with the role Cloud Run Invoker call the service."""
    return ["gcloud", "run", "services", "update", service, "--invoker-iam-check", *_at(project_id, region)]


def move_traffic_to_latest(project_id: str, region: str, service: str) -> list[str]:
    """Send all traffic to the newest revision, now and after each deployment."""
    return ["gcloud", "run", "services", "update-traffic", service, "--to-latest", *_at(project_id, region)]


def move_traffic_to(project_id: str, region: str, service: str, revision: str) -> list[str]:
    """Send all traffic to one revision, and keep it there after each deployment."""
    target = f"--to-revisions={revision}=100"
    return ["gcloud", "run", "services", "update-traffic", service, target, *_at(project_id, region)]


def add_key_version(project_id: str, secret: str) -> list[str]:
    """Store standard input as the newest version of the secret."""
    return ["gcloud", "secrets", "versions", "add", secret, "--data-file=-", f"--project={project_id}"]


def enable_key_version(project_id: str, secret: str, version: str) -> list[str]:
    """Make a disabled version readable again."""
    return ["gcloud", "secrets", "versions", "enable", version, f"--secret={secret}", f"--project={project_id}"]


def grant_on_secret(project_id: str, secret: str, member: str) -> list[str]:
    """Let an account read the secret."""
    binding = [f"--member={member}", "--role=roles/secretmanager.secretAccessor", "--condition=None"]
    return ["gcloud", "secrets", "add-iam-policy-binding", secret, *binding, f"--project={project_id}"]


def revoke_on_secret(
    project_id: str, secret: str, member: str, role: str = "roles/secretmanager.secretAccessor"
) -> list[str]:
    """Stop an account from reading the secret, under any condition."""
    binding = [f"--member={member}", f"--role={role}", "--all"]
    return ["gcloud", "secrets", "remove-iam-policy-binding", secret, *binding, f"--project={project_id}"]


def grant_on_project(project_id: str, member: str, role: str) -> list[str]:
    """Give a role on the whole project."""
    binding = [f"--member={member}", f"--role={role}", "--condition=None"]
    return ["gcloud", "projects", "add-iam-policy-binding", project_id, *binding]


def grant_on_database(project_id: str, database: str, member: str) -> list[str]:
    """Let an account use one Firestore database. The condition is the one of `infra/`, which then manages the binding.

    Source: https://cloud.google.com/firestore/docs/manage-databases#configure_per-database_access
    """
    expression = f'resource.name == "projects/{project_id}/databases/{database}"'
    binding = [f"--member={member}", "--role=roles/datastore.user"]
    condition = f"--condition=expression={expression},title=Only the database {database}"
    return ["gcloud", "projects", "add-iam-policy-binding", project_id, *binding, condition]


def revoke_on_project(project_id: str, member: str, role: str) -> list[str]:
    """Revoke a role on the project, under any condition."""
    binding = [f"--member={member}", f"--role={role}", "--all"]
    return ["gcloud", "projects", "remove-iam-policy-binding", project_id, *binding]


def revoke_on_account(project_id: str, account: str, member: str, role: str) -> list[str]:
    """Revoke a role on a service account, under any condition."""
    binding = [f"--member={member}", f"--role={role}", "--all", f"--project={project_id}"]
    return ["gcloud", "iam", "service-accounts", "remove-iam-policy-binding", account, *binding]


def make_database_native(project_id: str, database: str) -> list[str]:
    """Change an empty database from Datastore mode to Native mode."""
    place = (f"--database={database}", f"--project={project_id}")
    return ["gcloud", "firestore", "databases", "update", "--type=firestore-native", *place]


def expire_documents(project_id: str, database: str, collection: str, field: str) -> list[str]:
    """Let Firestore delete documents that have expired."""
    place = [f"--collection-group={collection}", f"--database={database}", f"--project={project_id}"]
    return ["gcloud", "firestore", "fields", "ttls", "update", field, "--enable-ttl", *place]


def allow_key_for_gemini(project_id: str) -> list[str]:
    """Restrict a key to the Gemini API; `gcloud services api-keys list` shows the ids."""
    target = "--api-target=service=generativelanguage.googleapis.com"
    return ["gcloud", "services", "api-keys", "update", "KEY_ID", target, f"--project={project_id}"]


def submit_build(
    project: str, region: str, source: str, config: str, staging: str, logs: str, substitutions: Mapping[str, str]
) -> list[str]:
    """Upload a folder to Cloud Build, run the steps of a file, and show the log while it grows.

    Args:
        staging: `gs://…` for the upload.
        logs: `gs://…` for the log.
    """
    pairs = "|".join(f"{name}={value}" for name, value in substitutions.items())
    return [
        *("gcloud", "builds", "submit", source, f"--project={project}", f"--region={region}", f"--config={config}"),
        *(f"--gcs-source-staging-dir={staging}", f"--gcs-log-dir={logs}", f"--substitutions=^|^{pairs}"),
    ]


def describe_build(project_id: str, region: str, build_id: str) -> list[str]:
    """Describe a build as JSON."""
    return ["gcloud", "builds", "describe", build_id, *_at(project_id, region), "--format=json"]


def read_object(url: str, project: str) -> list[str]:
    """Print the content of an object in Cloud Storage."""
    return ["gcloud", "storage", "cat", url, f"--project={project}"]


def _at(project_id: str, region: str) -> tuple[str, str]:
    return f"--region={region}", f"--project={project_id}"
