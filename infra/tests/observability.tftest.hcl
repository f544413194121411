# Observability: one alert for each playbook, the thresholds and channels of the variables, objectives on eligible calls,
# the destination of audit events, an optional budget. tests/infra/test_observability_filters.py tests the filters against
# real audit events.

mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

mock_provider "google-beta" {}
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
  target          = google_monitoring_slo.availability
  override_during = plan
  values = {
    name = "projects/123456789012/services/mint-live-token/serviceLevelObjectives/availability"
  }
}

override_resource {
  target          = google_monitoring_slo.latency
  override_during = plan
  values = {
    name = "projects/123456789012/services/mint-live-token/serviceLevelObjectives/latency"
  }
}

override_resource {
  target          = google_monitoring_notification_channel.email
  override_during = plan
  values = {
    name = "projects/demo-live-tokens/notificationChannels/made-here"
  }
}

override_resource {
  target          = google_monitoring_dashboard.live_tokens
  override_during = plan
  values = {
    id = "projects/123456789012/dashboards/0d1c2b3a"
  }
}

variables {
  project_id = "demo-live-tokens"
  region     = "europe-west1"
}

run "each_playbook_has_its_alert_and_each_alert_its_playbook" {
  command = plan

  assert {
    condition = toset(concat(
      keys(google_monitoring_alert_policy.playbook),
      google_monitoring_alert_policy.secret_read.enabled != false ? ["secret-read-by-others"] : [],
      )) == toset([
      "unreachable",
      "failed-requests", "error-budget-burns-fast", "error-budget-burns-slowly", "slow-tokens", "quota-refusals",
      "api-key-rejected", "gemini-unavailable", "quota-store-unavailable", "sign-in-unavailable", "internal-errors",
      "unanswered-requests", "instances-at-limit", "invalid-credentials", "spend", "secret-read-by-others",
    ])
    error_message = "Each file in docs/playbooks must have its alert; tests/infra/test_observability_playbooks.py compares them."
  }

  assert {
    condition = alltrue([
      for alert in concat(values(google_monitoring_alert_policy.playbook), [google_monitoring_alert_policy.secret_read]) :
      alert.severity != null && length(alert.documentation[0].subject) > 0 && strcontains(alert.documentation[0].content, "Playbook: docs/playbooks/") && alert.alert_strategy[0].auto_close != null
    ])
    error_message = "Every alert must have a severity, a subject, its playbook and an end."
  }

  assert {
    condition     = alltrue([for alert in values(google_monitoring_alert_policy.playbook) : alert.enabled])
    error_message = "Every alert must be on by default."
  }
}

