# The decisions of this module that a change must not reverse unnoticed: roles, public access, where the key is not, the
# variables of the function, deletion protection. Plans use mocked providers; the archive is real.

mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

mock_provider "google-beta" {
  override_during = plan

  mock_resource "google_project_service_identity" {
    defaults = {
      member = "serviceAccount:service-123456789012@gcp-sa-secretmanager.iam.gserviceaccount.com"
    }
  }
}

mock_provider "time" {}

override_resource {
  target          = google_service_account.runtime
  override_during = plan
  values = {
    name   = "projects/demo-live-tokens/serviceAccounts/runtime@demo-live-tokens.iam.gserviceaccount.com"
    email  = "runtime@demo-live-tokens.iam.gserviceaccount.com"
    member = "serviceAccount:runtime@demo-live-tokens.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = google_service_account.build
  override_during = plan
  values = {
    name   = "projects/demo-live-tokens/serviceAccounts/build@demo-live-tokens.iam.gserviceaccount.com"
    email  = "build@demo-live-tokens.iam.gserviceaccount.com"
    member = "serviceAccount:build@demo-live-tokens.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = google_service_account.release
  override_during = plan
  values = {
    name   = "projects/demo-live-tokens/serviceAccounts/release@demo-live-tokens.iam.gserviceaccount.com"
    email  = "release@demo-live-tokens.iam.gserviceaccount.com"
    member = "serviceAccount:release@demo-live-tokens.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = google_service_account.test
  override_during = plan
  values = {
    name   = "projects/demo-live-tokens/serviceAccounts/test@demo-live-tokens.iam.gserviceaccount.com"
    email  = "test@demo-live-tokens.iam.gserviceaccount.com"
    member = "serviceAccount:test@demo-live-tokens.iam.gserviceaccount.com"
  }
}

variables {
  project_id = "demo-live-tokens"
  region     = "europe-west1"
}

run "the_runtime_account_reads_the_one_secret_and_has_no_accessor_role_elsewhere" {
  command = plan

  assert {
    condition = (
      google_secret_manager_secret_iam_member.runtime.member == google_service_account.runtime.member &&
      google_secret_manager_secret_iam_member.runtime.role == "roles/secretmanager.secretAccessor" &&
      google_secret_manager_secret_iam_member.runtime.secret_id == google_secret_manager_secret.gemini_api_key.secret_id
    )
    error_message = "The function's account must read the one secret."
  }

  assert {
    condition     = alltrue([for grant in google_project_iam_member.grant : !startswith(grant.role, "roles/secretmanager")])
    error_message = "No account may read all secrets of the project."
  }
}

run "no_role_is_given_on_the_project_beyond_the_list" {
  command = plan

  assert {
    condition = { for name, grant in google_project_iam_member.grant : name => "${split("@", grant.member)[0]} ${grant.role}" } == {
      runtime_database    = "serviceAccount:runtime roles/datastore.user"
      runtime_users       = "serviceAccount:runtime roles/firebaseauth.viewer"
      build_log           = "serviceAccount:build roles/logging.logWriter"
      build_source        = "serviceAccount:build roles/storage.objectViewer"
      release_reads       = "serviceAccount:release roles/cloudfunctions.viewer"
      release_builds      = "serviceAccount:release roles/cloudbuild.builds.viewer"
      release_web_api_key = "serviceAccount:release roles/firebaseauth.viewer"
      release_quota       = "serviceAccount:release roles/serviceusage.serviceUsageConsumer"
    }
    error_message = "The list of roles on the project has changed. Is each one needed, and does infra/README.md say for what?"
  }
}

run "roles_that_reach_data_of_others_are_held_to_one_database_and_to_sources" {
  command = plan

  assert {
    condition     = google_project_iam_member.grant["runtime_database"].condition[0].expression == "resource.name == \"projects/demo-live-tokens/databases/live-tokens\""
    error_message = "The function must not read the app's own database."
  }

  assert {
    condition     = google_project_iam_member.grant["build_source"].condition[0].expression == "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-123456789012-\")"
    error_message = "The build, which runs other people's code, must not read the app's files."
  }
}

run "the_tests_of_a_release_have_no_role_on_the_project_and_cannot_replace_a_package" {
  command = plan

  assert {
    condition     = [for grant in google_project_iam_member.grant : grant.role if grant.member == google_service_account.test.member] == []
    error_message = "The tests run other people's code: no role on the project."
  }

  assert {
    condition = { for name, grant in google_storage_bucket_iam_member.build : name => "${grant.bucket} ${grant.role} ${length(grant.condition)}" if grant.member == google_service_account.test.member } == {
      test_upload  = "demo-live-tokens-live-tokens-source roles/storage.objectViewer 1"
      test_package = "demo-live-tokens-live-tokens-source roles/storage.objectCreator 1"
      test_log     = "demo-live-tokens-live-tokens-test-logs roles/storage.admin 0"
    }
    error_message = "The tests read the upload, add a package and write their log."
  }

  assert {
    condition     = [for grant in google_storage_bucket_iam_member.build : grant.member if grant.bucket == google_storage_bucket.build_logs.name] == [google_service_account.release.member]
    error_message = "The tests must not delete or forge the log of a release: it is in a bucket of its own."
  }

  assert {
    condition     = google_storage_bucket_iam_member.build["test_package"].condition[0].expression == "resource.name.startsWith(\"projects/_/buckets/demo-live-tokens-live-tokens-source/objects/packages/\")"
    error_message = "The tests must not add what Terraform deploys, or the settings of a release."
  }
}

run "the_release_deploys_the_one_function" {
  command = plan

  assert {
    condition     = google_cloudfunctions2_function_iam_member.release.cloud_function == "mint-live-token" && google_cloudfunctions2_function_iam_member.release.role == "roles/cloudfunctions.developer" && google_cloudfunctions2_function_iam_member.release.member == google_service_account.release.member
    error_message = "On the project, this role could change every function and every Cloud Run service."
  }

  assert {
    condition     = jsondecode(google_storage_bucket_object.release_settings.content) == { _REGION = "europe-west1", _FUNCTION = "mint-live-token" }
    error_message = "make release must find its region and function."
  }
}

run "roles_for_options_are_given_only_with_them" {
  command = plan

  variables {
    check_revoked = false
    app_check     = { mode = "enforce", consume = true }
  }

  assert {
    condition     = [for name, grant in google_project_iam_member.grant : grant.role if grant.role == "roles/firebaseauth.viewer" && startswith(name, "runtime")] == []
    error_message = "Without check_revoked the function asks Firebase nothing about users."
  }

  assert {
    condition     = google_project_iam_member.grant["runtime_app_check"].role == "roles/firebaseappcheck.tokenVerifier" && google_project_iam_member.grant["runtime_app_check"].member == google_service_account.runtime.member
    error_message = "Replay protection needs the right to mark tokens as used."
  }
}

run "the_build_writes_to_the_one_repository" {
  command = plan

  assert {
    condition = (
      google_artifact_registry_repository_iam_member.build.member == google_service_account.build.member &&
      google_artifact_registry_repository_iam_member.build.role == "roles/artifactregistry.writer" &&
      google_artifact_registry_repository_iam_member.build.repository == google_artifact_registry_repository.function.name
    )
    error_message = "The build must write its images, and into this repository only."
  }
}

run "the_release_acts_as_the_two_accounts_and_signs_as_itself_only" {
  command = plan

  assert {
    condition = (
      toset([for grant in google_service_account_iam_member.release_acts_as : grant.service_account_id]) == toset([google_service_account.runtime.name, google_service_account.build.name]) &&
      alltrue([for grant in google_service_account_iam_member.release_acts_as : grant.member == google_service_account.release.member && grant.role == "roles/iam.serviceAccountUser"])
    )
    error_message = "The release must act as the function's and the build's account, and only it."
  }

  assert {
    condition     = google_service_account_iam_member.release_signs.service_account_id == google_service_account.release.name && google_service_account_iam_member.release_signs.member == google_service_account.release.member
    error_message = "Who signs custom tokens signs in as any user: only the release may, with its own account."
  }

  assert {
    condition     = google_cloud_run_v2_service_iam_member.release.name == "mint-live-token" && google_cloud_run_v2_service_iam_member.release.role == "roles/run.developer" && google_cloud_run_v2_service_iam_member.release.member == google_service_account.release.member
    error_message = "The release moves traffic of the one service."
  }
}

run "the_function_is_public_and_verifies_callers_itself" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service_iam_member.public[0].member == "allUsers" && google_cloud_run_v2_service_iam_member.public[0].role == "roles/run.invoker" && google_cloud_run_v2_service_iam_member.public[0].name == "mint-live-token"
    error_message = "Apps must reach the service under the function."
  }
}

run "public_false_grants_no_invoker" {
  command = plan

  variables {
    public = false
  }

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.public) == 0
    error_message = "public = false must give allUsers nothing."
  }
}

