# Metrics of the calls, from the audit events (docs/audit.md). The filters name fields of that page, and a test feeds them
# lines of the real audit log. Each value of a label is a time series, so labels come from short lists of ours and never
# from the caller: there is no uid, and `profile`, which the caller chooses, is a label of issued tokens only, where the
# profile exists.

locals {
  # Log lines of this service. Logs Explorer accepts the same filter.
  service_log = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.function_name}\""
  audit_event = "${local.service_log} AND jsonPayload.eventVersion=1"

  counters = {
    issued = {
      title  = "Live tokens issued"
      filter = "${local.audit_event} AND jsonPayload.event=\"live_token.issued\""
      labels = {
        profile = "Name of the profile"
        model   = "The Gemini model of the profile"
        lease   = "first, renewal or reconnect; empty for a profile without sessions"
      }
    }
    refused = {
      title  = "Calls refused: caused by the caller"
      filter = "${local.audit_event} AND jsonPayload.event=\"live_token.refused\""
      labels = { reason = "See docs/contract.md" }
    }
    failed = {
      title  = "Calls failed: not caused by the caller"
      filter = "${local.audit_event} AND jsonPayload.event=\"live_token.failed\""
      labels = { reason = "See docs/contract.md" }
    }
    ended = {
      title  = "Sessions ended by the app, before their lease was over"
      filter = "${local.audit_event} AND jsonPayload.event=\"live_token.session_ended\""
      labels = {}
    }
    # The denominator of failure ratios: see docs/decisions/0012-availability-counts-eligible-calls.md.
    due = {
      title  = "Eligible calls: issued or failed"
      filter = "${local.audit_event} AND jsonPayload.event=(\"live_token.issued\" OR \"live_token.failed\")"
      labels = {}
    }
    # Cloud Run itself answered, with its own text in the request log: no free instance, a crash, a timeout. The function
    # never saw these calls, so they have no audit event. Status 401 and 403 are refusals by IAM.
    # https://cloud.google.com/run/docs/troubleshooting
    unanswered = {
      title = "Calls answered by Cloud Run instead of the function"
      filter = join(" AND ", [
        local.service_log,
        "log_id(\"run.googleapis.com/requests\")",
        "httpRequest.status>=429",
        "textPayload:\"The request\"",
      ])
      labels = {}
    }
  }

  steps = ["readBody", "verify", "attest", "findProfile", "spend", "readKey", "mint", "total"]

  # Upper bounds of the histogram's buckets, in milliseconds. The limit of an SLO or alert must be one of them, so
  # that it is counted and not interpolated.
  latency_bounds = [
    1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 400, 500, 750,
    1000, 1500, 2000, 2500, 3000, 4000, 5000, 7500, 10000, 15000, 20000, 30000, 60000,
  ]

  # In PromQL, the first slash becomes a colon, and every other character except letters and digits an underscore. The sum
  # of a distribution has the suffix _sum.
  # https://cloud.google.com/monitoring/promql/promql-mapping
  granted_seconds = "${replace("logging_googleapis_com:user_${var.function_name}_granted_seconds_sum", "-", "_")}{monitored_resource=\"cloud_run_revision\"}"
  granted_filter  = "${local.audit_event} AND jsonPayload.leaseSeconds>0"
  spend_per_hour  = "sum(increase(${local.granted_seconds}[1h])) / 60 * ${var.worst_case_usd_per_minute}"

  # Names of the metrics for Cloud Monitoring.
  metric  = { for name in keys(local.counters) : name => "logging.googleapis.com/user/${var.function_name}/${name}" }
  latency = { for step in local.steps : step => "logging.googleapis.com/user/${var.function_name}/milliseconds/${step}" }
}

resource "google_logging_metric" "counter" {
  for_each = local.counters

  name        = "${var.function_name}/${each.key}"
  description = each.value.title
  filter      = each.value.filter

  label_extractors = { for label in keys(each.value.labels) : label => "EXTRACT(jsonPayload.${label})" }

  metric_descriptor {
    display_name = each.value.title
    metric_kind  = "DELTA"
    value_type   = "INT64"
    unit         = "1"

    dynamic "labels" {
      for_each = each.value.labels

      content {
        key         = labels.key
        value_type  = "STRING"
        description = labels.value
      }
    }
  }

  depends_on = [time_sleep.services]
}

# Seconds of talk that were granted. Seconds of a lease whose mint failed count too: they were taken from the minutes. The
# value is a distribution because no other metric from logs has a sum.
# https://cloud.google.com/logging/docs/logs-based-metrics/distribution-metrics
resource "google_logging_metric" "granted_seconds" {
  name            = "${var.function_name}/granted_seconds"
  description     = "Seconds of talk granted by a call"
  filter          = local.granted_filter
  value_extractor = "EXTRACT(jsonPayload.leaseSeconds)"

  label_extractors = { profile = "EXTRACT(jsonPayload.profile)" }

  metric_descriptor {
    display_name = "Seconds of talk granted"
    metric_kind  = "DELTA"
    value_type   = "DISTRIBUTION"
    unit         = "s"

    labels {
      key         = "profile"
      value_type  = "STRING"
      description = "Name of the profile"
    }
  }

  bucket_options {
    explicit_buckets {
      bounds = [30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000, 72000]
    }
  }

  depends_on = [time_sleep.services]
}

# Time per step, measured inside the function: a cold start and the wait for an instance are not included. A call that
# ended early has no entry for the steps that it did not reach.
resource "google_logging_metric" "milliseconds" {
  for_each = toset(local.steps)

  name            = "${var.function_name}/milliseconds/${each.key}"
  description     = "Milliseconds spent in the step ${each.key}"
  filter          = "${local.audit_event} AND jsonPayload.event:\"live_token.\""
  value_extractor = "EXTRACT(jsonPayload.milliseconds.${each.key})"

  label_extractors = { event = "EXTRACT(jsonPayload.event)" }

  metric_descriptor {
    display_name = "Step ${each.key}"
    metric_kind  = "DELTA"
    value_type   = "DISTRIBUTION"
    unit         = "ms"

    labels {
      key         = "event"
      value_type  = "STRING"
      description = "live_token.issued, live_token.refused or live_token.failed"
    }
  }

  bucket_options {
    explicit_buckets {
      bounds = local.latency_bounds
    }
  }

  depends_on = [time_sleep.services]
}

# Cloud Monitoring knows a new metric after a delay, and until then refuses alerts and SLOs that name it ("Cannot find
# metric(s) that match type", "it could take up to 10 minutes"). The provider does not retry. Usually the wait ends before
# the function is built. If it is too short, apply again: existing resources stay.
# https://github.com/hashicorp/terraform-provider-google/issues/11102
resource "time_sleep" "metrics" {
  create_duration = "300s" # parallel to the build of the function, so it costs almost no time
  triggers = {
    metrics = join(",", sort(concat(
      [for metric in google_logging_metric.counter : metric.id],
      [for metric in google_logging_metric.milliseconds : metric.id],
      [google_logging_metric.granted_seconds.id],
    )))
  }
}