run "an_alert_can_open_units_comparisons_and_windows_fit_the_metric" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for alert in values(google_monitoring_alert_policy.playbook) : [
        for condition in alert.conditions : condition.condition_threshold[0].comparison == "COMPARISON_GT" if length(condition.condition_threshold) > 0
      ]
    ]))
    error_message = "The API refuses every comparison but greater than and less than."
  }

  assert {
    condition = alltrue(flatten([
      for name, alert in google_monitoring_alert_policy.playbook : [
        for condition in alert.conditions : condition.condition_threshold[0].duration == "0s" || contains(["unreachable", "instances-at-limit"], name) if length(condition.condition_threshold) > 0
      ]
    ]))
    error_message = "Metrics from logs have gaps without calls, so they do not stay above a threshold."
  }

  assert {
    condition = alltrue(flatten([
      for alert in values(google_monitoring_alert_policy.playbook) : [
        for condition in alert.conditions :
        condition.condition_threshold[0].denominator_filter == null || condition.condition_threshold[0].threshold_value < 1
        if length(condition.condition_threshold) > 0
      ]
    ]))
    error_message = "A share never gets above 1."
  }

  assert {
    condition = alltrue(flatten([
      for alert in values(google_monitoring_alert_policy.playbook) : [
        for condition in alert.conditions :
        condition.condition_threshold[0].aggregations[0].per_series_aligner == "ALIGN_DELTA"
        if length(condition.condition_threshold) > 0 && strcontains(try(condition.condition_threshold[0].filter, ""), "logging.googleapis.com/user/")
      ]
    ]))
    error_message = "A threshold is a count within the window, so no metric from logs may be aligned to a rate."
  }

  assert {
    condition     = google_monitoring_alert_policy.playbook["slow-tokens"].conditions[0].condition_threshold[0].aggregations[0].cross_series_reducer == "REDUCE_PERCENTILE_95" && google_logging_metric.milliseconds["total"].metric_descriptor[0].unit == "ms"
    error_message = "The latency alert must compare a percentile in milliseconds."
  }

  assert {
    condition     = contains(google_logging_metric.milliseconds["total"].bucket_options[0].explicit_buckets[0].bounds, google_monitoring_alert_policy.playbook["slow-tokens"].conditions[0].condition_threshold[0].threshold_value)
    error_message = "The latency threshold must be a bound of the histogram."
  }

  assert {
    condition     = google_monitoring_alert_policy.playbook["instances-at-limit"].conditions[0].condition_threshold[0].threshold_value < var.max_instances
    error_message = "There are never more instances than max_instances."
  }

  assert {
    condition = alltrue([
      for condition in google_monitoring_alert_policy.playbook["error-budget-burns-fast"].conditions :
      condition.condition_threshold[0].threshold_value < 1 / (1 - google_monitoring_slo.availability.goal)
      if startswith(condition.condition_threshold[0].filter, "select_slo_burn_rate")
    ])
    error_message = "With every call failing, the budget burns 1 / (1 - goal) times as fast, and never faster."
  }

  assert {
    condition = [
      for condition in google_monitoring_alert_policy.playbook["error-budget-burns-fast"].conditions : condition.condition_threshold[0].filter
    ][0] == "select_slo_burn_rate(\"projects/123456789012/services/mint-live-token/serviceLevelObjectives/availability\", \"3600s\")"
    error_message = "The fast alert must look back over an hour of the availability objective."
  }
}

run "null_is_the_default_of_a_threshold_and_of_the_objective" {
  command = plan

  variables {
    alert_thresholds = { latency_ms = null, failed_requests = null, spend_usd_per_hour = null }
    slo              = { availability = null }
  }

  assert {
    condition     = google_monitoring_alert_policy.playbook["slow-tokens"].conditions[0].condition_threshold[0].threshold_value == 3000 && google_monitoring_slo.availability.goal == 0.99
    error_message = "A setting of null must be as if it were left out."
  }
}

run "thresholds_arrive_in_the_alerts" {
  command = plan

  variables {
    alert_thresholds = {
      failed_requests     = 7
      latency_ms          = 5000
      quota_refusals      = 11
      invalid_credentials = 13
      spend_usd_per_hour  = 100
    }
    worst_case_usd_per_minute = 2
    max_instances             = 4
  }

  assert {
    condition = {
      for name, alert in google_monitoring_alert_policy.playbook : name => [
        for condition in alert.conditions : condition.condition_threshold[0].threshold_value if length(condition.condition_threshold) > 0
      ] if name != "spend"
      } == {
      unreachable               = [1]
      failed-requests           = [0.05, 7]
      error-budget-burns-fast   = [14.4, 14.4, 7]
      error-budget-burns-slowly = [6, 6, 7]
      slow-tokens               = [5000, 20]
      quota-refusals            = [11]
      api-key-rejected          = [0]
      gemini-unavailable        = [5]
      quota-store-unavailable   = [5]
      sign-in-unavailable       = [5]
      internal-errors           = [0]
      unanswered-requests       = [5]
      instances-at-limit        = [3.6]
      invalid-credentials       = [13]
    }
    error_message = "Each threshold must be that of its alert."
  }

  assert {
    condition     = google_monitoring_alert_policy.playbook["spend"].conditions[0].condition_prometheus_query_language[0].query == "sum(increase(logging_googleapis_com:user_mint_live_token_granted_seconds_sum{monitored_resource=\"cloud_run_revision\"}[1h])) / 60 * 2 > 100"
    error_message = "The alert on spending must compare minutes × dollars with its threshold."
  }

  assert {
    condition     = strcontains(google_monitoring_dashboard.live_tokens.dashboard_json, "/ 60 * 2\"") && strcontains(google_monitoring_dashboard.live_tokens.dashboard_json, "\"value\": 100")
    error_message = "The dashboard must reckon with the same money as the alert."
  }
}