run "without_the_check_of_cloud_run_nobody_is_granted_anything_and_the_function_is_watched" {
  command = plan

  variables {
    public = "no-invoker-check"
  }

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.public) == 0 && length(google_monitoring_uptime_check_config.refusal) == 1
    error_message = "The organisation forbids the grant, and apps call all the same."
  }

  assert {
    condition     = strcontains(output.next_commands, "gcloud run services update mint-live-token --no-invoker-iam-check --region=europe-west1 --project=demo-live-tokens")
    error_message = "Terraform cannot switch the check off, so the next command must."
  }
}

run "the_secret_stays_in_the_region_and_is_not_deleted_by_accident" {
  command = plan

  assert {
    condition     = [for replica in google_secret_manager_secret.gemini_api_key.replication[0].user_managed[0].replicas : replica.location] == ["europe-west1"]
    error_message = "The key must have its one replica in the region."
  }

  assert {
    condition     = google_secret_manager_secret.gemini_api_key.deletion_protection && google_secret_manager_secret.gemini_api_key.version_destroy_ttl == "604800s"
    error_message = "Secret and versions must not go at once."
  }

  assert {
    condition     = google_firestore_database.live_tokens.delete_protection_state == "DELETE_PROTECTION_ENABLED" && google_firestore_database.live_tokens.deletion_policy == "PREVENT"
    error_message = "The database must not be deleted by accident."
  }

  assert {
    condition     = google_cloudfunctions2_function.mint_live_token.deletion_policy == "PREVENT"
    error_message = "Apps in the field name the function: it must not be deleted by accident."
  }
}

