# What the operator chooses about alerts, objectives, the audit log and money. Nothing here is required. No number here
# was measured in production: they are starting points.

variable "alert_emails" {
  description = <<-EOT
    E-mail addresses that are told of alerts and of the budget. Without these and notification_channels, incidents open
    in Cloud Monitoring and nobody is told.
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
    error_message = "alert_emails must not have an address twice."
  }
}

variable "notification_channels" {
  description = "Notification channels that exist, such as projects/P/notificationChannels/1234567890 (chat, pager): told of alerts too."
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
    When alerts open. Each opens above its number; counts are of 10 minutes where nothing else is said.
    failed_share: failed calls as a share of those due a token. 0.05: with retries, most users still get through below.
    failed_requests: that many failed calls are nothing yet, so that one at night, which is 100 %, wakes nobody. It holds
    for the alerts on the error budget too, there within an hour.
    latency_ms: 95th percentile of the time in the function, milliseconds, for issued tokens. 3000: the app can show
    nothing before. latency_calls: with no more calls than this in 10 minutes, one cold start would be the percentile.
    quota_refusals: calls over quota within an hour. 100: five users who ask again in a loop, or many who need more.
    dependency_failures: calls that failed for want of Gemini, of Firestore, or of Firebase, each alert by itself.
    invalid_credentials: refused ID and App Check tokens that no honest app sends.
    unanswered_requests: calls that Cloud Run answered by itself.
    instances_share: of max_instances. spend_usd_per_hour: tokens issued within an hour × worst_case_usd_per_token.
    burn_fast: times the speed at which the error budget just lasts, over one hour and the last 5 minutes; 14.4 spends
    2 % of 30 days in an hour. burn_slow: the same over 6 hours and the last 30 minutes; 6 spends 5 %.
    A rejected key, an unexpected error and a foreign read of the secret have no threshold: one is enough.
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
    error_message = "alert_thresholds: shares must be between 0 and 1, such as 0.05. Nothing ever gets above 1."
  }

  validation {
    condition     = contains(local.latency_bounds, var.alert_thresholds.latency_ms) && var.alert_thresholds.latency_ms < max(local.latency_bounds...)
    error_message = "alert_thresholds.latency_ms must be a bound of the histogram in metrics.tf, such as 2000, 3000 or 5000, and not the last one: a percentile never gets above that."
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
    error_message = "alert_thresholds.burn_fast is more than the error budget can ever burn: with every call failing, that is 1 / (1 - slo.availability). The alert could never open."
  }
}

variable "slo" {
  description = <<-EOT
    Objectives, over the last `days` days.
    availability: share of the calls due a token that get one. 0.99: Gemini's tokens are a preview without a promise.
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
    error_message = "slo.availability and slo.latency must be more than 0 and at most 0.999: Cloud Monitoring takes no higher goal."
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
    destination: "log_bucket", a log bucket of their own in the region; "bigquery", a dataset in the region, a table by
    days; "none". Whatever is chosen, the project's own log bucket has them too, for 30 days unless its owner says
    otherwise.
  EOT
  type = object({
    destination    = optional(string, "log_bucket")
    retention_days = optional(number, 90)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["log_bucket", "bigquery", "none"], var.audit_log.destination)
    error_message = "audit_log.destination must be log_bucket, bigquery or none."
  }

  validation {
    condition     = var.audit_log.retention_days == floor(var.audit_log.retention_days) && var.audit_log.retention_days >= 1 && var.audit_log.retention_days <= 3650
    error_message = "audit_log.retention_days must be a whole number from 1 to 3650."
  }
}

variable "audit_secret_reads" {
  description = <<-EOT
    Whether each read of a secret in this project is written to the audit log, and one of the Gemini key by anybody but
    the function opens an alert. It is the audit configuration of Secret Manager for the whole project: one that the
    project has for this service is replaced, and removed by destroy. Where you have one, or the organisation takes care
    of that, set it to false.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "worst_case_usd_per_token" {
  description = <<-EOT
    What a session on one live token may cost, in US dollars: for the dashboard and the alert on spending.
    4.85 is the profile `default` in docs/threat-model.md: 15 minutes, four turns a minute on a full context, the most that
    a person at an unmodified app brings about. A script could bring it to 67.85. Work yours out from your profiles.
  EOT
  type        = number
  default     = 4.85
  nullable    = false

  validation {
    condition     = var.worst_case_usd_per_token > 0
    error_message = "worst_case_usd_per_token must be more than 0."
  }
}

variable "budget" {
  description = <<-EOT
    A billing budget for this project; null for none. It sends mail, hours late, and does not stop any spending.
    billing_account: such as 0A1B2C-3D4E5F-678901; you need Billing Account Costs Manager on it. amount: whole units a
    month. currency: that of the billing account, such as EUR; null is that. thresholds: shares of the amount that send mail.
    services: ids from the billing catalogue, to count these alone; empty counts the whole project.
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
    error_message = "budget.billing_account must be an id such as 0A1B2C-3D4E5F-678901; `gcloud billing accounts list` tells it."
  }

  validation {
    condition     = var.budget == null || try(var.budget.amount == floor(var.budget.amount) && var.budget.amount >= 1, false)
    error_message = "budget.amount must be a whole number from 1."
  }

  validation {
    condition     = var.budget == null || try(var.budget.currency == null || can(regex("^[A-Z]{3}$", var.budget.currency)), false)
    error_message = "budget.currency must be three capital letters, such as EUR, and the billing account's."
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
