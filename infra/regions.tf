# The other regions of additional_regions. What a region must have of its own: the function, the repository of its images
# (Cloud Functions makes one in each region, too), and its way into the load balancer. The rest is one for all: accounts,
# database, settings, source, alerts. Why: docs/decisions/0021-home-region-and-others.md

resource "google_artifact_registry_repository" "elsewhere" {
  # checkov:skip=CKV_GCP_84:Google's own key: the images hold this code and open packages, not secrets
  for_each = var.additional_regions

  repository_id          = "live-tokens"
  description            = "Images of ${var.function_name}"
  location               = each.key
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

resource "google_artifact_registry_repository_iam_member" "build_elsewhere" {
  for_each = google_artifact_registry_repository.elsewhere

  location   = each.value.location
  repository = each.value.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

resource "time_sleep" "grants_elsewhere" {
  for_each = google_artifact_registry_repository_iam_member.build_elsewhere

  create_duration = "60s"
  triggers        = { repository = each.value.role }
}

# The first code of a region is that of the checkout which adds it: the home region's first may be old.
resource "google_storage_bucket_object" "function_elsewhere" {
  for_each = var.additional_regions

  name         = "function-${each.key}-${data.archive_file.function.output_sha256}.zip"
  bucket       = google_storage_bucket.source.name
  source       = data.archive_file.function.output_path
  content_type = "application/zip"

  lifecycle {
    ignore_changes = [name, source, source_md5hash, detect_md5hash]
  }
}

# The same as in the home region, and a test compares them. It has no protection from deletion: apps call the domain.
resource "google_cloudfunctions2_function" "elsewhere" {
  # checkov:skip=CKV_GCP_124:As in the home region: it verifies Firebase ID tokens itself; load_balancer can close the direct address
  for_each = var.additional_regions

  name        = var.function_name
  location    = each.key
  description = google_cloudfunctions2_function.mint_live_token.description
  labels      = { deployment-callable = "true", live-tokens-additional = "true" } # the operator's program takes the one without

  build_config {
    runtime           = "python313"
    entry_point       = "mint_live_token"
    service_account   = google_service_account.build.name
    docker_repository = google_artifact_registry_repository.elsewhere[each.key].id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.function_elsewhere[each.key].name
      }
    }

    automatic_update_policy {}
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
    # As in the home region: releases own both.
    ignore_changes = [
      build_config,
      service_config[0].all_traffic_on_latest_revision,
    ]
  }

  depends_on = [time_sleep.grants, time_sleep.grants_elsewhere]
}

resource "google_cloud_run_v2_service_iam_member" "public_elsewhere" {
  for_each = var.public == "true" ? google_cloudfunctions2_function.elsewhere : {}

  name     = each.value.name
  location = each.value.location
  role     = "roles/run.invoker"
  member   = "allUsers"
}

resource "google_cloudfunctions2_function_iam_member" "release_elsewhere" {
  for_each = google_cloudfunctions2_function.elsewhere

  cloud_function = each.value.name
  location       = each.value.location
  role           = "roles/cloudfunctions.developer"
  member         = google_service_account.release.member
}

resource "google_cloud_run_v2_service_iam_member" "release_elsewhere" {
  for_each = google_cloudfunctions2_function.elsewhere

  name     = each.value.name
  location = each.value.location
  role     = "roles/run.developer"
  member   = google_service_account.release.member
}

locals {
  # "us-central1/candidate" → what leads to the candidate there. Without a load balancer, validation refuses the regions.
  endpoints_elsewhere = merge([
    for region in keys(var.additional_regions) : {
      for name, backend in local.backends : "${region}/${name}" => { region = region, name = name, tag = backend.tag }
    }
  ]...)
}

resource "google_compute_region_network_endpoint_group" "elsewhere" {
  for_each = local.endpoints_elsewhere

  name                  = "live-tokens-${each.value.name}-${substr(sha256("${each.value.region}/${var.function_name}"), 0, 8)}"
  region                = each.value.region
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = google_cloudfunctions2_function.elsewhere[each.value.region].name
    tag     = each.value.tag
  }

  lifecycle {
    create_before_destroy = true # a region that goes leaves the load balancer first
  }
}

# The candidate of another region, under a path of candidate_domain: each must be smoke-tested itself, and a backend with
# several regions would lead to the nearest.
resource "google_compute_backend_service" "candidate_elsewhere" {
  for_each = { for endpoints in local.endpoints_elsewhere : endpoints.region => endpoints if endpoints.name == "candidate" }

  name                  = "live-tokens-candidate-${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.edge[0].id

  backend {
    group = google_compute_region_network_endpoint_group.elsewhere["${each.key}/candidate"].id
  }

  log_config {
    enable      = true
    sample_rate = 1
  }

  lifecycle {
    create_before_destroy = true
  }
}
