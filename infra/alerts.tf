# One alert for each playbook in docs/operations.md; the key is the anchor of its section. A failure that the caller did
# not bring about is covered by an alert of its own, whatever its share.
#
# How an alert comes to open, and does not fail to:
# - The API takes "greater than" and "less than" only, so every threshold reads "more than".
# - Nobody calls at night: a series with gaps would never stay above a threshold. So the window is in the alignment,
#   which looks back over it, and one point above is enough (duration 0). Only the count of instances has no gaps.
# - A counter's ALIGN_DELTA over 600 s is a count within 10 minutes, not a rate. A ratio is 0 to 1, not percent.
# - The distribution is in milliseconds. ALIGN_DELTA keeps it a distribution, REDUCE_PERCENTILE_95 then merges revisions
#   before it takes the percentile.
# - Conditions of one alert hold together (AND).
# https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies

locals {
  run       = "resource.type=\"cloud_run_revision\""
  metric_of = { for name, type in local.metric : name => "${local.run} AND metric.type=\"${type}\"" }
  within    = { seconds = 600, aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", of = null, lasting = 0 }

  busy_instances = "${local.run} AND metric.type=\"run.googleapis.com/container/instance_count\" AND metric.labels.state=\"active\""

  # Rounded: Terraform reckons with more digits than the API keeps, and would plan the difference for ever.
  busy_instances_limit  = tonumber(format("%.3f", var.alert_thresholds.instances_share * var.max_instances))
  tokens_per_hour_limit = tonumber(format("%.3f", var.alert_thresholds.spend_usd_per_hour / var.worst_case_usd_per_token))

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
    quota       = ["HOURLY_QUOTA_EXCEEDED", "DAILY_QUOTA_EXCEEDED"]
    credentials = ["ID_TOKEN_INVALID", "APP_CHECK_INVALID", "APP_CHECK_REPLAYED"]
    } : name => {
    filter = "${local.metric_of.refused} AND metric.labels.reason=one_of(\"${join("\",\"", reasons)}\")"
    log    = "${local.counters.refused.filter} AND jsonPayload.reason=(\"${join("\" OR \"", reasons)}\")"
  } }

  # NOT, and not !=: an identity from outside Google has no e-mail address, and must not slip through.
  foreign_secret_reads = join(" AND ", [
    "log_id(\"cloudaudit.googleapis.com/data_access\")",
    "protoPayload.serviceName=\"secretmanager.googleapis.com\"",
    "protoPayload.methodName:\"SecretManagerService.AccessSecretVersion\"", # of whichever version of the API
    "protoPayload.resourceName:\"/secrets/${var.secret_name}/\"",
    "NOT protoPayload.authenticationInfo.principalEmail=\"${google_service_account.runtime.email}\"",
  ])

  # Long window and short: it must be bad for long enough to matter, and still be bad now.
  # https://sre.google/workbook/alerting-on-slos/
  burn = { for speed, windows in { fast = [3600, 300], slow = [21600, 1800] } : speed => [
    for seconds in windows : {
      name      = "The error budget burns, looking back ${seconds} s"
      filter    = "select_slo_burn_rate(\"${google_monitoring_slo.availability.name}\", \"${seconds}s\")"
      more_than = speed == "fast" ? var.alert_thresholds.burn_fast : var.alert_thresholds.burn_slow
      seconds   = null, aligner = null, reducer = null, of = null, lasting = 0
    }
  ] }

  enough_failures = merge(local.within, {
    name      = "More than ${var.alert_thresholds.failed_requests} calls failed"
    filter    = local.metric_of.failed
    more_than = var.alert_thresholds.failed_requests
  })

  alerts = {
    failed-requests = {
      title    = "Calls fail"
      severity = "ERROR"
      summary  = "More than ${var.alert_thresholds.failed_share * 100} % of the calls that were due a token failed within 10 minutes."
      log      = local.counters.failed.filter
      conditions = [
        merge(local.within, {
          name      = "Share of failed calls"
          filter    = local.metric_of.failed
          of        = local.metric_of.due
          more_than = var.alert_thresholds.failed_share
        }),
        local.enough_failures,
      ]
    }
    error-budget-burns-fast = {
      title      = "The error budget burns fast"
      severity   = "CRITICAL"
      summary    = "At this speed, the failures that ${var.slo.days} days allow are used up in about ${floor(var.slo.days * 24 / var.alert_thresholds.burn_fast)} hours."
      log        = local.counters.failed.filter
      conditions = concat(local.burn.fast, [merge(local.enough_failures, { seconds = 3600 })])
    }
    error-budget-burns-slowly = {
      title      = "The error budget burns slowly"
      severity   = "WARNING"
      summary    = "At this speed, the failures that ${var.slo.days} days allow are used up in about ${floor(var.slo.days * 24 / var.alert_thresholds.burn_slow)} hours."
      log        = local.counters.failed.filter
      conditions = concat(local.burn.slow, [merge(local.enough_failures, { seconds = 3600 })])
    }
    slow-tokens = {
      title    = "Tokens are slow"
      severity = "WARNING"
      summary  = "The slowest 5 % of the tokens took more than ${var.alert_thresholds.latency_ms} ms in the function, cold starts not counted."
      log      = "${local.counters.issued.filter} AND jsonPayload.milliseconds.total>${var.alert_thresholds.latency_ms}"
      conditions = [
        merge(local.within, {
          name      = "95th percentile of the time in the function"
          filter    = "${local.run} AND metric.type=\"${local.latency.total}\" AND metric.labels.event=\"live_token.issued\""
          reducer   = "REDUCE_PERCENTILE_95"
          more_than = var.alert_thresholds.latency_ms
        }),
        merge(local.within, {
          name      = "More than ${var.alert_thresholds.latency_calls} tokens issued"
          filter    = local.metric_of.issued
          more_than = var.alert_thresholds.latency_calls
        }),
      ]
    }
    quota-refusals = {
      title    = "Many calls over quota"
      severity = "WARNING"
      summary  = "More than ${var.alert_thresholds.quota_refusals} calls within an hour came from users who had taken all their tokens."
      log      = local.refusals.quota.log
      conditions = [merge(local.within, {
        name      = "Calls over quota"
        filter    = local.refusals.quota.filter
        seconds   = 3600
        more_than = var.alert_thresholds.quota_refusals
      })]
    }
    api-key-rejected = {
      title    = "The Gemini API key does not work"
      severity = "CRITICAL"
      summary  = "Gemini refused the key, or it could not be read. While it lasts nobody gets a token."
      log      = local.failures.key.log
      conditions = [merge(local.within, {
        name      = "Calls that failed for want of a key"
        filter    = local.failures.key.filter
        more_than = 0
      })]
    }
    gemini-limits = {
      title    = "Gemini issues no tokens"
      severity = "ERROR"
      summary  = "Gemini does not answer, or says that this project has had enough."
      log      = local.failures.gemini.log
      conditions = [merge(local.within, {
        name      = "Calls that failed for want of Gemini"
        filter    = local.failures.gemini.filter
        more_than = var.alert_thresholds.dependency_failures
      })]
    }
    quota-store-unavailable = {
      title    = "The quota store does not answer"
      severity = "ERROR"
      summary  = "Firestore did not answer or refused. Nothing is issued without a quota."
      log      = local.failures.quota.log
      conditions = [merge(local.within, {
        name      = "Calls that failed for want of the quota store"
        filter    = local.failures.quota.filter
        more_than = var.alert_thresholds.dependency_failures
      })]
    }
    sign-in-unavailable = {
      title    = "Sign-ins cannot be checked"
      severity = "ERROR"
      summary  = "Firebase Authentication or App Check did not answer or refused. Nobody was signed out by it."
      log      = local.failures.identity.log
      conditions = [merge(local.within, {
        name      = "Calls whose sign-in could not be checked"
        filter    = local.failures.identity.filter
        more_than = var.alert_thresholds.dependency_failures
      })]
    }
    internal-errors = {
      title    = "Unexpected errors"
      severity = "ERROR"
      summary  = "The function failed by itself, or Gemini refused a profile."
      log      = local.failures.internal.log
      conditions = [merge(local.within, {
        name      = "Unexpected errors"
        filter    = local.failures.internal.filter
        more_than = 0
      })]
    }
    unanswered-requests = {
      title    = "The function does not answer"
      severity = "ERROR"
      summary  = "Cloud Run answered calls by itself: no free instance, a crash, a timeout. They leave no audit event."
      log      = local.counters.unanswered.filter
      conditions = [merge(local.within, {
        name      = "Calls that Cloud Run answered by itself"
        filter    = local.metric_of.unanswered
        more_than = var.alert_thresholds.unanswered_requests
      })]
    }
    instances-at-limit = {
      title    = "Nearly all instances are busy"
      severity = "WARNING"
      summary  = "More than ${var.alert_thresholds.instances_share * 100} % of the ${var.max_instances} instances that max_instances allows were busy for 5 minutes."
      log      = local.counters.unanswered.filter
      conditions = [{
        name      = "Busy instances"
        filter    = "${local.busy_instances} AND resource.labels.service_name=\"${var.function_name}\""
        seconds   = 60
        aligner   = "ALIGN_MAX"
        reducer   = "REDUCE_SUM" # of revisions: during a release there are two
        of        = null
        lasting   = 300
        more_than = local.busy_instances_limit
      }]
    }
    invalid-credentials = {
      title    = "Many invalid sign-ins"
      severity = "WARNING"
      summary  = "More than ${var.alert_thresholds.invalid_credentials} calls within 10 minutes had an ID or App Check token that is not of this project, or is forged or replayed."
      log      = local.refusals.credentials.log
      conditions = [merge(local.within, {
        name      = "Calls with invalid tokens"
        filter    = local.refusals.credentials.filter
        more_than = var.alert_thresholds.invalid_credentials
      })]
    }
    spend = {
      title    = "Tokens may cost more than expected"
      severity = "WARNING"
      summary  = "If every session on the tokens of the last hour were a worst case, they would cost more than ${var.alert_thresholds.spend_usd_per_hour} USD."
      log      = local.counters.issued.filter
      conditions = [merge(local.within, {
        name      = "Tokens issued in an hour × worst_case_usd_per_token"
        filter    = local.metric_of.issued
        seconds   = 3600
        more_than = local.tokens_per_hour_limit
      })]
    }
  }

  # docs/operations.md with the names of this deployment, and without its links to other pages of the repository and to
  # other sections, which lead nowhere from an incident.
  operations = replace(replace(replace(replace(replace(file("${path.module}/../docs/operations.md"),
    "/\\[([^]]+)\\]\\([^:)]+\\)/", "$1"),
    "--region=REGION", "--region=${var.region}"),
    "mint-live-token", var.function_name),
    "gemini-api-key", var.secret_name),
  "my-app-1a2b", var.project_id)

  # The playbooks, by the anchor of their section.
  playbooks = {
    for section in slice(split("\n### ", local.operations), 1, length(split("\n### ", local.operations))) :
    replace(lower(regex("^[^\n]+", section)), " ", "-") => trimspace(replace(section, "/^[^\n]+/", ""))
  }

  logs_explorer = "https://console.cloud.google.com/logs/query;query=%s?project=${var.project_id}"

  # What every alert says besides its own summary.
  links = { for playbook, log in merge(
    { for playbook, alert in local.alerts : playbook => alert.log },
    { secret-read-by-others = local.foreign_secret_reads },
    ) : playbook => {
    playbook = join("\n\n", [
      "What to do (numbers are the defaults):",
      local.playbooks[playbook],
      "Playbook: ${coalesce(var.playbook_url, "docs/operations.md")}#${playbook}",
    ])
    urls = concat(
      var.playbook_url == null ? [] : [{ name = "Playbook", url = "${var.playbook_url}#${playbook}" }],
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

  # With one instance allowed, one that is busy is no news.
  enabled = each.key != "instances-at-limit" || var.max_instances > 1

  dynamic "conditions" {
    for_each = each.value.conditions

    content {
      display_name = conditions.value.name

      condition_threshold {
        filter             = conditions.value.filter
        denominator_filter = conditions.value.of
        comparison         = "COMPARISON_GT"
        threshold_value    = conditions.value.more_than
        duration           = "${conditions.value.lasting}s"

        dynamic "aggregations" {
          for_each = conditions.value.aligner == null ? [] : [conditions.value]

          content {
            alignment_period     = "${aggregations.value.seconds}s"
            per_series_aligner   = aggregations.value.aligner
            cross_series_reducer = aggregations.value.reducer
          }
        }

        dynamic "denominator_aggregations" {
          for_each = conditions.value.of == null ? [] : [conditions.value]

          content {
            alignment_period     = "${denominator_aggregations.value.seconds}s"
            per_series_aligner   = denominator_aggregations.value.aligner
            cross_series_reducer = denominator_aggregations.value.reducer
          }
        }
      }
    }
  }

  alert_strategy {
    auto_close = "3600s" # without calls there are no points, and no end would ever be seen
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

  depends_on = [time_sleep.metrics]
}

# Looks at log entries themselves: it opens at once, says who it was, and does not need to know as which resource type
# Secret Manager writes them. Tries that were refused count too.
resource "google_monitoring_alert_policy" "secret_read" {
  count = var.audit_secret_reads ? 1 : 0

  display_name          = "Live tokens: Somebody else read the Gemini API key"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels

  conditions {
    display_name = "A read of the secret by anybody but the function"

    condition_matched_log {
      filter           = local.foreign_secret_reads
      label_extractors = { principal = "EXTRACT(protoPayload.authenticationInfo.principalEmail)" }
    }
  }

  alert_strategy {
    auto_close = "604800s" # until somebody has looked, a week at most

    notification_rate_limit {
      period = "300s"
    }
  }

  documentation {
    subject   = "Live tokens (${var.function_name}): Somebody else read the Gemini API key"
    content   = "The secret was read, or tried, by an account that is not the function's. Was it you, or `make doctor`?\n\n${local.links["secret-read-by-others"].playbook}"
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
