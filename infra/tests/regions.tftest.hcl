# Several regions: one deployment with a function in each. A key of one's own is in options.tftest.hcl.

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
  target          = google_compute_region_network_endpoint_group.function
  override_during = plan
  values          = { id = "the-home-region" }
}

override_resource {
  target          = google_compute_region_network_endpoint_group.elsewhere
  override_during = plan
  values          = { id = "another-region" }
}

variables {
  project_id = "demo-live-tokens"
  region     = "europe-west1"
}

run "one_region_has_nothing_of_another" {
  command = plan

  variables {
    load_balancer = { domain = "live.example.com", candidate_domain = "candidate.live.example.com" }
  }

  assert {
    condition = (
      length(google_cloudfunctions2_function.elsewhere) + length(google_artifact_registry_repository.elsewhere) + length(google_storage_bucket_object.function_elsewhere) +
      length(google_compute_region_network_endpoint_group.elsewhere) + length(google_compute_backend_service.candidate_elsewhere) +
      length(google_cloud_run_v2_service_iam_member.public_elsewhere) + length(google_cloud_run_v2_service_iam_member.release_elsewhere) + length(google_cloudfunctions2_function_iam_member.release_elsewhere)
    ) == 0
    error_message = "Another region costs money: it is there only if asked for."
  }

  assert {
    condition     = output.regions == ["europe-west1"] && !can(jsondecode(google_storage_bucket_object.release_settings.content).additional_regions)
    error_message = "Without other regions, a release has one."
  }
}

run "another_region_has_the_same_function_and_serves_nobody_at_first" {
  command = plan

  variables {
    load_balancer      = { domain = "live.example.com" }
    additional_regions = { us-central1 = {} }
    min_instances      = 1
  }

  assert {
    condition     = google_cloudfunctions2_function.elsewhere["us-central1"].location == "us-central1" && google_cloudfunctions2_function.elsewhere["us-central1"].service_config[0].environment_variables == google_cloudfunctions2_function.mint_live_token.service_config[0].environment_variables
    error_message = "Every region must run the function in the same way, with the same database."
  }

  assert {
    condition     = google_artifact_registry_repository.elsewhere["us-central1"].location == "us-central1"
    error_message = "Cloud Functions wants images in the function's own region."
  }

  assert {
    condition     = length(google_compute_backend_service.function["live"].backend) == 1 && length(google_monitoring_uptime_check_config.refusal) == 2
    error_message = "The first code of a region is not tested: no user may get there before a release."
  }

  assert {
    condition = (
      google_cloud_run_v2_service_iam_member.public_elsewhere["us-central1"].location == "us-central1" && google_cloud_run_v2_service_iam_member.public_elsewhere["us-central1"].member == "allUsers" &&
      google_cloud_run_v2_service_iam_member.release_elsewhere["us-central1"].role == "roles/run.developer" && google_cloudfunctions2_function_iam_member.release_elsewhere["us-central1"].role == "roles/cloudfunctions.developer"
    )
    error_message = "Apps call every region, and releases reach every region."
  }

  assert {
    condition     = [for replica in google_secret_manager_secret.gemini_api_key.replication[0].user_managed[0].replicas : replica.location] == ["europe-west1", "us-central1"]
    error_message = "A region that is lost must not take the key with it."
  }

  assert {
    condition     = output.regions == ["europe-west1", "us-central1"] && jsondecode(google_storage_bucket_object.release_settings.content).additional_regions == { us-central1 = {} }
    error_message = "A release must find every region."
  }

  assert {
    condition     = keys(output.direct_urls) == tolist(["europe-west1", "us-central1"])
    error_message = "make deploy tests every region under its own URL."
  }
}

run "a_region_that_serves_is_in_the_load_balancer_and_is_watched" {
  command = plan

  variables {
    load_balancer      = { domain = "live.example.com", candidate_domain = "candidate.live.example.com" }
    additional_regions = { us-central1 = { serves = true }, asia-east1 = {} }
  }

  assert {
    condition     = [for name in ["live", "candidate"] : toset([for backend in google_compute_backend_service.function[name].backend : backend.group])] == [toset(["the-home-region", "another-region"]), toset(["the-home-region"])]
    error_message = "Users go to the nearest region that serves. The domain of candidates leads to the home region's."
  }

  assert {
    condition     = { for name, check in google_monitoring_uptime_check_config.refusal : name => check.monitored_resource[0].labels.host if name != "domain" } == { direct = "europe-west1-demo-live-tokens.cloudfunctions.net", direct-us-central1 = "us-central1-demo-live-tokens.cloudfunctions.net" }
    error_message = "The load balancer's own URL does not tell which region is lost."
  }

  assert {
    condition     = { for name, group in google_compute_region_network_endpoint_group.elsewhere : name => coalesce(group.cloud_run[0].tag, "untagged") } == { "asia-east1/live" = "untagged", "asia-east1/candidate" = "candidate", "us-central1/live" = "untagged", "us-central1/candidate" = "candidate" }
    error_message = "Each region has its own way to its function and to its candidate."
  }

  assert {
    condition     = length(setsubtract(["mint-live-token"], values(google_compute_region_network_endpoint_group.elsewhere)[*].cloud_run[0].service)) == 0
    error_message = "They lead to the function."
  }
}

