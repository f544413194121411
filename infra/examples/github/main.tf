# GitHub Actions without a key: GitHub signs who a job is, Google checks it, and the job gets an account for an hour. A root
# module of its own, with its own state, for one project. docs/pipeline.md says how to use it.
#
#   terraform -chdir=infra/examples/github init
#   terraform -chdir=infra/examples/github apply -var-file=my-app.tfvars
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

locals {
  # What a job may do. Everything comes from claims that GitHub signs; nothing from the subject, whose form depends on the
  # age of the repository (https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims). A job says
  # that it is in an environment, and GitHub lets it in only as that environment's rules allow. `ref` is asked here as well,
  # so that a branch cannot release where those rules are missing. So is the event: what strangers start, such as
  # pull_request_target or issue_comment, runs on the branch, too.
  on_branch   = "assertion.ref == 'refs/heads/${var.branch}' && assertion.event_name in ['schedule', 'workflow_dispatch']"
  environment = "(has(assertion.environment) ? assertion.environment : '')"
  task = join(" : ", [
    "(${local.on_branch} && ${local.environment} == '${var.environment}') ? 'release'",
    "(${local.on_branch} && ${local.environment} == '${var.environment}-smoke') ? 'smoke'",
    "(((${local.on_branch}) || assertion.event_name == 'pull_request') && ${local.environment} == '') ? 'plan'",
    "'none'",
  ])

  # account of each task
  accounts = {
    release = data.google_service_account.release
    smoke   = google_service_account.smoke
    plan    = google_service_account.plan
  }
}

resource "google_project_service" "this" {
  for_each = toset([
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "sts.googleapis.com", # exchanges GitHub's token for Google's
  ])

  service            = each.key
  disable_on_destroy = false
}

# An enabled service works after a delay that the provider cannot observe.
resource "time_sleep" "services" {
  create_duration = "60s"
  triggers        = { services = join(",", sort([for service in google_project_service.this : service.service])) }
}

# Google keeps the name of a deleted pool for 30 days.
resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "github"
  display_name              = "GitHub Actions"
  deletion_policy           = "PREVENT"

  depends_on = [time_sleep.services]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  # checkov:skip=CKV_GCP_125:It knows the old form of assertion.sub alone; ids and the task do not depend on that form
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "actions"
  display_name                       = "GitHub Actions"

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }

  # The subject is what Google's audit logs show: the repository and the run.
  attribute_mapping = {
    "google.subject" = "assertion.repository_id + ':' + assertion.run_id"
    "attribute.task" = local.task
  }

  # Ids, because a name can be somebody else's tomorrow. Jobs of other repositories, and jobs with no task, get nothing.
  attribute_condition = join(" && ", [
    "assertion.repository_owner_id == '${var.repository_owner_id}'",
    "assertion.repository_id == '${var.repository_id}'",
    "attribute.task != 'none'",
  ])
}

# The account that infra/ makes for releases, with the roles that it has there.
data "google_service_account" "release" {
  account_id = "live-tokens-release"
}

# It also hands on the tested package. It can create one and replace none.
resource "google_storage_bucket_iam_member" "release_package" {
  bucket = "${var.project_id}-live-tokens-source"
  role   = "roles/storage.objectCreator"
  member = data.google_service_account.release.member

  condition {
    title      = "Only packages"
    expression = "resource.name.startsWith(\"projects/_/buckets/${var.project_id}-live-tokens-source/objects/packages/\")"
  }
}

resource "google_service_account" "plan" {
  account_id   = "live-tokens-plan"
  display_name = "Live tokens: plans"
  description  = "Reads what Terraform manages, for plans in pull requests and for the search for drift. It changes nothing."

  depends_on = [time_sleep.services]
}

resource "google_service_account" "smoke" {
  account_id   = "live-tokens-smoke"
  display_name = "Live tokens: the hourly smoke test"
  description  = "Signs the custom token of the smoke test's user. It deploys nothing."

  depends_on = [time_sleep.services]
}

# A job with a task may act as the account of that task, and as no other.
resource "google_service_account_iam_member" "github" {
  for_each = local.accounts

  service_account_id = each.value.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/attribute.task/${each.key}"
}

# An account that signs custom tokens can sign in as ANY user of the project, like the release account in infra/accounts.tf.
resource "google_service_account_iam_member" "smoke_signs" {
  service_account_id = google_service_account.smoke.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.smoke.member
}

resource "google_project_iam_member" "smoke_web_api_key" {
  project = var.project_id
  role    = "roles/firebaseauth.viewer" # the web API key for its sign-in
  member  = google_service_account.smoke.member
}
