# The operator's settings for alerts, objectives, the audit log and money. All are optional. The numbers are starting
# points: none was measured in production.

variable "alert_emails" {
  description = <<-EOT
    E-mail addresses that get alerts and budget mails. Without these and notification_channels, incidents open in Cloud
    Monitoring and no person is notified.
  EOT
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for email in var.alert_emails : can(regex("^[^@\\s<>,]+@[^@\\s<>,]+\\.[^@\\s<>,]+$", email))])
    error_message = "alert_emails must be addresses such as oncall@example.com, without names or brackets."
  }

  validation {
    condition     = length(distinct(var.alert_emails)) == length(var.alert_emails)
    error_message = "alert_emails must not repeat an address."
  }
}

variable "notification_channels" {
  description = "Existing notification channels that get alerts too, such as projects/P/notificationChannels/1234567890 (chat, pager)."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "notification_channels must be resource names such as projects/P/notificationChannels/1234567890."
  }
}

variable "playbook_url" {
  description = <<-EOT
    Where your team reads the folder docs/playbooks, such as https://github.com/you/repository/blob/main/docs/playbooks:
    each alert then links to its playbook there. null: alerts carry the text of their playbook, without a link.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.playbook_url == null || can(regex("^https://[^\\s#?]+$", var.playbook_url)) && !endswith(coalesce(var.playbook_url, "-"), ".md")
    error_message = "playbook_url must be the address of the folder docs/playbooks: it begins with https:// and has no #, ? or file name. The name of the alert's file is added."
  }
}

variable "alert_thresholds" {
  description = <<-EOT
    Thresholds of the alerts. An alert opens above its number. Counts are for 10 minutes unless stated otherwise.
    failed_share: failed calls as a share of the eligible calls (issued + failed). Below 0.05, most users succeed with a retry.
    failed_requests: minimum of failed calls, so that a single failure at night, which is 100 %, opens no alert. It also
    applies to the alerts on the error budget: in an hour for the fast one, in six hours for the slow one.
    latency_ms: 95th percentile of the time in the function for issued tokens, in milliseconds. The app shows nothing
    before. latency_calls: minimum of issued tokens; below it, one cold start would be the percentile.
    quota_refusals: calls over quota in an hour. 100: five users who ask in a loop, or many users who need more.
    dependency_failures: calls that failed because Gemini, Firestore or Firebase was unavailable, for each alert.
    invalid_credentials: refused ID tokens and App Check tokens that no honest app sends.
    unanswered_requests: calls that Cloud Run itself answered.
    instances_share: share of max_instances. spend_usd_per_hour: minutes granted in an hour × worst_case_usd_per_minute.
    burn_fast: multiple of the rate at which the error budget just lasts, over one hour and the last 5 minutes; 14.4
    spends 2 % of 30 days in an hour. burn_slow: the same over 6 hours and the last 30 minutes; 6 spends 5 %.
    A rejected key, an internal error and a read of the secret by another account have no threshold: one opens the alert.
  EOT
  type = object({
    failed_share        = optional(number, 0.05)
    failed_requests     = optional(number, 5)
    latency_ms          = optional(number, 3000)
    latency_calls       = optional(number, 20)
    quota_refusals      = optional(number, 100)
    dependency_failures = optional(number, 5)
    invalid_credentials = optional(number, 300)
    unanswered_requests = optional(number, 5)
    instances_share     = optional(number, 0.9)
    spend_usd_per_hour  = optional(number, 250)
    burn_fast           = optional(number, 14.4)
    burn_slow           = optional(number, 6)
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for count in [
        var.alert_thresholds.failed_requests, var.alert_thresholds.latency_calls, var.alert_thresholds.quota_refusals,
        var.alert_thresholds.dependency_failures, var.alert_thresholds.invalid_credentials, var.alert_thresholds.unanswered_requests,
      ] : count == floor(count) && count >= 0
    ])
    error_message = "alert_thresholds: counts must be whole numbers from 0."
  }

  validation {
    condition     = var.alert_thresholds.failed_share > 0 && var.alert_thresholds.failed_share < 1 && var.alert_thresholds.instances_share > 0 && var.alert_thresholds.instances_share < 1
    error_message = "alert_thresholds: shares must be between 0 and 1, such as 0.05. A share never exceeds 1."
  }

  validation {
    condition     = contains(local.latency_bounds, var.alert_thresholds.latency_ms) && var.alert_thresholds.latency_ms < max(local.latency_bounds...)
    error_message = "alert_thresholds.latency_ms must be a bound of the histogram in metrics.tf, such as 2000, 3000 or 5000, except the last one: a percentile never exceeds that."
  }

  validation {
    condition     = var.alert_thresholds.spend_usd_per_hour > 0
    error_message = "alert_thresholds.spend_usd_per_hour must be more than 0."
  }

  validation {
    condition     = var.alert_thresholds.burn_slow >= 1 && var.alert_thresholds.burn_slow < var.alert_thresholds.burn_fast
    error_message = "alert_thresholds.burn_slow must be at least 1 and less than burn_fast."
  }

  validation {
    condition     = var.alert_thresholds.burn_fast * (1 - var.slo.availability) < 1
    error_message = "alert_thresholds.burn_fast must be less than 1 / (1 - slo.availability), the rate if every call fails. Otherwise the alert can never open."
  }
}

