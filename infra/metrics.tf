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
      labels = { profile = "Name of the profile", model = "The Gemini model of the profile" }
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
    )))
  }
}
