locals {
  # The second step with a load balancer: apps must call its domain before the function stops answering under its own URL.
  direct_closed = try(var.load_balancer.close_direct, false)

  # Settings without a value are omitted: some libraries reject an empty variable.
  function_environment = merge(
    {
      FIREBASE_PROJECT_ID   = var.project_id
      GEMINI_API_KEY_SECRET = "${google_secret_manager_secret.gemini_api_key.id}/versions/latest" # a rotation takes effect by itself
      GEMINI_API_VERSION    = var.gemini_api_version
      API_KEY_CACHE_SECONDS = tostring(var.api_key_cache_seconds)
      CALL_DEADLINE_SECONDS = tostring(var.call_deadline_seconds)
      CHECK_REVOKED         = tostring(var.check_revoked)
      APP_CHECK             = var.app_check.mode
      QUOTA_STORE           = "firestore"
      FIRESTORE_DATABASE    = google_firestore_database.live_tokens.name
      THREADS               = tostring(var.concurrency) # as many as Cloud Run sends at once
      PYTHONUNBUFFERED      = "1"                       # no log line is lost when an instance ends
      LOG_EXECUTION_ID      = "true"                    # Google adds it otherwise, and then every plan shows a change
    },
    var.app_check.consume ? { APP_CHECK_CONSUME = "true" } : {},
    length(var.app_check.allowed_app_ids) > 0 ? { APP_CHECK_ALLOWED_APP_IDS = join(",", var.app_check.allowed_app_ids) } : {},
    length(var.cors_allowed_origins) > 0 ? { CORS_ALLOWED_ORIGINS = join(",", var.cors_allowed_origins) } : {},
  )
}

resource "google_cloudfunctions2_function" "mint_live_token" {
  # checkov:skip=CKV_GCP_124:Apps call it from anywhere. It verifies Firebase ID tokens itself; load_balancer can close the direct address
  name        = var.function_name
  location    = var.region
  description = "Gives each signed-in user a single-use, locked token for the Gemini Live API"
  labels      = { deployment-callable = "true" } # as Firebase's own tools label a callable function

  # Another name or region is another function at another URL.
  deletion_policy = var.deletion_protection ? "PREVENT" : "DELETE"

  build_config {
    runtime           = "python313" # what requirements.txt is locked for; cloudbuild.yaml says the same
    entry_point       = "mint_live_token"
    service_account   = google_service_account.build.name
    docker_repository = google_artifact_registry_repository.function.id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.function.name
      }
    }

    automatic_update_policy {} # security patches of the runtime without a deployment
  }

  service_config {
    service_account_email            = google_service_account.runtime.email
    environment_variables            = local.function_environment
    available_cpu                    = var.available_cpu
    available_memory                 = var.available_memory
    max_instance_request_concurrency = var.concurrency
    min_instance_count               = var.min_instances
    max_instance_count               = var.max_instances
    timeout_seconds                  = var.timeout_seconds
    ingress_settings                 = local.direct_closed ? "ALLOW_INTERNAL_AND_GCLB" : "ALLOW_ALL"
    all_traffic_on_latest_revision   = true
  }

  lifecycle {
    # Releases own how the code is built and which revision serves. All of build_config is ignored, because the provider
    # sends all of it when any part changes, and remembers the archive that Terraform uploaded: it would deploy the first
    # code again, without a smoke test.
    # https://github.com/hashicorp/terraform-provider-google/blob/main/google/services/cloudfunctions2/resource_cloudfunctions2_function.go
    ignore_changes = [
      build_config,
      service_config[0].all_traffic_on_latest_revision,
    ]
  }

  depends_on = [time_sleep.grants]
}

# Callers are Firebase users, who have no identity in Google Cloud: Cloud Run admits every call, and the function verifies
# it. The grant is on the Cloud Run service, because the function itself does not support this role.
resource "google_cloud_run_v2_service_iam_member" "public" {
  count = var.public ? 1 : 0

  name     = google_cloudfunctions2_function.mint_live_token.name
  location = google_cloudfunctions2_function.mint_live_token.location
  role     = "roles/run.invoker"
  member   = "allUsers"
}
