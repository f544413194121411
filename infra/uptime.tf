# Somebody who calls from outside, from all of Google's locations, every minute: a call without a sign-in, which the function
# itself must refuse. It fails where apps would fail: name, certificate, load balancer, ingress, the grant to allUsers,
# Cloud Run, the region, a function that does not start. It finds no fault behind the sign-in: the other alerts do.
# https://cloud.google.com/monitoring/uptime-checks

locals {
  # Every URL that may answer apps. With public = false, none answers from outside.
  watched = { for name, url in merge(
    {
      direct = local.direct_closed ? null : { host = "${var.region}-${var.project_id}.cloudfunctions.net", path = "/${var.function_name}" }
      domain = var.load_balancer == null ? null : { host = var.load_balancer.domain, path = "/" }
    },
    { for region, chosen in var.additional_regions : "direct-${region}" =>
      local.direct_closed || !chosen.serves ? null : { host = "${region}-${var.project_id}.cloudfunctions.net", path = "/${var.function_name}" }
    },
  ) : name => url if var.public != "false" && url != null }
}

resource "google_monitoring_uptime_check_config" "refusal" {
  for_each = local.watched

  display_name       = "Live tokens: ${each.value.host}"
  period             = "60s"
  timeout            = "10s" # a cold start is in it
  log_check_failures = true

  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project_id, host = each.value.host }
  }

  http_check {
    request_method      = "POST"
    path                = each.value.path
    port                = 443
    use_ssl             = true
    validate_ssl        = true
    content_type        = "USER_PROVIDED"
    custom_content_type = "application/json"
    body                = base64encode(jsonencode({ data = null }))

    accepted_response_status_codes {
      status_value = 401
    }
  }

  # Cloud Run's own 401, 403 or 404 has another body.
  content_matchers {
    content = "ID_TOKEN_MISSING"
    matcher = "CONTAINS_STRING"
  }

  lifecycle {
    create_before_destroy = true # Cloud Monitoring deletes no check that an alert uses
  }

  depends_on = [time_sleep.services]
}
