# Firebase in a new project, its apps, and their App Check providers: a root module of its own, with its own state. The
# attestation of an app is set up elsewhere (reCAPTCHA Enterprise key, Play Console, Apple team) and only named here.
#
#   terraform -chdir=infra/examples/firebase_apps init
#   terraform -chdir=infra/examples/firebase_apps apply -var=project_id="$PROJECT_ID" -var-file=my-app.tfvars
terraform {
  required_version = ">= 1.11"

  required_providers {
    google      = { source = "hashicorp/google", version = "~> 8.0" }
    google-beta = { source = "hashicorp/google-beta", version = "~> 8.0" }
    time        = { source = "hashicorp/time", version = "~> 0.13" }
  }
}

provider "google" {
  project               = var.project_id
  user_project_override = true
  billing_project       = var.project_id
}

provider "google-beta" {
  project               = var.project_id
  user_project_override = true
  billing_project       = var.project_id
}

locals {
  ttl             = "${var.app_check_token_seconds}s"
  app_on_deletion = var.deletion_protection ? "ABANDON" : "DELETE"
}

resource "google_project_service" "this" {
  for_each = toset([
    "firebase.googleapis.com",
    "firebaseappcheck.googleapis.com",
    "playintegrity.googleapis.com",
  ])

  service            = each.key
  disable_on_destroy = false
}

resource "time_sleep" "services" {
  create_duration = "60s"
  triggers        = { services = join(",", keys(google_project_service.this)) }
}

# Adds Firebase to the project. Firebase cannot be removed: `terraform destroy` only removes it from the state.
resource "google_firebase_project" "this" {
  provider = google-beta

  depends_on = [time_sleep.services]
}

resource "google_firebase_web_app" "app" {
  for_each = var.web
  provider = google-beta

  display_name    = each.value.display_name
  deletion_policy = local.app_on_deletion

  depends_on = [google_firebase_project.this]
}

resource "google_firebase_android_app" "app" {
  for_each = var.android
  provider = google-beta

  display_name    = each.value.display_name
  package_name    = each.value.package_name
  sha256_hashes   = each.value.sha256_hashes
  deletion_policy = local.app_on_deletion

  depends_on = [google_firebase_project.this]
}

resource "google_firebase_apple_app" "app" {
  for_each = var.apple
  provider = google-beta

  display_name    = each.value.display_name
  bundle_id       = each.value.bundle_id
  team_id         = each.value.team_id
  deletion_policy = local.app_on_deletion

  depends_on = [google_firebase_project.this]
}

# App Check knows a new app after a delay.
# https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/firebase_app_check_app_attest_config
resource "time_sleep" "apps" {
  create_duration = "30s"
  triggers = {
    apps = join(",", concat(
      [for app in google_firebase_web_app.app : app.app_id],
      [for app in google_firebase_android_app.app : app.app_id],
      [for app in google_firebase_apple_app.app : app.app_id],
    ))
  }
}

resource "google_firebase_app_check_recaptcha_enterprise_config" "web" {
  for_each = { for name, app in var.web : name => app if app.recaptcha_enterprise_site_key != null }

  app_id    = google_firebase_web_app.app[each.key].app_id
  site_key  = each.value.recaptcha_enterprise_site_key
  token_ttl = local.ttl

  depends_on = [time_sleep.apps]
}

resource "google_firebase_app_check_play_integrity_config" "android" {
  for_each = { for name, app in var.android : name => app if length(app.sha256_hashes) > 0 }

  app_id    = google_firebase_android_app.app[each.key].app_id
  token_ttl = local.ttl

  depends_on = [time_sleep.apps]
}

resource "google_firebase_app_check_app_attest_config" "apple" {
  for_each = { for name, app in var.apple : name => app if app.team_id != null }

  app_id    = google_firebase_apple_app.app[each.key].app_id
  token_ttl = local.ttl

  depends_on = [time_sleep.apps]
}

output "firebase_app_ids" {
  description = "Ids of the apps, by kind and name, for the apps' configuration and app_check.allowed_app_ids."
  value = {
    web     = { for name, app in google_firebase_web_app.app : name => app.app_id }
    android = { for name, app in google_firebase_android_app.app : name => app.app_id }
    apple   = { for name, app in google_firebase_apple_app.app : name => app.app_id }
  }
}
