# Three accounts, because three parties act: the function, the build that runs other people's packages, and the release
# that may change what users get. Every role is added to what the project has (`_member`): nobody loses one.

resource "google_service_account" "runtime" {
  account_id   = "live-tokens-runtime"
  display_name = "Live tokens: the function"
  description  = "Runs ${var.function_name}: reads the one secret, reads and writes the one database."

  depends_on = [time_sleep.services]
}

resource "google_service_account" "build" {
  account_id   = "live-tokens-build"
  display_name = "Live tokens: the function's image build"
  description  = "Builds the image of ${var.function_name}. It runs third-party code, and may do nothing else."

  depends_on = [time_sleep.services]
}

resource "google_service_account" "release" {
  account_id   = "live-tokens-release"
  display_name = "Live tokens: the release"
  description  = "Runs cloudbuild.yaml: deploys ${var.function_name}, smoke-tests it, moves traffic."

  depends_on = [time_sleep.services]
}

locals {
  # Every role on the level of the project. There is no other place that gives one.
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
        role      = "roles/firebaseauth.viewer" # has the user been disabled, deleted or signed out?
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
        role   = "roles/storage.objectViewer" # the source, where Cloud Functions puts it; that bucket is Google's to make
        condition = {
          title      = "Only sources of functions"
          expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.this.number}-\")"
        }
      }
      release_function = {
        when   = true
        member = google_service_account.release.member
        # Uploads source, a permission on the project, and deploys. It may change or delete every function of the project.
        role      = "roles/cloudfunctions.developer"
        condition = null
      }
      release_log = {
        when      = true
        member    = google_service_account.release.member
        role      = "roles/logging.logWriter" # the release's log
        condition = null
      }
      release_builds = {
        when      = true
        member    = google_service_account.release.member
        role      = "roles/cloudbuild.builds.viewer" # sees whether another release is at work
        condition = null
      }
      release_web_api_key = {
        when      = true
        member    = google_service_account.release.member
        role      = "roles/firebaseauth.viewer" # the web API key, which the smoke test signs in with
        condition = null
      }
      release_quota = {
        when   = true
        member = google_service_account.release.member
        # `gcloud builds list`, which looks for another release at work, counts against the project's quota.
        # https://cloud.google.com/build/docs/securing-builds/configure-access-control
        role      = "roles/serviceusage.serviceUsageConsumer"
        condition = null
      }
      release_source = {
        when   = true
        member = google_service_account.release.member
        role   = "roles/storage.objectViewer" # what `gcloud builds submit` uploads; it makes those buckets itself
        condition = {
          title = "Only sources of builds"
          expression = join(" || ", [for bucket in ["${var.project_id}_cloudbuild", "${var.project_id}_${var.region}_cloudbuild"] :
            "resource.name.startsWith(\"projects/_/buckets/${bucket}/\")"
          ])
        }
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

# The image goes into this repository and no other.
resource "google_artifact_registry_repository_iam_member" "build" {
  location   = google_artifact_registry_repository.function.location
  repository = google_artifact_registry_repository.function.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

# Who deploys something that runs as an account must be allowed to act as that account.
resource "google_service_account_iam_member" "release_acts_as" {
  for_each = {
    runtime = google_service_account.runtime.name
    build   = google_service_account.build.name
  }

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.release.member
}

# The release's smoke test signs a custom token for a user of its own, with its own account and no key file.
# Who can sign custom tokens can sign in as ANY user of the Firebase project: whoever may run a release, or change what
# it runs, has that power too. Give nobody else this role, on any account of the project.
resource "google_service_account_iam_member" "release_signs" {
  service_account_id = google_service_account.release.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.release.member
}

# Moves traffic between revisions, of this service only.
resource "google_cloud_run_v2_service_iam_member" "release" {
  name     = google_cloudfunctions2_function.mint_live_token.name
  location = google_cloudfunctions2_function.mint_live_token.location
  role     = "roles/run.developer"
  member   = google_service_account.release.member
}

# A grant takes effect some time after it was made; a build or an instance that starts before that fails.
resource "time_sleep" "grants" {
  create_duration = "60s"
  triggers = {
    project    = join(",", sort([for name, grant in google_project_iam_member.grant : name]))
    repository = google_artifact_registry_repository_iam_member.build.role
    secret     = google_secret_manager_secret_iam_member.runtime.role
  }
}