run "no_notification_channel_by_default" {
  command = plan

  assert {
    condition     = length(google_monitoring_notification_channel.email) == 0 && alltrue([for alert in values(google_monitoring_alert_policy.playbook) : length(alert.notification_channels) == 0])
    error_message = "Without an address there must be no channel."
  }
}

run "every_alert_notifies_every_channel" {
  command = plan

  variables {
    alert_emails          = ["oncall@example.com", "owner@example.com"]
    notification_channels = ["projects/demo-live-tokens/notificationChannels/1"]
  }

  assert {
    condition     = { for key, channel in google_monitoring_notification_channel.email : key => "${channel.type} ${channel.labels.email_address}" } == { "oncall@example.com" = "email oncall@example.com", "owner@example.com" = "email owner@example.com" }
    error_message = "Each address must have its channel."
  }

  assert {
    condition = alltrue([
      for alert in concat(values(google_monitoring_alert_policy.playbook), [google_monitoring_alert_policy.secret_read]) :
      alert.notification_channels == tolist([
        "projects/demo-live-tokens/notificationChannels/made-here", "projects/demo-live-tokens/notificationChannels/made-here",
        "projects/demo-live-tokens/notificationChannels/1",
      ])
    ])
    error_message = "Each alert must tell them all."
  }
}

run "alerts_link_to_the_playbooks_where_they_can_be_read" {
  command = plan

  variables {
    playbook_url = "https://example.com/docs/playbooks/"
  }

  assert {
    condition = alltrue([
      for name, alert in google_monitoring_alert_policy.playbook : alert.documentation[0].links[0].url == "https://example.com/docs/playbooks/${name}.md"
    ]) && google_monitoring_alert_policy.secret_read.documentation[0].links[0].url == "https://example.com/docs/playbooks/secret-read-by-others.md"
    error_message = "Each alert must link to its own playbook."
  }
}

run "instances_alert_is_disabled_with_one_instance" {
  command = plan

  variables {
    max_instances = 1
  }

  assert {
    condition     = !google_monitoring_alert_policy.playbook["instances-at-limit"].enabled
    error_message = "The alert would be open whenever somebody calls."
  }
}

run "availability_is_the_share_of_eligible_calls_that_did_not_fail" {
  command = plan

  variables {
    slo = { availability = 0.995 }
  }

  assert {
    condition     = one(google_monitoring_slo.availability.request_based_sli[0].good_total_ratio).bad_service_filter == "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/mint-live-token/failed\""
    error_message = "Bad must be what failed: a refusal is the caller's doing."
  }

  assert {
    condition     = one(google_monitoring_slo.availability.request_based_sli[0].good_total_ratio).total_service_filter == "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/mint-live-token/due\""
    error_message = "Refusals must not dilute the failures."
  }

  assert {
    condition     = [google_monitoring_slo.availability.goal, google_monitoring_slo.latency.goal, one(google_monitoring_slo.latency.request_based_sli[0].distribution_cut[0].range).max] == [0.995, 0.95, 2000]
    error_message = "The goals must be that of the variable and those of thresholds.tf."
  }

  assert {
    condition     = google_monitoring_slo.availability.rolling_period_days == 28 && google_monitoring_slo.latency.rolling_period_days == 28
    error_message = "Both objectives must look at the same days."
  }
}

