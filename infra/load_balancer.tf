# Optional: a load balancer with Cloud Armor, in two steps. It is made beside the function's own URL, which stays open until
# `close_direct` (ingress in function.tf). Until then, a call can go around Cloud Armor.
# Cloud Armor limits addresses; the function's quotas limit users.

locals {
  # Host names and their revisions: the serving ones, or the candidate of a release. A release cannot use the tag's own
  # URL, which is closed like all direct ones.
  backends = var.load_balancer == null ? {} : merge(
    { live = { domain = var.load_balancer.domain, tag = null } },
    var.load_balancer.candidate_domain == null ? {} : {
      candidate = { domain = var.load_balancer.candidate_domain, tag = "candidate" }
    },
  )
}

resource "google_compute_region_network_endpoint_group" "function" {
  for_each = local.backends

  # It cannot be changed, or deleted while in use: another function creates another one.
  name                  = "live-tokens-${each.key}-${substr(sha256("${var.region}/${var.function_name}"), 0, 8)}"
  region                = var.region
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = google_cloudfunctions2_function.mint_live_token.name
    tag     = each.value.tag
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_security_policy" "edge" {
  count = var.load_balancer == null ? 0 : 1

  name        = "live-tokens"
  description = "Calls to ${var.function_name}: a rate limit per address, and protection against Log4j attacks"
  type        = "CLOUD_ARMOR"

  rule {
    priority    = 1000
    action      = "deny(403)"
    description = "CVE-2021-44228: nothing here runs Java, but an app never sends it"

    match {
      expr {
        expression = "evaluatePreconfiguredWaf('cve-canary')"
      }
    }
  }

  rule {
    priority    = 2147483647
    action      = "throttle"
    description = "All other calls, at most ${var.load_balancer.requests_per_minute} requests a minute from one address"

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"

      rate_limit_threshold {
        count        = var.load_balancer.requests_per_minute
        interval_sec = 60
      }
    }
  }

  depends_on = [time_sleep.services]
}

resource "google_compute_backend_service" "function" {
  for_each = local.backends

  name                  = "live-tokens-${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.edge[0].id

  backend {
    group = google_compute_region_network_endpoint_group.function[each.key].id
  }

  # Users go to the nearest of these regions. `candidate` is the home region's alone: regions.tf has the others'.
  dynamic "backend" {
    for_each = [for region, chosen in var.additional_regions : region if chosen.serves && each.key == "live"]

    content {
      group = google_compute_region_network_endpoint_group.elsewhere["${backend.value}/live"].id
    }
  }

  log_config {
    enable      = true
    sample_rate = 1 # no other log shows refusals by Cloud Armor
  }
}

resource "google_compute_url_map" "function" {
  count = var.load_balancer == null ? 0 : 1

  name            = "live-tokens"
  default_service = google_compute_backend_service.function["live"].id

  dynamic "host_rule" {
    for_each = { for name, backend in local.backends : name => backend if name != "live" }

    content {
      hosts        = [host_rule.value.domain]
      path_matcher = host_rule.key
    }
  }

  dynamic "path_matcher" {
    for_each = { for name, backend in local.backends : name => backend if name != "live" }

    content {
      name            = path_matcher.key
      default_service = google_compute_backend_service.function[path_matcher.key].id

      dynamic "path_rule" {
        for_each = google_compute_backend_service.candidate_elsewhere

        content {
          paths   = ["/${path_rule.key}"] # the function answers under every path
          service = path_rule.value.id
        }
      }
    }
  }
}

# One certificate per host name: a missing DNS record of one name does not block the other.
resource "google_compute_managed_ssl_certificate" "domain" {
  for_each = local.backends

  # A certificate cannot be changed, or deleted while in use: another name creates another one.
  name = "live-tokens-${substr(sha256(each.value.domain), 0, 8)}"

  managed {
    domains = [each.value.domain]
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [time_sleep.services]
}

resource "google_compute_ssl_policy" "modern" {
  count = var.load_balancer == null ? 0 : 1

  name            = "live-tokens"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"

  depends_on = [time_sleep.services]
}

resource "google_compute_target_https_proxy" "function" {
  count = var.load_balancer == null ? 0 : 1

  name             = "live-tokens"
  url_map          = google_compute_url_map.function[0].id
  ssl_certificates = [for certificate in google_compute_managed_ssl_certificate.domain : certificate.id]
  ssl_policy       = google_compute_ssl_policy.modern[0].id
}

resource "google_compute_global_address" "function" {
  count = var.load_balancer == null ? 0 : 1

  name = "live-tokens"

  # The DNS records of both domains name it, and a new one would be another address.
  deletion_policy = var.deletion_protection ? "PREVENT" : "DELETE"

  depends_on = [time_sleep.services]
}

resource "google_compute_global_forwarding_rule" "https" {
  count = var.load_balancer == null ? 0 : 1

  name                  = "live-tokens"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  target                = google_compute_target_https_proxy.function[0].id
  ip_address            = google_compute_global_address.function[0].id
  port_range            = "443"
}
