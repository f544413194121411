# Where the audit events are kept beyond the 30 days of the project's own log bucket, and for how long. They hold uids,
# which are personal data: keep them no longer than you need them, and tell your users. The project's own bucket,
# `_Default`, has its copy too, for 30 days unless its owner says otherwise; nothing here changes that.

locals {
  audit_events = "${local.service_log} AND jsonPayload.event:\"live_token.\"" # of any version
}

# A deleted bucket's name is taken for a week, and then a new deployment would fail.
resource "time_static" "audit" {
  count = var.audit_log.destination == "log_bucket" ? 1 : 0
}

# Unlocked: a locked bucket could never be shortened, and a user may ask to be forgotten.
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
  unique_writer_identity = true # none is used: a bucket of the same project needs no grant
}

resource "google_project_service" "bigquery" {
  count = var.audit_log.destination == "bigquery" ? 1 : 0

  service            = "bigquery.googleapis.com"
  disable_on_destroy = false
}

resource "time_sleep" "bigquery" {
  count = var.audit_log.destination == "bigquery" ? 1 : 0

  create_duration = "60s"
  triggers        = { service = google_project_service.bigquery[0].service }
}

resource "google_bigquery_dataset" "audit" {
  # checkov:skip=CKV_GCP_81:Google's own key: the events are in Cloud Logging under the same one
  count = var.audit_log.destination == "bigquery" ? 1 : 0

  dataset_id                      = "${replace(var.function_name, "-", "_")}_audit"
  location                        = var.region
  description                     = "Audit events of ${var.function_name}. They hold uids: personal data."
  default_partition_expiration_ms = var.audit_log.retention_days * 24 * 60 * 60 * 1000
  delete_contents_on_destroy      = !var.deletion_protection

  depends_on = [time_sleep.bigquery]
}

resource "google_logging_project_sink" "bigquery" {
  count = var.audit_log.destination == "bigquery" ? 1 : 0

  name                   = "${var.function_name}-audit-bigquery"
  description            = "Keeps the audit events of ${var.function_name}"
  destination            = "bigquery.googleapis.com/${google_bigquery_dataset.audit[0].id}"
  filter                 = local.audit_events
  unique_writer_identity = true

  bigquery_options {
    use_partitioned_tables = true # whole tables by day would not expire
  }
}

resource "google_bigquery_dataset_iam_member" "sink" {
  count = var.audit_log.destination == "bigquery" ? 1 : 0

  dataset_id = google_bigquery_dataset.audit[0].dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_logging_project_sink.bigquery[0].writer_identity
}

# Who read a secret is not written down unless asked for. This is the whole audit configuration of Secret Manager in this
# project: what somebody else set for this one service is replaced, and removed by destroy; other services keep theirs.
resource "google_project_iam_audit_config" "secret_manager" {
  count = var.audit_secret_reads ? 1 : 0

  project = var.project_id
  service = "secretmanager.googleapis.com"

  audit_log_config {
    log_type = "DATA_READ"
  }

  depends_on = [time_sleep.services]
}