run "no_metric_has_a_label_that_a_caller_can_fill" {
  command = plan

  assert {
    condition = {
      for name, metric in google_logging_metric.counter : name => toset([for label in metric.metric_descriptor[0].labels : label.key])
      } == {
      issued     = toset(["profile", "model", "lease"])
      refused    = toset(["reason"])
      failed     = toset(["reason"])
      ended      = toset([])
      due        = toset([])
      unanswered = toset([])
    }
    error_message = "Each value of a label is a time series: no uid, and a profile only where it exists."
  }

  assert {
    condition = alltrue([
      for metric in concat(values(google_logging_metric.counter), values(google_logging_metric.milliseconds), [google_logging_metric.granted_seconds]) :
      { for label in metric.metric_descriptor[0].labels : label.key => "EXTRACT(jsonPayload.${label.key})" } == { for key, extractor in metric.label_extractors : key => extractor }
    ])
    error_message = "Each label must have its extractor."
  }
}

run "every_read_of_the_secret_by_others_opens_an_alert" {
  command = plan

  variables {
    secret_name = "another-key"
  }

  assert {
    condition     = [for config in google_project_iam_audit_config.secret_manager[0].audit_log_config : config.log_type] == ["DATA_READ"] && google_project_iam_audit_config.secret_manager[0].service == "secretmanager.googleapis.com"
    error_message = "Reads must be written down, of Secret Manager alone."
  }

  assert {
    condition = alltrue([
      for part in ["protoPayload.resourceName:\"/secrets/another-key/\"", "NOT protoPayload.authenticationInfo.principalEmail=\"runtime@demo-live-tokens.iam.gserviceaccount.com\""] :
      strcontains(google_monitoring_alert_policy.secret_read.conditions[0].condition_matched_log[0].filter, part)
    ])
    error_message = "It must be this secret, and everybody but the function."
  }

  assert {
    condition     = google_monitoring_alert_policy.secret_read.alert_strategy[0].notification_rate_limit[0].period == "300s"
    error_message = "The API refuses an alert on log entries without a rate limit."
  }
}

run "the_alert_on_secret_reads_does_not_need_our_audit_configuration" {
  command = plan

  variables {
    audit_secret_reads = false
  }

  assert {
    condition     = length(google_project_iam_audit_config.secret_manager) == 0
    error_message = "The audit configuration of the project must be left alone."
  }

  assert {
    condition     = google_monitoring_alert_policy.secret_read.severity == "CRITICAL"
    error_message = "Where the project or its organisation logs the reads, the alert must be there."
  }
}

run "somebody_calls_from_outside_and_expects_to_be_refused" {
  command = plan

  assert {
    condition = { for name, check in google_monitoring_uptime_check_config.refusal : name => [
      check.monitored_resource[0].labels.host, check.http_check[0].path, check.http_check[0].request_method,
      base64decode(check.http_check[0].body), tostring(check.http_check[0].accepted_response_status_codes[0].status_value),
      check.content_matchers[0].content,
    ] } == { direct = ["europe-west1-demo-live-tokens.cloudfunctions.net", "/mint-live-token", "POST", "{\"data\":null}", "401", "ID_TOKEN_MISSING"] }
    error_message = "The check must send what an app sends, and take the function's own refusal only."
  }

  assert {
    condition     = google_monitoring_uptime_check_config.refusal["direct"].http_check[0].validate_ssl && google_monitoring_uptime_check_config.refusal["direct"].selected_regions == null
    error_message = "A bad certificate must be seen, and from everywhere."
  }

  assert {
    condition     = one(google_monitoring_alert_policy.playbook["unreachable"].conditions[0].condition_threshold[0].aggregations).cross_series_reducer == "REDUCE_COUNT_FALSE" && one(google_monitoring_alert_policy.playbook["unreachable"].conditions[0].condition_threshold[0].aggregations).group_by_fields == tolist(["resource.label.host"])
    error_message = "One place alone can be wrong, and each URL has its own incident."
  }
}

