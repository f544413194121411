# The optional parts: absent unless asked for, because each costs money, takes something over, or cannot be undone; and
# right when they are.

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

variables {
  project_id = "demo-live-tokens"
  region     = "europe-west1"
}

run "nothing_optional_is_there_by_default" {
  command = plan

  assert {
    condition     = length(google_identity_platform_config.sign_in) == 0
    error_message = "Sign-in belongs to the app: it is left alone unless asked for."
  }

  assert {
    condition     = length(google_compute_region_network_endpoint_group.function) + length(google_compute_backend_service.function) + length(google_compute_security_policy.edge) + length(google_compute_url_map.function) + length(google_compute_managed_ssl_certificate.domain) + length(google_compute_ssl_policy.modern) + length(google_compute_target_https_proxy.function) + length(google_compute_global_address.function) + length(google_compute_global_forwarding_rule.https) == 0
    error_message = "A load balancer costs money: it is there only if asked for."
  }

  assert {
    condition     = length(google_project_service_identity.secret_manager) + length(google_kms_crypto_key_iam_member.secret_manager) + length(google_secret_manager_secret.gemini_api_key.rotation) + length(google_secret_manager_secret.gemini_api_key.topics) == 0
    error_message = "A key of one's own is there only if asked for."
  }

  assert {
    condition     = google_cloudfunctions2_function.mint_live_token.service_config[0].ingress_settings == "ALLOW_ALL"
    error_message = "Without a load balancer the function takes calls from everywhere."
  }

  assert {
    condition     = length(setintersection(keys(google_project_service.enabled), ["compute.googleapis.com", "firebase.googleapis.com", "firebaseappcheck.googleapis.com", "cloudkms.googleapis.com", "pubsub.googleapis.com"])) == 0
    error_message = "Services of optional parts are enabled only with them."
  }
}

run "a_load_balancer_leaves_the_direct_url_open_until_it_is_told_to_close_it" {
  command = plan

  variables {
    load_balancer = { domain = "live.example.com", candidate_domain = "candidate.live.example.com" }
  }

  assert {
    condition     = google_cloudfunctions2_function.mint_live_token.service_config[0].ingress_settings == "ALLOW_ALL"
    error_message = "Apps call the direct URL until the domain answers: to close it in the same step is an outage."
  }

  assert {
    condition = (
      output.app_url == output.function_url && output.load_balancer_url == "https://live.example.com/" &&
      strcontains(output.next_commands, "make smoke URL=${output.function_url} ") && !can(jsondecode(google_storage_bucket_object.release_settings.content)._CANDIDATE_URL)
    )
    error_message = "Until then, the URL to call is the direct one."
  }

  assert {
    condition     = google_compute_region_network_endpoint_group.function["live"].cloud_run[0].service == "mint-live-token" && keys(google_compute_backend_service.function) == ["candidate", "live"]
    error_message = "The load balancer must lead to the function."
  }

  assert {
    condition     = contains(keys(google_project_service.enabled), "compute.googleapis.com")
    error_message = "A load balancer needs the Compute Engine API."
  }

  assert {
    condition     = google_compute_global_address.function[0].deletion_policy == "PREVENT"
    error_message = "DNS records name the address: it must not be deleted by accident."
  }
}

run "close_direct_leaves_the_domain_as_the_only_way_in" {
  command = plan

  variables {
    load_balancer = { domain = "live.example.com", close_direct = true }
  }

  assert {
    condition     = google_cloudfunctions2_function.mint_live_token.service_config[0].ingress_settings == "ALLOW_INTERNAL_AND_GCLB"
    error_message = "Behind Cloud Armor, nothing may go around it."
  }

  assert {
    condition     = keys(google_compute_backend_service.function) == ["live"]
    error_message = "Without candidate_domain there is one way in."
  }

  assert {
    condition     = output.app_url == "https://live.example.com/" && strcontains(output.next_commands, "make smoke URL=https://live.example.com/ ")
    error_message = "The outputs must name the address that is open."
  }
}