run "deletion_protection_false_unprotects_every_resource" {
  command = plan

  variables {
    deletion_protection = false
    load_balancer       = { domain = "live.example.com" }
  }

  assert {
    condition     = google_cloudfunctions2_function.mint_live_token.deletion_policy == "DELETE" && google_compute_global_address.function[0].deletion_policy == "DELETE"
    error_message = "With deletion_protection = false, function and address must go with terraform destroy."
  }

  assert {
    condition     = !google_secret_manager_secret.gemini_api_key.deletion_protection && google_firestore_database.live_tokens.delete_protection_state == "DELETE_PROTECTION_DISABLED" && google_firestore_database.live_tokens.deletion_policy == "DELETE"
    error_message = "With deletion_protection = false, secret and database must go with terraform destroy."
  }

  assert {
    condition     = google_storage_bucket.source.force_destroy
    error_message = "With deletion_protection = false, sources must go with terraform destroy."
  }
}

run "quota_documents_expire_without_an_index_and_no_client_reads_them" {
  command = plan

  assert {
    condition     = google_firestore_database.live_tokens.name == "live-tokens" && google_firestore_database.live_tokens.type == "FIRESTORE_NATIVE" && google_firestore_database.live_tokens.location_id == "europe-west1"
    error_message = "The database must be one of our own."
  }

  assert {
    condition = (
      google_firestore_field.quota_expiry.database == "live-tokens" && google_firestore_field.quota_expiry.field == "expire_at" &&
      length(google_firestore_field.quota_expiry.ttl_config) == 1 && length(google_firestore_field.quota_expiry.index_config) == 1 &&
      length(google_firestore_field.quota_expiry.index_config[0].indexes) == 0
    )
    error_message = "expire_at must delete documents and have no index."
  }

  assert {
    condition     = google_firebaserules_release.no_clients.name == "cloud.firestore/live-tokens" && strcontains(google_firebaserules_ruleset.no_clients.source[0].files[0].content, "allow read, write: if false;")
    error_message = "Rules must refuse every client, in this database."
  }
}

