# Keeps the audit events longer than the 30 days of the project's own log bucket. They hold uids, which are personal data:
# keep them only as long as you need them, and tell your users. The project's own bucket, `_Default`, keeps its copy for
# 30 days by default; nothing here changes that.

locals {
  audit_events = "${local.service_log} AND jsonPayload.event:\"live_token.\"" # of any version
}

# The name of a deleted bucket stays reserved for a week, and a new deployment with that name would fail.
resource "time_static" "audit" {
  count = var.audit_log.destination == "log_bucket" ? 1 : 0
}

# Unlocked: the retention of a locked bucket cannot be shortened, and users can ask for deletion.
resource "google_logging_project_bucket_config" "audit" {
  count = var.audit_log.destination == "log_bucket" ? 1 : 0

  project        = var.project_id
  location       = var.region
  bucket_id      = "${var.function_name}-audit-${time_static.audit[0].unix}"
  description    = "Audit events of ${var.function_name}. They hold uids: personal data."
  retention_days = var.audit_log.retention_days
  locked         = false

  depends_on = [time_sleep.services]
}

resource "google_logging_project_sink" "log_bucket" {
  count = var.audit_log.destination == "log_bucket" ? 1 : 0

  name                   = "${var.function_name}-audit"
  description            = "Keeps the audit events of ${var.function_name}"
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.audit[0].id}"
  filter                 = local.audit_events
  unique_writer_identity = true # a bucket of the same project needs no grant
}

# By default, Google does not log reads of secrets. This is the whole audit configuration of Secret Manager in this project:
# it replaces an existing one for this service, and destroy removes it. Other services keep theirs. `make deploy` looks first.
resource "google_project_iam_audit_config" "secret_manager" {
  count = var.audit_secret_reads ? 1 : 0

  project = var.project_id
  service = "secretmanager.googleapis.com"

  audit_log_config {
    log_type = "DATA_READ"
  }

  depends_on = [time_sleep.services]
}
