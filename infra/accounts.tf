# Four accounts for four parties: the function, the image build, the tests, which both run third-party packages, and the
# release, which decides what users get. Roles are only added (`_member`): no account loses one.

resource "google_service_account" "runtime" {
  account_id   = "live-tokens-runtime"
  display_name = "Live tokens: the function"
  description  = "Runs ${var.function_name}: reads the one secret, reads and writes the one database."

  depends_on = [time_sleep.services]
}

resource "google_service_account" "build" {
  account_id   = "live-tokens-build"
  display_name = "Live tokens: the function's image build"
  description  = "Builds the image of ${var.function_name}. It runs third-party code and has no other rights."

  depends_on = [time_sleep.services]
}

resource "google_service_account" "test" {
  account_id   = "live-tokens-test"
  display_name = "Live tokens: the tests of a release"
  description  = "Runs cloudbuild.test.yaml. It runs third-party code and has no role on the project."

  depends_on = [time_sleep.services]
}

resource "google_service_account" "release" {
  account_id   = "live-tokens-release"
  display_name = "Live tokens: the release"
  description  = "Runs cloudbuild.yaml: deploys ${var.function_name}, smoke-tests it, moves traffic."

  depends_on = [time_sleep.services]
}

locals {
  # Every role on the *project*. No other file grants one. The role on the secret is in secret.tf. Every role of the
  # function's account: docs/settings.md.
  project_grants = {
    for name, grant in {
      runtime_database = {
        when   = true
        member = google_service_account.runtime.member
        role   = "roles/datastore.user" # quotas and stop switches, in this database and not in the app's
        condition = {
          title      = "Only the database ${var.firestore_database}"
          expression = "resource.name == \"projects/${var.project_id}/databases/${var.firestore_database}\""
        }
      }
      runtime_users = {
        when      = var.check_revoked
        member    = google_service_account.runtime.member
        role      = "roles/firebaseauth.viewer" # user look-up: disabled, deleted, signed out
        condition = null
      }
      runtime_app_check = {
        when      = var.app_check.consume
        member    = google_service_account.runtime.member
        role      = "roles/firebaseappcheck.tokenVerifier" # marks an App Check token as used
        condition = null
      }
      build_log = {
        when      = true
        member    = google_service_account.build.member
        role      = "roles/logging.logWriter" # the build's log
        condition = null
      }
      build_source = {
        when   = true
        member = google_service_account.build.member
        role   = "roles/storage.objectViewer" # the source, in the bucket that Cloud Functions creates
        condition = {
          title      = "Only sources of functions"
          expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.this.number}-\")"
        }
      }
      release_reads = {
        when   = true
        member = google_service_account.release.member
        # `gcloud functions deploy` also reads what belongs to the project and not to the function: runtimes, operations.
        role      = "roles/cloudfunctions.viewer"
        condition = null
      }
      release_builds = {
        when      = true
        member    = google_service_account.release.member
        role      = "roles/cloudbuild.builds.viewer" # finds other ongoing releases
        condition = null
      }
      release_web_api_key = {
        when      = true
        member    = google_service_account.release.member
        role      = "roles/firebaseauth.viewer" # the web API key for the smoke test's sign-in
        condition = null
      }
      release_quota = {
        when   = true
        member = google_service_account.release.member
        # `gcloud builds list`, which finds other ongoing releases, counts against the project's quota.
        # https://cloud.google.com/build/docs/securing-builds/configure-access-control
        role      = "roles/serviceusage.serviceUsageConsumer"
        condition = null
      }
    } : name => grant if grant.when
  }
}

resource "google_project_iam_member" "grant" {
  for_each = local.project_grants

  project = var.project_id
  role    = each.value.role
  member  = each.value.member

  dynamic "condition" {
    for_each = each.value.condition == null ? [] : [each.value.condition]

    content {
      title      = condition.value.title
      expression = condition.value.expression
    }
  }
}

locals {
  source_objects = "projects/_/buckets/${google_storage_bucket.source.name}/objects"

  # On the buckets of builds. An account that can create objects and not delete them cannot replace one. A condition on
  # names of objects leaves no `storage.objects.list`, which is asked of the bucket: cloudbuild.test.yaml lists nothing.
  build_grants = {
    test_upload = {
      bucket     = google_storage_bucket.source.name
      member     = google_service_account.test.member
      role       = "roles/storage.objectViewer" # the upload, and the package if it is there already
      expression = "resource.name.startsWith(\"${local.source_objects}/source/\") || resource.name.startsWith(\"${local.source_objects}/packages/\")"
    }
    test_package = {
      bucket     = google_storage_bucket.source.name
      member     = google_service_account.test.member
      role       = "roles/storage.objectCreator" # the tested package
      expression = "resource.name.startsWith(\"${local.source_objects}/packages/\")"
    }
    test_log = {
      bucket     = google_storage_bucket.test_logs.name
      member     = google_service_account.test.member
      role       = "roles/storage.admin" # writes the log; a narrower role was not tried at Google
      expression = null
    }
    release_source = {
      bucket     = google_storage_bucket.source.name
      member     = google_service_account.release.member
      role       = "roles/storage.objectViewer" # the upload and the tested package
      expression = null
    }
    release_log = {
      bucket     = google_storage_bucket.build_logs.name
      member     = google_service_account.release.member
      role       = "roles/storage.admin" # writes the log; a narrower role was not tried at Google
      expression = null
    }
  }
}

resource "google_storage_bucket_iam_member" "build" {
  for_each = local.build_grants

  bucket = each.value.bucket
  role   = each.value.role
  member = each.value.member

  dynamic "condition" {
    for_each = each.value.expression == null ? [] : [each.value.expression]

    content {
      title      = "Only this part of the bucket"
      expression = condition.value
    }
  }
}

# Deploys this function only. On the project, this role could change every function and every Cloud Run service.
# Not tried at Google yet: docs/releases.md says what to do if a deployment is refused.
resource "google_cloudfunctions2_function_iam_member" "release" {
  cloud_function = google_cloudfunctions2_function.mint_live_token.name
  location       = google_cloudfunctions2_function.mint_live_token.location
  role           = "roles/cloudfunctions.developer"
  member         = google_service_account.release.member
}

# The build can write to this repository only.
resource "google_artifact_registry_repository_iam_member" "build" {
  location   = google_artifact_registry_repository.function.location
  repository = google_artifact_registry_repository.function.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

# A deployment that runs as an account needs the right to act as that account.
resource "google_service_account_iam_member" "release_acts_as" {
  for_each = {
    runtime = google_service_account.runtime.name
    build   = google_service_account.build.name
  }

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.release.member
}

# The smoke test of a release signs a custom token for its own user, with its own account and no key file.
# An account that signs custom tokens can sign in as ANY user of the Firebase project: anyone who can run or change a release
# has that power too. Grant this role to no one else, on any account of the project.
resource "google_service_account_iam_member" "release_signs" {
  service_account_id = google_service_account.release.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.release.member
}

# Moves traffic between revisions of this service only.
resource "google_cloud_run_v2_service_iam_member" "release" {
  name     = google_cloudfunctions2_function.mint_live_token.name
  location = google_cloudfunctions2_function.mint_live_token.location
  role     = "roles/run.developer"
  member   = google_service_account.release.member
}

# A grant takes effect with a delay. A build or an instance that starts earlier fails.
resource "time_sleep" "grants" {
  create_duration = "60s"
  triggers = {
    project    = join(",", sort([for name, grant in google_project_iam_member.grant : name]))
    repository = google_artifact_registry_repository_iam_member.build.role
    secret     = google_secret_manager_secret_iam_member.runtime.role
  }
}
