# Optional: Firebase in a new project, its apps, and their App Check providers. The attestation of an app is
# set up elsewhere (reCAPTCHA Enterprise key, Play Console, Apple team) and only named here.

locals {
  web_apps        = try(var.firebase_apps.web, {})
  android_apps    = try(var.firebase_apps.android, {})
  apple_apps      = try(var.firebase_apps.apple, {})
  app_check_ttl   = try("${var.firebase_apps.app_check_token_seconds}s", null)
  app_on_deletion = var.deletion_protection ? "ABANDON" : "DELETE"
}

# Adds Firebase to the project. Firebase cannot be removed: `terraform destroy` only removes it from the state.
resource "google_firebase_project" "this" {
  count    = var.firebase_apps == null ? 0 : 1
  provider = google-beta

  depends_on = [time_sleep.services]
}

resource "google_firebase_web_app" "app" {
  for_each = local.web_apps
  provider = google-beta

  display_name    = each.value.display_name
  deletion_policy = local.app_on_deletion

  depends_on = [google_firebase_project.this]
}

resource "google_firebase_android_app" "app" {
  for_each = local.android_apps
  provider = google-beta

  display_name    = each.value.display_name
  package_name    = each.value.package_name
  sha256_hashes   = each.value.sha256_hashes
  deletion_policy = local.app_on_deletion

  depends_on = [google_firebase_project.this]
}

resource "google_firebase_apple_app" "app" {
  for_each = local.apple_apps
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
  count = var.firebase_apps == null ? 0 : 1

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
  for_each = { for name, app in local.web_apps : name => app if app.recaptcha_enterprise_site_key != null }

  app_id    = google_firebase_web_app.app[each.key].app_id
  site_key  = each.value.recaptcha_enterprise_site_key
  token_ttl = local.app_check_ttl

  depends_on = [time_sleep.apps]
}

resource "google_firebase_app_check_play_integrity_config" "android" {
  for_each = { for name, app in local.android_apps : name => app if length(app.sha256_hashes) > 0 }

  app_id    = google_firebase_android_app.app[each.key].app_id
  token_ttl = local.app_check_ttl

  depends_on = [time_sleep.apps]
}

resource "google_firebase_app_check_app_attest_config" "apple" {
  for_each = { for name, app in local.apple_apps : name => app if app.team_id != null }

  app_id    = google_firebase_apple_app.app[each.key].app_id
  token_ttl = local.app_check_ttl

  depends_on = [time_sleep.apps]
}
