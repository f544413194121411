# A budget sends mail, hours late, and stops nothing. Spending is stopped by `make admin ARGS=pause`, the profiles' quotas
# and Gemini's own limits.

resource "google_project_service" "budgets" {
  count = var.budget == null ? 0 : 1

  service            = "billingbudgets.googleapis.com"
  disable_on_destroy = false
}

resource "time_sleep" "budgets" {
  count = var.budget == null ? 0 : 1

  create_duration = "60s"
  triggers        = { service = google_project_service.budgets[0].service }
}

resource "google_billing_budget" "live_tokens" {
  count = var.budget == null ? 0 : 1

  billing_account = var.budget.billing_account
  display_name    = "Live tokens (${var.project_id})"

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
    services = length(local.budget_services) == 0 ? null : [for service in local.budget_services : "services/${service}"]

    # The credit of a free trial would hide the spending until it is used up.
    credit_types_treatment = "EXCLUDE_ALL_CREDITS"
  }

  # In the currency of the billing account, the only one that it takes.
  amount {
    specified_amount {
      units = tostring(var.budget.amount)
    }
  }

  dynamic "threshold_rules" {
    for_each = local.budget_shares

    content {
      threshold_percent = threshold_rules.value
      spend_basis       = "CURRENT_SPEND"
    }
  }

  # Early: when Google forecasts that the month ends over the budget.
  threshold_rules {
    threshold_percent = 1
    spend_basis       = "FORECASTED_SPEND"
  }

  # In addition to the billing account's administrators, who always get the mail. A budget accepts five e-mail channels.
  dynamic "all_updates_rule" {
    for_each = length(var.alert_emails) > 0 ? [1] : []

    content {
      monitoring_notification_channels = [
        for email in slice(var.alert_emails, 0, min(5, length(var.alert_emails))) :
        google_monitoring_notification_channel.email[email].name
      ]
    }
  }

  depends_on = [time_sleep.budgets]
}
