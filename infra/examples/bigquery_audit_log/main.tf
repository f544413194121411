# Audit events in BigQuery, in a dataset with daily partitions that expire: a root module of its own, with its own state.
# The events hold uids, which are personal data: keep them only as long as you need them, and tell your users.
#
#   terraform -chdir=infra/examples/bigquery_audit_log init
#   terraform -chdir=infra/examples/bigquery_audit_log apply -var=project_id="$PROJECT_ID" -var-file=my-events.tfvars
#
# infra/ keeps the events in a log bucket as well, unless its settings have audit_log = { destination = "none" }.
terraform {
  required_version = ">= 1.11"

  required_providers {
    google = { source = "hashicorp/google", version = "~> 8.0" }
    time   = { source = "hashicorp/time", version = "~> 0.13" }
  }
}

provider "google" {
  project               = var.project_id
  user_project_override = true
  billing_project       = var.project_id
}

resource "google_project_service" "bigquery" {
  service            = "bigquery.googleapis.com"
  disable_on_destroy = false
}

resource "time_sleep" "bigquery" {
  create_duration = "60s"
  triggers        = { service = google_project_service.bigquery.service }
}

resource "google_bigquery_dataset" "audit" {
  # checkov:skip=CKV_GCP_81:Google's own key: Cloud Logging has the events under the same key
  dataset_id                      = "${replace(var.function_name, "-", "_")}_audit"
  location                        = var.region
  description                     = "Audit events of ${var.function_name}. They hold uids: personal data."
  default_partition_expiration_ms = var.retention_days * 24 * 60 * 60 * 1000
  delete_contents_on_destroy      = !var.deletion_protection

  depends_on = [time_sleep.bigquery]
}

resource "google_logging_project_sink" "audit" {
  name                   = "${var.function_name}-audit-bigquery"
  description            = "Keeps the audit events of ${var.function_name}"
  destination            = "bigquery.googleapis.com/${google_bigquery_dataset.audit.id}"
  filter                 = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.function_name}\" AND jsonPayload.event:\"live_token.\""
  unique_writer_identity = true

  bigquery_options {
    use_partitioned_tables = true # daily tables would not expire
  }
}

resource "google_bigquery_dataset_iam_member" "sink" {
  dataset_id = google_bigquery_dataset.audit.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_logging_project_sink.audit.writer_identity
}
