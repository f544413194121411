# The project must exist. Nothing here creates, moves or deletes it.
data "google_project" "this" {
  project_id = var.project_id
}

locals {
  services = toset(concat(
    [
      "artifactregistry.googleapis.com",     # the function's image
      "cloudbuild.googleapis.com",           # builds it
      "cloudfunctions.googleapis.com",       # the function
      "cloudresourcemanager.googleapis.com", # roles on the project
      "firebaserules.googleapis.com",        # no client reads the database
      "firestore.googleapis.com",            # quotas and stop switches
      "generativelanguage.googleapis.com",   # Gemini; the key can belong to another project
      "iam.googleapis.com",                  # the accounts
      "iamcredentials.googleapis.com",       # the smoke test's custom token
      "identitytoolkit.googleapis.com",      # Firebase Authentication
      "logging.googleapis.com",              # audit events
      "monitoring.googleapis.com",           # alerts, SLO, dashboard
      "run.googleapis.com",                  # the service under the function
      "secretmanager.googleapis.com",        # the key
      "serviceusage.googleapis.com",         # this list
      "storage.googleapis.com",              # the function's source
    ],
    var.app_check.mode != "off" ? ["firebaseappcheck.googleapis.com"] : [],
    var.kms_key != null ? ["cloudkms.googleapis.com"] : [],
    var.load_balancer != null ? ["compute.googleapis.com"] : [],
  ))
}

# disable_on_destroy: the app or other users of the project may need the same service.
resource "google_project_service" "enabled" {
  for_each = local.services

  service            = each.key
  disable_on_destroy = false
}

# An enabled service works after a delay that the provider cannot observe.
# https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/google_project_service
resource "time_sleep" "services" {
  create_duration = "60s"
  triggers        = { services = join(",", sort([for service in google_project_service.enabled : service.service])) }
}
