# What a lost state must know again before anything is applied: everything with a name of its own, which Google makes only once.
# docs/playbooks/emergencies/state-lost.md says how to use it:
#
#   cp infra/examples/state_lost/imports.tf infra/
#
# A plan stops at an import of something that is not there: delete that block, and the plan makes it. A test compares this file
# with the module: what it leaves out can be made again. Delete the copy after the apply.

locals {
  state_lost = {
    project       = "projects/${var.project_id}"
    location      = "projects/${var.project_id}/locations/${var.region}"
    global        = "projects/${var.project_id}/global"
    load_balancer = var.load_balancer == null ? {} : { only = 0 }
    audit_log     = var.audit_log.destination == "log_bucket" ? { only = 0 } : {}
    sign_in       = var.identity_platform == null ? {} : { only = 0 }
    service       = "projects/${var.project_id}/services/${var.function_name}"
  }
}

# Data, and what apps call

import {
  to = google_secret_manager_secret.gemini_api_key
  id = "${local.state_lost.project}/secrets/${var.secret_name}"
}

import {
  to = google_firestore_database.live_tokens
  id = "${local.state_lost.project}/databases/${var.firestore_database}"
}

import {
  to = google_firebaserules_release.no_clients
  id = "${local.state_lost.project}/releases/cloud.firestore/${var.firestore_database}"
}

import {
  to = google_cloudfunctions2_function.mint_live_token
  id = "${local.state_lost.location}/functions/${var.function_name}"
}

import {
  for_each = var.additional_regions

  to = google_cloudfunctions2_function.elsewhere[each.key]
  id = "${local.state_lost.project}/locations/${each.key}/functions/${var.function_name}"
}

import {
  for_each = local.state_lost.sign_in

  to = google_identity_platform_config.sign_in[each.value]
  id = "${local.state_lost.project}/config"
}

# Accounts

import {
  to = google_service_account.runtime
  id = "${local.state_lost.project}/serviceAccounts/live-tokens-runtime@${var.project_id}.iam.gserviceaccount.com"
}

import {
  to = google_service_account.build
  id = "${local.state_lost.project}/serviceAccounts/live-tokens-build@${var.project_id}.iam.gserviceaccount.com"
}

import {
  to = google_service_account.test
  id = "${local.state_lost.project}/serviceAccounts/live-tokens-test@${var.project_id}.iam.gserviceaccount.com"
}

import {
  to = google_service_account.release
  id = "${local.state_lost.project}/serviceAccounts/live-tokens-release@${var.project_id}.iam.gserviceaccount.com"
}

# Code and logs of builds

import {
  to = google_storage_bucket.source
  id = "${var.project_id}-live-tokens-source"
}

import {
  to = google_storage_bucket.build_logs
  id = "${var.project_id}-live-tokens-build-logs"
}

import {
  to = google_storage_bucket.test_logs
  id = "${var.project_id}-live-tokens-test-logs"
}

import {
  to = google_artifact_registry_repository.function
  id = "${local.state_lost.location}/repositories/live-tokens"
}

import {
  for_each = var.additional_regions

  to = google_artifact_registry_repository.elsewhere[each.key]
  id = "${local.state_lost.project}/locations/${each.key}/repositories/live-tokens"
}

# Metrics and objectives

import {
  for_each = local.counters

  to = google_logging_metric.counter[each.key]
  id = "${var.function_name}/${each.key}"
}

import {
  for_each = toset(local.steps)

  to = google_logging_metric.milliseconds[each.key]
  id = "${var.function_name}/milliseconds/${each.key}"
}

import {
  to = google_logging_metric.granted_seconds
  id = "${var.function_name}/granted_seconds"
}

import {
  to = google_monitoring_custom_service.live_tokens
  id = local.state_lost.service
}

import {
  to = google_monitoring_slo.availability
  id = "${local.state_lost.service}/serviceLevelObjectives/availability"
}

import {
  to = google_monitoring_slo.latency
  id = "${local.state_lost.service}/serviceLevelObjectives/latency"
}

import {
  for_each = local.state_lost.audit_log

  to = google_logging_project_sink.log_bucket[each.value]
  id = "${local.state_lost.project}/sinks/${var.function_name}-audit"
}

# The load balancer

import {
  for_each = local.backends

  to = google_compute_region_network_endpoint_group.function[each.key]
  id = "projects/${var.project_id}/regions/${var.region}/networkEndpointGroups/live-tokens-${each.key}-${substr(sha256("${var.region}/${var.function_name}"), 0, 8)}"
}

import {
  for_each = local.endpoints_elsewhere

  to = google_compute_region_network_endpoint_group.elsewhere[each.key]
  id = "projects/${var.project_id}/regions/${each.value.region}/networkEndpointGroups/live-tokens-${each.value.name}-${substr(sha256("${each.value.region}/${var.function_name}"), 0, 8)}"
}

import {
  for_each = local.backends

  to = google_compute_backend_service.function[each.key]
  id = "${local.state_lost.global}/backendServices/live-tokens-${each.key}"
}

import {
  for_each = toset([for endpoints in local.endpoints_elsewhere : endpoints.region if endpoints.name == "candidate"])

  to = google_compute_backend_service.candidate_elsewhere[each.key]
  id = "${local.state_lost.global}/backendServices/live-tokens-candidate-${each.key}"
}

import {
  for_each = local.backends

  to = google_compute_managed_ssl_certificate.domain[each.key]
  id = "${local.state_lost.global}/sslCertificates/live-tokens-${substr(sha256(each.value.domain), 0, 8)}"
}

import {
  for_each = local.state_lost.load_balancer

  to = google_compute_security_policy.edge[each.value]
  id = "${local.state_lost.global}/securityPolicies/live-tokens"
}

import {
  for_each = local.state_lost.load_balancer

  to = google_compute_url_map.function[each.value]
  id = "${local.state_lost.global}/urlMaps/live-tokens"
}

import {
  for_each = local.state_lost.load_balancer

  to = google_compute_ssl_policy.modern[each.value]
  id = "${local.state_lost.global}/sslPolicies/live-tokens"
}

import {
  for_each = local.state_lost.load_balancer

  to = google_compute_target_https_proxy.function[each.value]
  id = "${local.state_lost.global}/targetHttpsProxies/live-tokens"
}

import {
  for_each = local.state_lost.load_balancer

  to = google_compute_global_address.function[each.value]
  id = "${local.state_lost.global}/addresses/live-tokens"
}

import {
  for_each = local.state_lost.load_balancer

  to = google_compute_global_forwarding_rule.https[each.value]
  id = "${local.state_lost.global}/forwardingRules/live-tokens"
}
