locals {
  domain_url = var.load_balancer == null ? null : "https://${var.load_balancer.domain}/"
  # The function's own URL answers until it is closed. The domain answers only once its DNS record and certificate are there.
  app_url    = local.direct_closed ? local.domain_url : google_cloudfunctions2_function.mint_live_token.url
  smoke_line = "make smoke URL=${local.app_url} PROJECT_ID=${var.project_id}"
  smoke_commands = var.app_check.mode != "enforce" ? local.smoke_line : join("\n", [
    "# App Check is enforced, and a person cannot sign: the release account signs for you after this grant. Whoever can",
    "# sign as it can sign in as any user: remove the grant afterwards (remove-iam-policy-binding).",
    "gcloud iam service-accounts add-iam-policy-binding ${google_service_account.release.email} --project=${var.project_id} --member=\"user:$(gcloud config get account)\" --role=roles/iam.serviceAccountTokenCreator",
    "${local.smoke_line} ARGS='--app-id=APP_ID --service-account=${google_service_account.release.email}'",
  ])
}

locals {
  # A deployment may switch the check on again, so this is repeated after each apply.
  unchecked_command = var.public != "no-invoker-check" ? "" : <<-COMMAND

    # After each apply: Cloud Run checks no caller, because the organisation forbids a grant to allUsers.
    ${join("\n", [
  for region in concat([var.region], keys(var.additional_regions)) :
  "gcloud run services update ${var.function_name} --no-invoker-iam-check --region=${region} --project=${var.project_id}"
])}
  COMMAND
}

output "project_id" {
  description = "Project of this deployment. `make deploy` refuses the outputs of another one."
  value       = var.project_id
}

output "app_url" {
  description = "URL that answers apps now: load_balancer_url once close_direct is applied, function_url before."
  value       = local.app_url
}

output "public" {
  description = "Who may call: true, everybody by a grant; no-invoker-check, everybody without a check of Cloud Run; false, nobody from outside."
  value       = var.public
}

output "function_url" {
  description = "The function's own URL. load_balancer.close_direct closes it."
  value       = google_cloudfunctions2_function.mint_live_token.url
}

output "direct_urls" {
  description = "URL of the function itself, in each region; empty once load_balancer.close_direct closes them."
  value = local.direct_closed ? {} : merge(
    { (google_cloudfunctions2_function.mint_live_token.location) = google_cloudfunctions2_function.mint_live_token.url },
    { for region, function in google_cloudfunctions2_function.elsewhere : region => function.url },
  )
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

output "regions" {
  description = "All regions of the function, the home region first."
  value       = concat([google_cloudfunctions2_function.mint_live_token.location], keys(google_cloudfunctions2_function.elsewhere))
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
  description = "URL under the domain of the load balancer; null without one. It answers once its certificate is active."
  value       = local.domain_url
}

output "load_balancer_address" {
  description = "IP address for the DNS records of domain and candidate_domain; null without a load balancer."
  value       = one(google_compute_global_address.function[*].address)
}

output "alert_recipients" {
  description = "How many notification channels get alerts. 0: incidents open in Cloud Monitoring and no person is notified."
  value       = length(local.channels)
}

output "worst_usd_per_user_day" {
  description = "What one caller with a modified app can cost in a day at most, by profile and plan, as of the last `make deploy`."
  value       = var.worst_usd_per_user_day
}

output "next_commands" {
  description = "Next steps as bash commands for the root of the repository: terraform -chdir=infra output -raw next_commands"
  value       = <<-COMMANDS
    # 1. Store the Gemini API key. It is not echoed, and is in no history, process list or file.
    read -rsp 'Gemini API key: ' GEMINI_API_KEY && printf %s "$GEMINI_API_KEY" |
      gcloud secrets versions add ${google_secret_manager_secret.gemini_api_key.secret_id} --project=${var.project_id} --data-file=-; unset GEMINI_API_KEY

    # 2. Take a live token and hold a session with it.
    ${local.smoke_commands}
${local.unchecked_command}
    # 3. Show the stop switches.
    export FIREBASE_PROJECT_ID=${var.project_id} FIRESTORE_DATABASE=${google_firestore_database.live_tokens.name}
    make admin ARGS=status

    # 4. Later: release new code.
    make release PROJECT_ID=${var.project_id}
  COMMANDS
}
