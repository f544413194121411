locals {
  # The URL that apps call.
  public_url = var.load_balancer == null ? google_cloudfunctions2_function.mint_live_token.url : "https://${var.load_balancer.domain}/"
  smoke_line = "make smoke URL=${local.public_url} PROJECT_ID=${var.project_id}"
  smoke_commands = var.app_check.mode != "enforce" ? local.smoke_line : join("\n", [
    "# App Check is enforced, and a person cannot sign: the release account signs for you after this grant. Whoever can",
    "# sign as it can sign in as any user: remove the grant afterwards (remove-iam-policy-binding).",
    "gcloud iam service-accounts add-iam-policy-binding ${google_service_account.release.email} --project=${var.project_id} --member=\"user:$(gcloud config get account)\" --role=roles/iam.serviceAccountTokenCreator",
    "${local.smoke_line} ARGS='--app-id=APP_ID --service-account=${google_service_account.release.email}'",
  ])
}

output "function_url" {
  description = "URL of the function for apps. With a load balancer it is closed: use load_balancer_url."
  value       = google_cloudfunctions2_function.mint_live_token.url
}

output "service_url" {
  description = "URL of the function's Cloud Run service."
  value       = google_cloudfunctions2_function.mint_live_token.service_config[0].uri
}

output "function_name" {
  description = "Name of the function and of its Cloud Run service."
  value       = google_cloudfunctions2_function.mint_live_token.name
}

output "region" {
  description = "Region of the function."
  value       = google_cloudfunctions2_function.mint_live_token.location
}

output "secret_name" {
  description = "Full resource name of the secret with the Gemini API key."
  value       = google_secret_manager_secret.gemini_api_key.name
}

output "firestore_database" {
  description = "Name of the database with quotas and stop switches: FIRESTORE_DATABASE for `make admin`."
  value       = google_firestore_database.live_tokens.name
}

output "runtime_service_account" {
  description = "E-mail address of the account that the function runs as."
  value       = google_service_account.runtime.email
}

output "build_service_account" {
  description = "E-mail address of the account that builds the function's image."
  value       = google_service_account.build.email
}

output "release_service_account" {
  description = "E-mail address of the account for cloudbuild.yaml."
  value       = google_service_account.release.email
}

output "load_balancer_url" {
  description = "URL of the function for apps with a load balancer; null without one."
  value       = var.load_balancer == null ? null : local.public_url
}

output "load_balancer_address" {
  description = "IP address for the DNS records of domain and candidate_domain; null without a load balancer."
  value       = one(google_compute_global_address.function[*].address)
}

output "firebase_app_ids" {
  description = "Ids of the Firebase apps in this deployment, by kind and name, for the apps' configuration and app_check.allowed_app_ids."
  value = {
    web     = { for name, app in google_firebase_web_app.app : name => app.app_id }
    android = { for name, app in google_firebase_android_app.app : name => app.app_id }
    apple   = { for name, app in google_firebase_apple_app.app : name => app.app_id }
  }
}

output "worst_usd_per_user_day" {
  description = "What one caller with a modified app can cost in a day at most, by profile and plan, as of the last `make deploy`."
  value       = var.worst_usd_per_user_day
}

output "next_commands" {
  description = "Next steps as bash commands for the root of the repository: terraform output -raw next_commands"
  value       = <<-COMMANDS
    # 1. Store the Gemini API key. It is not echoed, and is in no history, process list or file.
    read -rsp 'Gemini API key: ' GEMINI_API_KEY && printf %s "$GEMINI_API_KEY" |
      gcloud secrets versions add ${google_secret_manager_secret.gemini_api_key.secret_id} --project=${var.project_id} --data-file=-; unset GEMINI_API_KEY

    # 2. Take a live token and hold a session with it.
    ${local.smoke_commands}

    # 3. Show the stop switches.
    export FIREBASE_PROJECT_ID=${var.project_id} FIRESTORE_DATABASE=${google_firestore_database.live_tokens.name}
    make admin ARGS=status

    # 4. Later: release new code.
    make release PROJECT_ID=${var.project_id}
  COMMANDS
}