run "the_database_is_copied_every_day_and_copies_are_kept_for_a_week" {
  command = plan

  assert {
    condition     = google_firestore_backup_schedule.daily.database == "live-tokens" && google_firestore_backup_schedule.daily.retention == "604800s" && length(google_firestore_backup_schedule.daily.daily_recurrence) == 1
    error_message = "Blocks and counted minutes must survive a lost database."
  }
}

run "the_object_is_named_by_the_content_of_the_archive" {
  command = plan

  assert {
    condition     = google_storage_bucket_object.function.name == "function-${data.archive_file.function.output_sha256}.zip"
    error_message = "A changed source must be another object."
  }

  assert {
    condition     = google_storage_bucket.source.uniform_bucket_level_access && google_storage_bucket.source.public_access_prevention == "enforced" && google_storage_bucket.source.versioning[0].enabled
    error_message = "The source must not be public."
  }
}

run "only_set_variables_reach_the_function" {
  command = plan

  assert {
    condition = google_cloudfunctions2_function.mint_live_token.service_config[0].environment_variables == tomap({
      FIREBASE_PROJECT_ID   = "demo-live-tokens"
      GEMINI_API_KEY_SECRET = "projects/demo-live-tokens/secrets/gemini-api-key/versions/latest"
      GEMINI_API_VERSION    = "v1beta"
      API_KEY_CACHE_SECONDS = "300"
      CALL_DEADLINE_SECONDS = "25"
      CHECK_REVOKED         = "true"
      APP_CHECK             = "off"
      QUOTA_STORE           = "firestore"
      FIRESTORE_DATABASE    = "live-tokens"
      THREADS               = "32"
      PYTHONUNBUFFERED      = "1"
      LOG_EXECUTION_ID      = "true"
    })
    error_message = "The environment of the function has changed: docs/settings.md says what each variable does."
  }

  assert {
    condition     = google_cloudfunctions2_function.mint_live_token.labels["deployment-callable"] == "true"
    error_message = "Firebase's tools know a callable function by its label."
  }
}

run "cors_app_check_quota_database_and_the_rest_arrive_in_the_function" {
  command = plan

  variables {
    cors_allowed_origins  = ["https://app.example.com", "http://localhost:8081"]
    app_check             = { mode = "monitor", consume = true, allowed_app_ids = ["1:2:android:3a", "1:2:ios:4b"] }
    firestore_database    = "tokens-of-mine"
    secret_name           = "key-of-mine"
    concurrency           = 16
    gemini_api_version    = "v1alpha"
    api_key_cache_seconds = 60
    call_deadline_seconds = 20
    check_revoked         = false
  }

  assert {
    condition = { for name, value in google_cloudfunctions2_function.mint_live_token.service_config[0].environment_variables : name => value if !contains(["FIREBASE_PROJECT_ID", "PYTHONUNBUFFERED", "LOG_EXECUTION_ID", "QUOTA_STORE", "GEMINI_API_KEY_SECRET"], name) } == {
      CORS_ALLOWED_ORIGINS      = "https://app.example.com,http://localhost:8081"
      APP_CHECK                 = "monitor"
      APP_CHECK_CONSUME         = "true"
      APP_CHECK_ALLOWED_APP_IDS = "1:2:android:3a,1:2:ios:4b"
      FIRESTORE_DATABASE        = "tokens-of-mine"
      THREADS                   = "16"
      GEMINI_API_VERSION        = "v1alpha"
      API_KEY_CACHE_SECONDS     = "60"
      CALL_DEADLINE_SECONDS     = "20"
      CHECK_REVOKED             = "false"
    }
    error_message = "Each variable must arrive in the function."
  }

  assert {
    condition     = google_cloudfunctions2_function.mint_live_token.service_config[0].max_instance_request_concurrency == 16
    error_message = "THREADS and Cloud Run's concurrency must be one number."
  }
}