run "cloud_armor_throttles_each_address_and_refuses_log4j" {
  command = plan

  variables {
    load_balancer = { domain = "live.example.com", requests_per_minute = 42 }
  }

  assert {
    condition     = [for rule in google_compute_security_policy.edge[0].rule : [rule.rate_limit_options[0].enforce_on_key, rule.rate_limit_options[0].exceed_action, rule.rate_limit_options[0].rate_limit_threshold[0].count] if rule.action == "throttle" && rule.priority == 2147483647] == [["IP", "deny(429)", 42]]
    error_message = "The default rule must throttle each address."
  }

  assert {
    condition     = [for rule in google_compute_security_policy.edge[0].rule : rule.action if try(strcontains(rule.match[0].expr[0].expression, "cve-canary"), false)] == ["deny(403)"]
    error_message = "Attacks on Log4j must be refused."
  }

  assert {
    condition     = alltrue([for backend in google_compute_backend_service.function : backend.load_balancing_scheme == "EXTERNAL_MANAGED" && backend.log_config[0].enable])
    error_message = "What Cloud Armor refuses must be in the log."
  }

  assert {
    condition     = google_compute_ssl_policy.modern[0].min_tls_version == "TLS_1_2" && google_compute_ssl_policy.modern[0].profile == "MODERN"
    error_message = "Nothing older than TLS 1.2."
  }
}

run "a_candidate_domain_leads_to_the_tagged_revision_through_the_same_cloud_armor" {
  command = plan

  variables {
    load_balancer = { domain = "live.example.com", candidate_domain = "candidate.live.example.com", close_direct = true }
  }

  assert {
    condition     = google_compute_region_network_endpoint_group.function["candidate"].cloud_run[0].tag == "candidate" && google_compute_region_network_endpoint_group.function["live"].cloud_run[0].tag == null
    error_message = "Only the candidate's host name leads to the tag."
  }

  assert {
    condition     = flatten([for rule in google_compute_url_map.function[0].host_rule : [tolist(rule.hosts), rule.path_matcher]]) == ["candidate.live.example.com", "candidate"]
    error_message = "The candidate must answer under its host name."
  }

  assert {
    condition     = jsondecode(google_storage_bucket_object.release_settings.content)._CANDIDATE_URL == "https://candidate.live.example.com/"
    error_message = "A release must be told where it can try the candidate."
  }

  assert {
    condition     = toset(flatten([for certificate in google_compute_managed_ssl_certificate.domain : certificate.managed[0].domains])) == toset(["live.example.com", "candidate.live.example.com"])
    error_message = "Both host names need a certificate."
  }
}

run "sign_in_settings_refuse_anonymous_users_unless_asked" {
  command = plan

  variables {
    identity_platform = {}
  }

  assert {
    condition     = google_identity_platform_config.sign_in[0].sign_in[0].email[0].enabled && google_identity_platform_config.sign_in[0].sign_in[0].email[0].password_required && !google_identity_platform_config.sign_in[0].sign_in[0].anonymous[0].enabled && !google_identity_platform_config.sign_in[0].client[0].permissions[0].disabled_user_signup
    error_message = "By default: e-mail and password, and everybody may sign up."
  }
}

run "sign_in_settings_are_as_asked" {
  command = plan

  variables {
    identity_platform = { email_link = true, anonymous = true, sign_ups = false, authorized_domains = ["app.example.com"] }
  }

  assert {
    condition     = !google_identity_platform_config.sign_in[0].sign_in[0].email[0].password_required && google_identity_platform_config.sign_in[0].sign_in[0].anonymous[0].enabled && google_identity_platform_config.sign_in[0].client[0].permissions[0].disabled_user_signup && google_identity_platform_config.sign_in[0].authorized_domains == tolist(["app.example.com"])
    error_message = "Sign-in settings must arrive."
  }

  assert {
    condition     = google_identity_platform_config.sign_in[0].autodelete_anonymous_users
    error_message = "Anonymous accounts must not pile up."
  }
}

run "the_kms_key_encrypts_the_secret_and_secret_manager_may_use_it" {
  command = plan

  variables {
    kms_key = "projects/demo-live-tokens/locations/europe-west1/keyRings/ring/cryptoKeys/key"
  }

  assert {
    condition     = google_secret_manager_secret.gemini_api_key.replication[0].user_managed[0].replicas[0].customer_managed_encryption[0].kms_key_name == var.kms_key
    error_message = "The secret must be encrypted with the key."
  }

  assert {
    condition     = google_kms_crypto_key_iam_member.secret_manager[0].crypto_key_id == var.kms_key && google_kms_crypto_key_iam_member.secret_manager[0].role == "roles/cloudkms.cryptoKeyEncrypterDecrypter" && google_kms_crypto_key_iam_member.secret_manager[0].member == google_project_service_identity.secret_manager[0].member
    error_message = "Secret Manager must be able to use the key."
  }
}

