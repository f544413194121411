# One alert for each playbook: the key is the name of its file in docs/playbooks. Each kind of failure has an alert of
# its own, so that a small share of failures is seen too.
#
# How the conditions work:
# - The API has only "greater than" and "less than", so every threshold reads "more than".
# - There are no calls at night: a series with gaps never stays above a threshold. The window is therefore in the
#   alignment, and one point above the threshold is enough (duration 0). Only uptime checks and the count of instances
#   have no gaps.
# - A counter's ALIGN_DELTA over 600 s is a count within 10 minutes, not a rate. A ratio is 0 to 1, not percent.
# - The distribution is in milliseconds. ALIGN_DELTA keeps it a distribution, REDUCE_PERCENTILE_95 then merges revisions
#   before it takes the percentile.
# - Conditions of one alert hold together (AND). A sum of granted seconds needs PromQL, whose condition stands alone.
# https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies

locals {
  run       = "resource.type=\"cloud_run_revision\""
  metric_of = { for name, type in local.metric : name => "${local.run} AND metric.type=\"${type}\"" }
  within    = { seconds = 600, aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", of = null, by = null, lasting = 0, promql = null }

  busy_instances = "${local.run} AND metric.type=\"run.googleapis.com/container/instance_count\" AND metric.labels.state=\"active\""

  # Rounded: Terraform calculates with more digits than the API stores, and would plan the difference forever.
  busy_instances_limit = tonumber(format("%.3f", local.instances_share * var.max_instances))

  failures = { for name, reasons in {
    key      = ["API_KEY_REJECTED", "API_KEY_UNAVAILABLE"]
    gemini   = ["GEMINI_RATE_LIMITED", "GEMINI_UNAVAILABLE"]
    quota    = ["QUOTA_UNAVAILABLE"]
    identity = ["IDENTITY_UNAVAILABLE", "APP_CHECK_UNAVAILABLE"]
    internal = ["INTERNAL"]
    } : name => {
    filter = "${local.metric_of.failed} AND metric.labels.reason=one_of(\"${join("\",\"", reasons)}\")"
    log    = "${local.counters.failed.filter} AND jsonPayload.reason=(\"${join("\" OR \"", reasons)}\")"
  } }

  refusals = { for name, reasons in {
    quota       = ["HOURLY_QUOTA_EXCEEDED", "DAILY_QUOTA_EXCEEDED", "MINUTES_EXCEEDED", "TOO_MANY_SESSIONS"]
    credentials = ["ID_TOKEN_INVALID", "APP_CHECK_INVALID", "APP_CHECK_REPLAYED"]
    } : name => {
    filter = "${local.metric_of.refused} AND metric.labels.reason=one_of(\"${join("\",\"", reasons)}\")"
    log    = "${local.counters.refused.filter} AND jsonPayload.reason=(\"${join("\" OR \"", reasons)}\")"
  } }

  # NOT instead of !=: an identity from outside Google has no e-mail address, and must be found too.
  foreign_secret_reads = join(" AND ", [
    "log_id(\"cloudaudit.googleapis.com/data_access\")",
    "protoPayload.serviceName=\"secretmanager.googleapis.com\"",
    "protoPayload.methodName:\"SecretManagerService.AccessSecretVersion\"", # of any version of the API
    "protoPayload.resourceName:\"/secrets/${var.secret_name}/\"",
    "NOT protoPayload.authenticationInfo.principalEmail=\"${google_service_account.runtime.email}\"",
  ])

  # Two windows: the long one shows that the failures matter, the short one that they continue.
  # https://sre.google/workbook/alerting-on-slos/
  burn = { for speed, windows in { fast = [3600, 300], slow = [21600, 1800] } : speed => [
    for seconds in windows : {
      name      = "Burn rate of the error budget over ${seconds} s"
      filter    = "select_slo_burn_rate(\"${google_monitoring_slo.availability.name}\", \"${seconds}s\")"
      more_than = speed == "fast" ? local.burn_fast : local.burn_slow
      seconds   = null, aligner = null, reducer = null, of = null, by = null, lasting = 0, promql = null
    }
  ] }

  enough_failures = merge(local.within, {
    name      = "More than ${local.threshold.failed_requests} calls failed"
    filter    = local.metric_of.failed
    more_than = local.threshold.failed_requests
  })

  alerts = { for name, alert in {
    unreachable = {
      title    = "Service unreachable"
      severity = "CRITICAL"
      summary  = "From two places of the world or more, a call without a sign-in was not refused by the function."
      log      = "resource.type=\"uptime_url\" AND resource.labels.project_id=\"${var.project_id}\""
      # The newest answer of each place, and how many of them are false: as Google's own alerts on uptime checks do.
      # https://cloud.google.com/monitoring/alerts/uptime-alerting-policies
      conditions = [{
        name      = "Places where the function did not answer"
        filter    = "resource.type=\"uptime_url\" AND metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id=one_of(\"${join("\",\"", values(google_monitoring_uptime_check_config.refusal)[*].uptime_check_id)}\")"
        seconds   = 1200
        aligner   = "ALIGN_NEXT_OLDER"
        reducer   = "REDUCE_COUNT_FALSE"
        of        = null
        by        = ["resource.label.host"] # each URL has its own incident
        lasting   = 60
        promql    = null
        more_than = 1
      }]
    }
    failed-requests = {
      title    = "Requests are failing"
      severity = "ERROR"
      summary  = "Within 10 minutes, more than ${local.failed_share * 100} % of the eligible calls failed."
      log      = local.counters.failed.filter
      conditions = [
        merge(local.within, {
          name      = "Share of failed calls"
          filter    = local.metric_of.failed
          of        = local.metric_of.due
          more_than = local.failed_share
        }),
        local.enough_failures,
      ]
    }
    error-budget-burns-fast = {
      title      = "Error budget is burning fast"
      severity   = "CRITICAL"
      summary    = "At this rate, the error budget of ${local.objective_days} days is spent in about ${floor(local.objective_days * 24 / local.burn_fast)} hours."
      log        = local.counters.failed.filter
      conditions = concat(local.burn.fast, [merge(local.enough_failures, { seconds = 3600 })])
    }
    error-budget-burns-slowly = {
      title      = "Error budget is burning slowly"
      severity   = "WARNING"
      summary    = "At this rate, the error budget of ${local.objective_days} days is spent in about ${floor(local.objective_days * 24 / local.burn_slow)} hours."
      log        = local.counters.failed.filter
      conditions = concat(local.burn.slow, [merge(local.enough_failures, { seconds = 21600 })])
    }
    slow-tokens = {
      title    = "Token requests are slow"
      severity = "WARNING"
      summary  = "The slowest 5 % of the tokens took more than ${local.threshold.latency_ms} ms in the function. Cold starts are not included."
      log      = "${local.counters.issued.filter} AND jsonPayload.milliseconds.total>${local.threshold.latency_ms}"
      conditions = [
        merge(local.within, {
          name      = "95th percentile of the time in the function"
          filter    = "${local.run} AND metric.type=\"${local.latency.total}\" AND metric.labels.event=\"live_token.issued\""
          reducer   = "REDUCE_PERCENTILE_95"
          more_than = local.threshold.latency_ms
        }),
        merge(local.within, {
          name      = "More than ${local.latency_calls} tokens issued"
          filter    = local.metric_of.issued
          more_than = local.latency_calls
        }),
      ]
    }
    quota-refusals = {
      title    = "Many quota refusals"
      severity = "WARNING"
      summary  = "Within an hour, more than ${local.threshold.quota_refusals} calls came from users whose quota was spent."
      log      = local.refusals.quota.log
      conditions = [merge(local.within, {
        name      = "Calls over quota"
        filter    = local.refusals.quota.filter
        seconds   = 3600
        more_than = local.threshold.quota_refusals
      })]
    }
    api-key-rejected = {
      title    = "Gemini API key rejected or unreadable"
      severity = "CRITICAL"
      summary  = "Gemini rejected the key, or the function could not read it. No user gets a token."
      log      = local.failures.key.log
      conditions = [merge(local.within, {
        name      = "Calls failed: API key rejected or unreadable"
        filter    = local.failures.key.filter
        more_than = 0
      })]
    }
    gemini-unavailable = {
      title    = "Gemini unavailable or rate limited"
      severity = "ERROR"
      summary  = "Gemini did not answer, or the project reached a limit of Gemini."
      log      = local.failures.gemini.log
      conditions = [merge(local.within, {
        name      = "Calls failed: Gemini unavailable or rate limited"
        filter    = local.failures.gemini.filter
        more_than = local.dependency_failures
      })]
    }
    quota-store-unavailable = {
      title    = "Quota store (Firestore) unavailable"
      severity = "ERROR"
      summary  = "Firestore did not answer or refused. No token is issued without a quota check."
      log      = local.failures.quota.log
      conditions = [merge(local.within, {
        name      = "Calls failed: quota store unavailable"
        filter    = local.failures.quota.filter
        more_than = local.dependency_failures
      })]
    }
    sign-in-unavailable = {
      title    = "Firebase sign-in checks unavailable"
      severity = "ERROR"
      summary  = "Firebase Authentication or App Check did not answer or refused. No user is signed out."
      log      = local.failures.identity.log
      conditions = [merge(local.within, {
        name      = "Calls failed: sign-in checks unavailable"
        filter    = local.failures.identity.filter
        more_than = local.dependency_failures
      })]
    }
    internal-errors = {
      title    = "Internal errors"
      severity = "ERROR"
      summary  = "The function failed unexpectedly, or Gemini rejected a profile."
      log      = local.failures.internal.log
      conditions = [merge(local.within, {
        name      = "Calls failed: internal errors"
        filter    = local.failures.internal.filter
        more_than = 0
      })]
    }
    unanswered-requests = {
      title    = "Cloud Run answered without the function"
      severity = "ERROR"
      summary  = "Cloud Run itself answered calls: no free instance, a crash or a timeout. These calls leave no audit event."
      log      = local.counters.unanswered.filter
      conditions = [merge(local.within, {
        name      = "Calls answered by Cloud Run itself"
        filter    = local.metric_of.unanswered
        more_than = local.unanswered_requests
      })]
    }
    instances-at-limit = {
      title    = "Nearly all instances are busy"
      severity = "WARNING"
      summary  = "For 5 minutes, more than ${local.instances_share * 100} % of the ${var.max_instances} instances that max_instances allows were busy."
      log      = local.counters.unanswered.filter
      conditions = [{
        name      = "Busy instances"
        filter    = "${local.busy_instances} AND resource.labels.service_name=\"${var.function_name}\""
        seconds   = 60
        aligner   = "ALIGN_MAX"
        reducer   = "REDUCE_SUM" # of revisions: during a release there are two
        of        = null
        by        = ["resource.label.location"] # each region has its own limit
        lasting   = 300
        promql    = null
        more_than = local.busy_instances_limit
      }]
    }
    invalid-credentials = {
      title    = "Many invalid credentials"
      severity = "WARNING"
      summary  = "Within 10 minutes, more than ${local.threshold.invalid_credentials} calls had an ID token or App Check token that is forged, replayed or of another project."
      log      = local.refusals.credentials.log
      conditions = [merge(local.within, {
        name      = "Calls with invalid tokens"
        filter    = local.refusals.credentials.filter
        more_than = local.threshold.invalid_credentials
      })]
    }
    spend = {
      title    = "Estimated spend is high"
      severity = "WARNING"
      summary  = "In the worst case, the talk that was granted in the last hour costs more than ${local.threshold.spend_usd_per_hour} USD."
      log      = local.granted_filter
      conditions = [merge(local.within, {
        name   = "Minutes granted in an hour × worst_case_usd_per_minute"
        promql = "${local.spend_per_hour} > ${local.threshold.spend_usd_per_hour}"
      })]
    }
    } : name => alert if name != "unreachable" || var.public != "false"
  }

  alert_names = concat(keys(local.alerts), ["secret-read-by-others"])

  # The playbooks with the names of this deployment. Their relative links lead nowhere from an incident, so only the text
  # of a link stays.
  playbooks = { for name in local.alert_names : name =>
    replace(replace(replace(replace(replace(trimspace(file("${path.module}/../docs/playbooks/${name}.md")),
      "/\\[([^]]+)\\]\\([^:)]+\\)/", "$1"),
      "--region=REGION", "--region=${var.region}"),
      "mint-live-token", var.function_name),
      "gemini-api-key", var.secret_name),
    "my-app-1a2b", var.project_id)
  }

  playbook_urls = { for name in local.alert_names : name => "${trimsuffix(coalesce(var.playbook_url, "docs/playbooks"), "/")}/${name}.md" }

  logs_explorer = "https://console.cloud.google.com/logs/query;query=%s?project=${var.project_id}"

  # What every alert says besides its own summary.
  links = { for name, log in merge(
    { for name, alert in local.alerts : name => alert.log },
    { secret-read-by-others = local.foreign_secret_reads },
    ) : name => {
    playbook = join("\n\n", [
      "Thresholds in the playbook are the defaults.",
      local.playbooks[name],
      "Playbook: ${local.playbook_urls[name]}",
    ])
    urls = concat(
      var.playbook_url == null ? [] : [{ name = "Playbook", url = local.playbook_urls[name] }],
      [{ name = "Log", url = format(local.logs_explorer, replace(urlencode(log), "+", "%20")) }],
    )
  } }
}