variable "slo" {
  description = <<-EOT
    Objectives over the last `days` days.
    availability: share of the eligible calls (issued + failed) that get a token. 0.99: Gemini's tokens are a preview without a guarantee.
    latency: share of the issued tokens that take at most latency_ms milliseconds in the function.
  EOT
  type = object({
    availability = optional(number, 0.99)
    latency      = optional(number, 0.95)
    latency_ms   = optional(number, 2000)
    days         = optional(number, 28)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for goal in [var.slo.availability, var.slo.latency] : goal > 0 && goal <= 0.999])
    error_message = "slo.availability and slo.latency must be more than 0 and at most 0.999, the highest goal of Cloud Monitoring."
  }

  validation {
    condition     = contains(local.latency_bounds, var.slo.latency_ms)
    error_message = "slo.latency_ms must be a bound of the histogram in metrics.tf, such as 1000, 1500, 2000 or 3000."
  }

  validation {
    condition     = var.slo.days == floor(var.slo.days) && var.slo.days >= 1 && var.slo.days <= 30
    error_message = "slo.days must be a whole number from 1 to 30."
  }
}

variable "audit_log" {
  description = <<-EOT
    Where audit events are kept, and for how many days. They hold uids, which are personal data.
    destination: "log_bucket", a separate log bucket in the region; "none". The project's own log bucket always has them
    too, for 30 days by default. infra/examples/bigquery_audit_log keeps them in BigQuery.
  EOT
  type = object({
    destination    = optional(string, "log_bucket")
    retention_days = optional(number, 90)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["log_bucket", "none"], var.audit_log.destination)
    error_message = var.audit_log.destination == "bigquery" ? "audit_log.destination takes bigquery no more: infra/examples/bigquery_audit_log has the dataset and its sink. Import yours there as docs/upgrading.md says, then set destination to none. Nothing of it is deleted." : "audit_log.destination must be log_bucket or none."
  }

  validation {
    condition     = var.audit_log.retention_days == floor(var.audit_log.retention_days) && var.audit_log.retention_days >= 1 && var.audit_log.retention_days <= 3650
    error_message = "audit_log.retention_days must be a whole number from 1 to 3650."
  }
}

variable "audit_secret_reads" {
  description = <<-EOT
    Whether this module logs reads of secrets in this project, so that a read of the Gemini key by another account opens
    its alert. It sets the audit configuration of Secret Manager for the whole project: it replaces an existing one, and
    destroy removes it. If the project has one, use false: it is left alone, and the alert is there all the same.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "worst_case_usd_per_minute" {
  description = <<-EOT
    Worst-case cost of a minute of talk, in US dollars, for the dashboard and the alert on spending. `make bill` prints
    yours: the column minute of your dearest profile, for an honest app. 0.326 is that of the profile `default`: four turns
    a minute on a full context. A script could reach the minute of a modified app.
  EOT
  type        = number
  default     = 0.326
  nullable    = false

  validation {
    condition     = var.worst_case_usd_per_minute > 0
    error_message = "worst_case_usd_per_minute must be more than 0."
  }
}

variable "worst_usd_per_user_day" {
  description = <<-EOT
    What one caller can cost in a day at most, by profile and plan, in US dollars; null: without a bound. `make deploy`
    computes it from the profiles, so that the plan shows it. By hand, leave it out: `make bill` prints it.
  EOT
  type        = map(number)
  default     = {}
  nullable    = false
}

variable "budget" {
  description = <<-EOT
    A billing budget for this project. null: none. It sends mail, hours late, and stops no spending.
    billing_account: such as 0A1B2C-3D4E5F-678901; you need Billing Account Costs Manager on it. amount: whole units per
    month. currency: the currency of the billing account, such as EUR; null: the same. thresholds: shares of the amount
    that send mail. services: ids from the billing catalogue to count; empty: the whole project.
  EOT
  type = object({
    billing_account = string
    amount          = number
    currency        = optional(string)
    thresholds      = optional(list(number), [0.5, 0.9, 1])
    services        = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.budget == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.budget.billing_account))
    error_message = "budget.billing_account must be an id such as 0A1B2C-3D4E5F-678901; `gcloud billing accounts list` shows it."
  }

  validation {
    condition     = var.budget == null || try(var.budget.amount == floor(var.budget.amount) && var.budget.amount >= 1, false)
    error_message = "budget.amount must be a whole number from 1."
  }

  validation {
    condition     = var.budget == null || try(var.budget.currency == null || can(regex("^[A-Z]{3}$", var.budget.currency)), false)
    error_message = "budget.currency must be three capital letters, such as EUR, the currency of the billing account."
  }

  validation {
    condition     = var.budget == null || try(length(var.budget.thresholds) > 0 && alltrue([for share in var.budget.thresholds : share > 0 && share <= 10]), false)
    error_message = "budget.thresholds must be shares such as 0.5 (50 %), at least one, each above 0 and at most 10."
  }

  validation {
    condition     = var.budget == null || try(alltrue([for service in var.budget.services : can(regex("^[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}$", service))]), false)
    error_message = "budget.services must be ids of the billing catalogue, such as 0A1B-2C3D-4E5F."
  }
}
