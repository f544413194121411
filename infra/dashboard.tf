# The dashboard: see docs/operations.md. The template has the tiles, this file their values.

locals {
  dashboard = templatefile("${path.module}/dashboard.json.tftpl", {
    name           = var.function_name
    run            = local.run
    metric         = local.metric
    latency        = local.latency
    steps          = local.steps
    availability   = google_monitoring_slo.availability.name
    latency_slo    = google_monitoring_slo.latency.name
    max_instances  = var.max_instances * (1 + length(var.additional_regions))
    spend          = local.spend_per_hour
    spend_alert    = local.threshold.spend_usd_per_hour
    usd_per_minute = var.worst_case_usd_per_minute
    granted        = local.granted_seconds
    audit_event    = local.audit_event

    links = { for title, log in {
      "Tokens issued"                  = local.counters.issued.filter
      "Refused, and why"               = local.counters.refused.filter
      "Failed, and why"                = local.counters.failed.filter
      "Answered by Cloud Run itself"   = local.counters.unanswered.filter
      "Reads of the key by others"     = local.foreign_secret_reads
      "Everything the function writes" = local.service_log
    } : title => format(local.logs_explorer, replace(urlencode(log), "+", "%20")) }
  })
}

resource "google_monitoring_dashboard" "live_tokens" {
  dashboard_json = local.dashboard

  depends_on = [time_sleep.metrics]
}

output "dashboard_url" {
  description = "The dashboard of the service."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${basename(google_monitoring_dashboard.live_tokens.id)}?project=${var.project_id}"
}