run "the_candidate_of_each_region_is_reached_when_the_direct_urls_are_closed" {
  command = plan

  variables {
    load_balancer      = { domain = "live.example.com", candidate_domain = "candidate.live.example.com", close_direct = true }
    additional_regions = { us-central1 = { serves = true } }
  }

  assert {
    condition     = google_cloudfunctions2_function.elsewhere["us-central1"].service_config[0].ingress_settings == "ALLOW_INTERNAL_AND_GCLB" && keys(google_monitoring_uptime_check_config.refusal) == ["domain"]
    error_message = "close_direct closes every region."
  }

  assert {
    condition     = length(output.direct_urls) == 0
    error_message = "No URL is given out that is closed."
  }

  assert {
    condition     = flatten([for rule in google_compute_url_map.function[0].path_matcher[0].path_rule : tolist(rule.paths)]) == ["/us-central1"]
    error_message = "A smoke test must reach the candidate of the region that is released, and not the nearest one."
  }

  assert {
    condition     = jsondecode(google_storage_bucket_object.release_settings.content)._CANDIDATE_URL == "https://candidate.live.example.com/" && jsondecode(google_storage_bucket_object.release_settings.content).additional_regions == { us-central1 = { _CANDIDATE_URL = "https://candidate.live.example.com/us-central1" } }
    error_message = "A release must be told where it can try each candidate."
  }
}

run "nobody_is_granted_anything_elsewhere_either_where_the_organisation_forbids_it" {
  command = plan

  variables {
    load_balancer      = { domain = "live.example.com" }
    additional_regions = { us-central1 = {} }
    public             = "no-invoker-check"
  }

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.public_elsewhere) == 0 && strcontains(output.next_commands, "\ngcloud run services update mint-live-token --no-invoker-iam-check --region=europe-west1 --project=demo-live-tokens\ngcloud run services update mint-live-token --no-invoker-iam-check --region=us-central1 --project=demo-live-tokens\n")
    error_message = "The check must be switched off in each region."
  }
}

run "each_replica_has_a_key_of_its_region" {
  command = plan

  variables {
    load_balancer      = { domain = "live.example.com" }
    kms_key            = "projects/demo-live-tokens/locations/europe-west1/keyRings/ring/cryptoKeys/key"
    additional_regions = { us-central1 = { kms_key = "projects/demo-live-tokens/locations/us-central1/keyRings/ring/cryptoKeys/key" } }
  }

  assert {
    condition     = [for replica in google_secret_manager_secret.gemini_api_key.replication[0].user_managed[0].replicas : replica.customer_managed_encryption[0].kms_key_name] == [var.kms_key, var.additional_regions["us-central1"].kms_key]
    error_message = "A replica is encrypted with a key in its region."
  }

  assert {
    condition     = google_kms_crypto_key_iam_member.secret_manager_elsewhere["us-central1"].crypto_key_id == var.additional_regions["us-central1"].kms_key
    error_message = "Secret Manager must be able to use each key."
  }
}

run "other_regions_without_a_load_balancer_are_refused" {
  command = plan

  variables {
    additional_regions = { us-central1 = {} }
  }

  expect_failures = [var.additional_regions]
}

run "the_home_region_again_is_refused" {
  command = plan

  variables {
    load_balancer      = { domain = "live.example.com" }
    additional_regions = { europe-west1 = {} }
  }

  expect_failures = [var.additional_regions]
}

run "a_zone_is_refused" {
  command = plan

  variables {
    load_balancer      = { domain = "live.example.com" }
    additional_regions = { us-central1-a = {} }
  }

  expect_failures = [var.additional_regions]
}

run "a_replica_without_a_key_of_its_own_is_refused_where_the_other_has_one" {
  command = plan

  variables {
    load_balancer      = { domain = "live.example.com" }
    kms_key            = "projects/demo-live-tokens/locations/europe-west1/keyRings/ring/cryptoKeys/key"
    additional_regions = { us-central1 = {} }
  }

  expect_failures = [var.additional_regions]
}

run "a_key_for_one_replica_only_is_refused" {
  command = plan

  variables {
    load_balancer      = { domain = "live.example.com" }
    additional_regions = { us-central1 = { kms_key = "projects/demo-live-tokens/locations/us-central1/keyRings/ring/cryptoKeys/key" } }
  }

  expect_failures = [var.additional_regions]
}