run "the_function_runs_as_its_own_account_and_is_built_by_another" {
  command = plan

  assert {
    condition     = google_cloudfunctions2_function.mint_live_token.service_config[0].service_account_email == google_service_account.runtime.email
    error_message = "The function must not run as the project's default account."
  }

  assert {
    condition     = google_cloudfunctions2_function.mint_live_token.build_config[0].service_account == google_service_account.build.name
    error_message = "The build must not run as an account with other roles, and takes its resource name."
  }
}

run "instances_are_limited_and_patched" {
  command = plan

  variables {
    min_instances    = 1
    max_instances    = 3
    available_cpu    = "2"
    available_memory = "1Gi"
    timeout_seconds  = 90
  }

  assert {
    condition = (
      google_cloudfunctions2_function.mint_live_token.service_config[0].min_instance_count == 1 &&
      google_cloudfunctions2_function.mint_live_token.service_config[0].max_instance_count == 3 &&
      google_cloudfunctions2_function.mint_live_token.service_config[0].available_cpu == "2" &&
      google_cloudfunctions2_function.mint_live_token.service_config[0].available_memory == "1Gi" &&
      google_cloudfunctions2_function.mint_live_token.service_config[0].timeout_seconds == 90
    )
    error_message = "Limits must arrive in the function."
  }

  assert {
    condition     = google_cloudfunctions2_function.mint_live_token.build_config[0].runtime == "python313" && length(google_cloudfunctions2_function.mint_live_token.build_config[0].automatic_update_policy) == 1
    error_message = "The runtime must be the one that requirements.txt is locked for, with security patches."
  }
}

run "services_stay_enabled_after_destroy" {
  command = plan

  assert {
    condition     = alltrue([for service in google_project_service.enabled : service.disable_on_destroy == false])
    error_message = "The app may need the same services."
  }
}

run "old_images_are_deleted_and_the_latest_are_kept" {
  command = plan

  assert {
    condition     = { for policy in google_artifact_registry_repository.function.cleanup_policies : policy.action => policy.id } == { KEEP = "keep-the-latest", DELETE = "delete-the-old" } && google_artifact_registry_repository.function.cleanup_policy_dry_run == false
    error_message = "Images must not pile up."
  }
}

run "the_plan_shows_what_one_caller_can_cost" {
  command = plan

  variables {
    worst_usd_per_user_day = { "default" = 5973.93, "tutor, plan 'pro'" = null }
  }

  assert {
    condition     = output.worst_usd_per_user_day["default"] == 5973.93 && output.worst_usd_per_user_day["tutor, plan 'pro'"] == null
    error_message = "The plan must show what was computed, and null where nothing bounds it."
  }
}

run "the_next_commands_name_this_project" {
  command = plan

  assert {
    condition = alltrue([for part in [
      "read -rsp",
      "gcloud secrets versions add gemini-api-key --project=demo-live-tokens --data-file=-",
      "make smoke URL=https://europe-west1-demo-live-tokens.cloudfunctions.net/mint-live-token",
    ] : strcontains(output.next_commands, part)])
    error_message = "The commands must work as they are printed."
  }
}
