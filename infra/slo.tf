# Two objectives for eligible calls (issued + failed). What counts, and why:
# docs/decisions/0012-availability-counts-eligible-calls.md

resource "google_monitoring_custom_service" "live_tokens" {
  service_id   = var.function_name
  display_name = "Live tokens (${var.function_name})"

  depends_on = [time_sleep.services]
}

resource "google_monitoring_slo" "availability" {
  service             = google_monitoring_custom_service.live_tokens.service_id
  slo_id              = "availability"
  display_name        = "${var.slo.availability * 100} % of the eligible calls get a token"
  goal                = var.slo.availability
  rolling_period_days = var.slo.days

  request_based_sli {
    good_total_ratio {
      total_service_filter = local.metric_of.due
      bad_service_filter   = local.metric_of.failed
    }
  }

  depends_on = [time_sleep.metrics]
}

resource "google_monitoring_slo" "latency" {
  service             = google_monitoring_custom_service.live_tokens.service_id
  slo_id              = "latency"
  display_name        = "${var.slo.latency * 100} % of the tokens are issued within ${var.slo.latency_ms} ms"
  goal                = var.slo.latency
  rolling_period_days = var.slo.days

  request_based_sli {
    distribution_cut {
      distribution_filter = "resource.type=\"cloud_run_revision\" AND metric.type=\"${local.latency.total}\" AND metric.labels.event=\"live_token.issued\""

      range {
        min = 0
        max = var.slo.latency_ms
      }
    }
  }

  depends_on = [time_sleep.metrics]
}