run "every_url_that_may_answer_apps_is_watched" {
  command = plan

  variables {
    load_balancer = { domain = "live.example.com" }
  }

  assert {
    condition     = keys(google_monitoring_uptime_check_config.refusal) == ["direct", "domain"] && google_monitoring_uptime_check_config.refusal["domain"].monitored_resource[0].labels.host == "live.example.com"
    error_message = "Until the direct URL is closed, apps may call either."
  }
}

run "a_closed_url_is_not_watched" {
  command = plan

  variables {
    load_balancer = { domain = "live.example.com", close_direct = true }
  }

  assert {
    condition     = keys(google_monitoring_uptime_check_config.refusal) == ["domain"]
    error_message = "A closed URL never answers."
  }
}

run "nobody_looks_from_outside_where_nobody_may_call" {
  command = plan

  variables {
    public = false
  }

  assert {
    condition     = length(google_monitoring_uptime_check_config.refusal) == 0 && !contains(keys(google_monitoring_alert_policy.playbook), "unreachable")
    error_message = "The alert would be open for ever."
  }
}

run "audit_events_go_to_a_separate_bucket_for_ninety_days" {
  command = plan

  assert {
    condition     = google_logging_project_bucket_config.audit[0].retention_days == 90 && google_logging_project_bucket_config.audit[0].location == "europe-west1" && !google_logging_project_bucket_config.audit[0].locked
    error_message = "The bucket must be in the region, for 90 days, and not locked."
  }

  assert {
    condition     = google_logging_project_sink.log_bucket[0].filter == "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"mint-live-token\" AND jsonPayload.event:\"live_token.\""
    error_message = "The sink must take audit events, and nothing else."
  }
}

run "audit_events_go_nowhere_else_when_asked" {
  command = plan

  variables {
    audit_log = { destination = "none" }
  }

  assert {
    condition     = length(google_logging_project_bucket_config.audit) + length(google_logging_project_sink.log_bucket) == 0
    error_message = "No copy must be made."
  }
}

run "there_is_no_budget_by_default" {
  command = plan

  assert {
    condition     = length(google_billing_budget.live_tokens) + length(google_project_service.budgets) + length(time_sleep.budgets) == 0
    error_message = "A budget needs rights on the billing account: only when asked for."
  }
}

run "a_budget_counts_this_project_before_credits" {
  command = plan

  variables {
    budget       = { billing_account = "0A1B2C-3D4E5F-678901", amount = 500 }
    alert_emails = ["a@example.com", "b@example.com", "c@example.com", "d@example.com", "e@example.com", "f@example.com"]
  }

  assert {
    condition     = google_billing_budget.live_tokens[0].amount[0].specified_amount[0].units == "500"
    error_message = "The amount must arrive, as whole units."
  }

  assert {
    condition     = google_billing_budget.live_tokens[0].budget_filter[0].projects == toset(["projects/123456789012"])
    error_message = "It must count this project, by its number."
  }

  assert {
    condition     = google_billing_budget.live_tokens[0].budget_filter[0].credit_types_treatment == "EXCLUDE_ALL_CREDITS"
    error_message = "Credits must not hide what is spent."
  }

  assert {
    condition     = [for rule in google_billing_budget.live_tokens[0].threshold_rules : "${rule.threshold_percent} ${rule.spend_basis}"] == ["0.5 CURRENT_SPEND", "0.9 CURRENT_SPEND", "1 CURRENT_SPEND", "1 FORECASTED_SPEND"]
    error_message = "Mail must come at half the amount, shortly before it and at it, with a forecast besides."
  }

  assert {
    condition     = length(google_billing_budget.live_tokens[0].all_updates_rule[0].monitoring_notification_channels) == 5
    error_message = "A budget takes five channels at most."
  }
}

run "the_output_leads_to_the_dashboard" {
  command = plan

  assert {
    condition     = output.dashboard_url == "https://console.cloud.google.com/monitoring/dashboards/builder/0d1c2b3a?project=demo-live-tokens"
    error_message = "It must be the address of the dashboard."
  }
}
