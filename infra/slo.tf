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
  display_name        = "${local.availability_goal * 100} % of the eligible calls get a token"
  goal                = local.availability_goal
  rolling_period_days = local.objective_days

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
  display_name        = "${local.latency_goal * 100} % of the tokens are issued within ${local.latency_goal_ms} ms"
  goal                = local.latency_goal
  rolling_period_days = local.objective_days

  request_based_sli {
    distribution_cut {
      distribution_filter = "resource.type=\"cloud_run_revision\" AND metric.type=\"${local.latency.total}\" AND metric.labels.event=\"live_token.issued\""

      range {
        min = 0
        max = local.latency_goal_ms
      }
    }
  }

  lifecycle {
    precondition {
      condition     = contains(local.latency_bounds, local.latency_goal_ms)
      error_message = "latency_goal_ms must be a bound of the histogram in metrics.tf, such as 1000, 1500, 2000 or 3000."
    }
  }

  depends_on = [time_sleep.metrics]
}
