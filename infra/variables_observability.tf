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
    Thresholds that depend on your users. An alert opens above its number.
    failed_requests (5): minimum of failed calls in 10 minutes, so that a single failure at night, which is 100 %, opens no
    alert. It also applies to the alerts on the error budget: in an hour for the fast one, in six hours for the slow one.
    latency_ms (3000): 95th percentile of the time in the function for issued tokens, in milliseconds. It grows with the way
    to the database, which is far for another region.
    quota_refusals (100): calls over quota in an hour; five users who ask in a loop, or many users who need more.
    invalid_credentials (300): in 10 minutes, refused ID tokens and App Check tokens that no honest app sends.
    spend_usd_per_hour (250): minutes granted in an hour × worst_case_usd_per_minute.
    The other thresholds are in thresholds.tf.
  EOT
  type        = map(number) # not an object, of which Terraform drops what it does not know without a word
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.alert_thresholds), keys(local.threshold_defaults))) == 0
    error_message = "alert_thresholds has ${join(", ", keys(local.threshold_defaults))}, and not ${join(", ", setsubtract(keys(var.alert_thresholds), keys(local.threshold_defaults)))}. Other thresholds are in infra/thresholds.tf, and infra/examples/thresholds changes them: docs/upgrading.md."
  }

  validation {
    condition = alltrue([
      for name, count in var.alert_thresholds : count == floor(count) && count >= 0
      if contains(["failed_requests", "quota_refusals", "invalid_credentials"], name) && count != null
    ])
    error_message = "alert_thresholds: counts must be whole numbers from 0."
  }

  validation {
    condition = alltrue([
      for name, limit in var.alert_thresholds : contains(local.latency_bounds, limit) && limit < max(local.latency_bounds...)
      if name == "latency_ms" && limit != null
    ])
    error_message = "alert_thresholds.latency_ms must be a bound of the histogram in metrics.tf, such as 2000, 3000 or 5000, except the last one: a percentile never exceeds that."
  }

  validation {
    condition     = alltrue([for name, usd in var.alert_thresholds : usd > 0 if name == "spend_usd_per_hour" && usd != null])
    error_message = "alert_thresholds.spend_usd_per_hour must be more than 0."
  }
}

variable "slo" {
  description = <<-EOT
    availability (0.99): the share of the eligible calls (issued + failed) that get a token, over 28 days. Gemini's tokens are
    a preview without a guarantee. The objective for latency is in thresholds.tf.
  EOT
  type        = map(number) # not an object, of which Terraform drops what it does not know without a word
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.slo), ["availability"])) == 0
    error_message = "slo has availability, and not ${join(", ", setsubtract(keys(var.slo), ["availability"]))}. The objective for latency and the days are in infra/thresholds.tf, and infra/examples/thresholds changes them: docs/upgrading.md."
  }

  validation {
    condition     = alltrue([for name, goal in var.slo : goal > 0 && goal <= 0.999 if name == "availability" && goal != null])
    error_message = "slo.availability must be more than 0 and at most 0.999, the highest goal of Cloud Monitoring."
  }

  validation {
    condition     = (1 - coalesce(lookup(var.slo, "availability", null), local.availability_default)) * local.burn_fast < 1
    error_message = "slo.availability must be more than ${format("%.3f", 1 - 1 / local.burn_fast)}: below it, the error budget never burns at burn_fast of thresholds.tf, even if every call fails, and its alert can never open."
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
    yours: the column minute of your most expensive profile, for an honest app. 0.326 is that of the profile `default`:
    four turns a minute on a full context. A script could reach the minute of a modified app.
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
    month, in the currency of the billing account. It counts the whole project and sends mail at 50, 90 and 100 %:
    thresholds.tf.
  EOT
  type        = any # not an object, of which Terraform drops what it does not know without a word
  default     = null

  validation {
    condition     = var.budget == null || try(length(setsubtract(keys(var.budget), ["billing_account", "amount"])) == 0, false)
    error_message = "budget is null, or has billing_account and amount. Its currency is that of the billing account. thresholds and services are in infra/thresholds.tf, and infra/examples/thresholds changes them: docs/upgrading.md."
  }

  validation {
    condition     = var.budget == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.budget.billing_account))
    error_message = "budget.billing_account must be an id such as 0A1B2C-3D4E5F-678901; `gcloud billing accounts list` shows it."
  }

  validation {
    condition     = var.budget == null || try(var.budget.amount == floor(var.budget.amount) && var.budget.amount >= 1, false)
    error_message = "budget.amount must be a whole number from 1."
  }
}