resource "google_monitoring_alert_policy" "playbook" {
  for_each = local.alerts

  display_name          = "Live tokens: ${each.value.title}"
  combiner              = "AND"
  severity              = each.value.severity
  notification_channels = local.channels

  # With one instance allowed, one busy instance is normal.
  enabled = each.key != "instances-at-limit" || var.max_instances > 1

  dynamic "conditions" {
    for_each = each.value.conditions

    content {
      display_name = conditions.value.name

      dynamic "condition_threshold" {
        for_each = conditions.value.promql == null ? [conditions.value] : []

        content {
          filter             = condition_threshold.value.filter
          denominator_filter = condition_threshold.value.of
          comparison         = "COMPARISON_GT"
          threshold_value    = condition_threshold.value.more_than
          duration           = "${condition_threshold.value.lasting}s"

          dynamic "aggregations" {
            for_each = condition_threshold.value.aligner == null ? [] : [condition_threshold.value]

            content {
              alignment_period     = "${aggregations.value.seconds}s"
              per_series_aligner   = aggregations.value.aligner
              cross_series_reducer = aggregations.value.reducer
              group_by_fields      = aggregations.value.by
            }
          }

          dynamic "denominator_aggregations" {
            for_each = condition_threshold.value.of == null ? [] : [condition_threshold.value]

            content {
              alignment_period     = "${denominator_aggregations.value.seconds}s"
              per_series_aligner   = denominator_aggregations.value.aligner
              cross_series_reducer = denominator_aggregations.value.reducer
            }
          }
        }
      }

      dynamic "condition_prometheus_query_language" {
        for_each = conditions.value.promql == null ? [] : [conditions.value.promql]

        content {
          query                     = condition_prometheus_query_language.value
          duration                  = "0s"
          evaluation_interval       = "60s"
          disable_metric_validation = true # a new metric may not be known yet, and an apply must not fail for it
        }
      }
    }
  }

  alert_strategy {
    auto_close = "3600s" # without calls there are no points, so the incident could not end
  }

  documentation {
    subject   = "Live tokens (${var.function_name}): ${each.value.title}"
    content   = "${each.value.summary}\n\n${local.links[each.key].playbook}"
    mime_type = "text/markdown"

    dynamic "links" {
      for_each = local.links[each.key].urls

      content {
        display_name = links.value.name
        url          = links.value.url
      }
    }
  }

  lifecycle {
    precondition {
      condition     = each.key != "failed-requests" || local.failed_share > 0 && local.failed_share < 1
      error_message = "failed_share must be between 0 and 1, such as 0.05. A share never exceeds 1."
    }

    precondition {
      condition     = each.key != "instances-at-limit" || local.instances_share > 0 && local.instances_share < 1
      error_message = "instances_share must be between 0 and 1, such as 0.9. A share never exceeds 1."
    }

    precondition {
      condition     = each.key != "error-budget-burns-slowly" || local.burn_slow >= 1 && local.burn_slow < local.burn_fast
      error_message = "burn_slow must be at least 1, the rate at which the error budget lasts, and less than burn_fast."
    }
  }

  depends_on = [time_sleep.metrics]
}

# Matches log entries instead of a metric: it opens at once, names the account, and is independent of the resource type
# that Secret Manager logs. Denied attempts count too. It can open only where reads are logged, by audit_secret_reads or by
# what the project or its organisation has.
resource "google_monitoring_alert_policy" "secret_read" {
  display_name          = "Live tokens: Gemini API key read by another account"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels

  conditions {
    display_name = "Reads of the secret by any other account"

    condition_matched_log {
      filter           = local.foreign_secret_reads
      label_extractors = { principal = "EXTRACT(protoPayload.authenticationInfo.principalEmail)" }
    }
  }

  alert_strategy {
    auto_close = "604800s" # a week to investigate

    notification_rate_limit {
      period = "300s"
    }
  }

  documentation {
    subject   = "Live tokens (${var.function_name}): Gemini API key read by another account"
    content   = "An account other than the function's read the Gemini API key, or tried to. `make doctor` does this too.\n\n${local.links["secret-read-by-others"].playbook}"
    mime_type = "text/markdown"

    dynamic "links" {
      for_each = local.links["secret-read-by-others"].urls

      content {
        display_name = links.value.name
        url          = links.value.url
      }
    }
  }

  depends_on = [google_project_iam_audit_config.secret_manager]
}
