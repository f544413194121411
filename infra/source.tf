# The function's first code. Terraform owns the configuration and a release owns the code, so Terraform ignores this once
# the function exists. Later code comes from `make release`, as packages in the same bucket.

locals {
  repository_root = "${path.module}/.."
  function_files = setunion([
    for pattern in ["main.py", "live_tokens/**/*.py", "profiles/*.toml"] : fileset("${local.repository_root}/functions", pattern)
  ]...)

  # Null where a release reaches the candidate directly, or not at all.
  candidate_url = !local.direct_closed || try(var.load_balancer.candidate_domain, null) == null ? null : "https://${var.load_balancer.candidate_domain}/"

  # What `make release` must know, as substitutions of cloudbuild.yaml.
  release_settings = merge(
    {
      _REGION   = var.region
      _FUNCTION = var.function_name
    },
    var.app_check.mode == "enforce" && length(var.app_check.allowed_app_ids) > 0 ? { _SMOKE_OPTIONS = "--app-id=${tolist(var.app_check.allowed_app_ids)[0]}" } : {},
    local.candidate_url == null ? {} : { _CANDIDATE_URL = local.candidate_url },
    # What differs in the other regions. They are released one after the other, after the home region.
    length(var.additional_regions) == 0 ? {} : {
      additional_regions = {
        for region in keys(var.additional_regions) : region => local.candidate_url == null ? {} : { _CANDIDATE_URL = "${local.candidate_url}${region}" }
      }
    },
  )
}

# Only main.py, live_tokens/, profiles/, requirements.txt and the name of the release: what `make package` stages.
data "archive_file" "function" {
  type             = "zip"
  output_path      = "${path.module}/.build/function.zip"
  output_file_mode = "0644" # the same archive from every checkout

  dynamic "source" {
    for_each = sort(local.function_files)

    content {
      filename = source.value
      content  = file("${local.repository_root}/functions/${source.value}")
    }
  }

  source {
    filename = "requirements.txt"
    content  = file("${local.repository_root}/requirements.txt")
  }

  dynamic "source" {
    for_each = var.release == "" ? [] : [var.release]

    content {
      filename = "release.json"
      content  = source.value
    }
  }
}

resource "google_storage_bucket" "source" {
  # checkov:skip=CKV_GCP_62:No read log: it holds this code, and Cloud Audit Logs say who changed it
  name                        = "${var.project_id}-live-tokens-source"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true # it holds only code, which is in git

  versioning {
    enabled = true
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
    }
    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      age            = 30
      matches_prefix = ["source/"] # uploads for builds; packages stay
    }
    action {
      type = "Delete"
    }
  }

  depends_on = [time_sleep.services]
}

# Where `make release` finds out how to release, from any checkout.
resource "google_storage_bucket_object" "release_settings" {
  name         = "release-settings.json"
  bucket       = google_storage_bucket.source.name
  content      = jsonencode(local.release_settings)
  content_type = "application/json"
}

# The logs of releases. The tests, which run third-party packages, have a bucket of their own: they administer it.
resource "google_storage_bucket" "build_logs" {
  # checkov:skip=CKV_GCP_62:No read log: it holds logs of releases, and Cloud Audit Logs say who changed it
  # checkov:skip=CKV_GCP_78:No versions: a log is written once
  name                        = "${var.project_id}-live-tokens-build-logs"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  lifecycle_rule {
    condition {
      age = 90
    }
    action {
      type = "Delete"
    }
  }

  depends_on = [time_sleep.services]
}

resource "google_storage_bucket" "test_logs" {
  # checkov:skip=CKV_GCP_62:No read log: it holds logs of tests, and Cloud Audit Logs say who changed it
  # checkov:skip=CKV_GCP_78:No versions: a log is written once
  name                        = "${var.project_id}-live-tokens-test-logs"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  lifecycle_rule {
    condition {
      age = 90
    }
    action {
      type = "Delete"
    }
  }

  depends_on = [time_sleep.services]
}

# The name contains the hash: new content is a new object, so the function always gets it.
resource "google_storage_bucket_object" "function" {
  name         = "function-${data.archive_file.function.output_sha256}.zip"
  bucket       = google_storage_bucket.source.name
  source       = data.archive_file.function.output_path
  content_type = "application/zip"

  lifecycle {
    ignore_changes = [name, source, source_md5hash, detect_md5hash]
  }
}

# The function's images. Without this repository they go to `gcf-artifacts` and stay there forever.
resource "google_artifact_registry_repository" "function" {
  # checkov:skip=CKV_GCP_84:Google's own key: the images hold this code and open packages, not secrets
  repository_id          = "live-tokens"
  description            = "Images of ${var.function_name}"
  location               = var.region
  format                 = "DOCKER"
  cleanup_policy_dry_run = false

  cleanup_policies {
    id     = "keep-the-latest"
    action = "KEEP"

    most_recent_versions {
      keep_count = 10
    }
  }

  cleanup_policies {
    id     = "delete-the-old"
    action = "DELETE"

    condition {
      older_than = "2592000s" # 30 days
    }
  }

  depends_on = [time_sleep.services]
}
