# When alerts open, what the objectives are, and when a budget sends mail. The numbers are starting points: none was measured
# in production. What depends on your users is a setting: alert_thresholds, slo, budget. The others are here;
# examples/thresholds changes them without an edit of this file.
#
# An alert opens above its number. Counts are for 10 minutes unless stated otherwise. A rejected key, an internal error and a
# read of the secret by another account have no threshold: one opens the alert.

locals {
  # Failed calls as a share of the eligible calls (issued + failed). Below it, most users succeed with a retry.
  failed_share = 0.05

  # Minimum of issued tokens for the alert on slow ones; below it, one cold start would be the percentile.
  latency_calls = 20

  # Calls that failed because Gemini, Firestore or Firebase was unavailable, for each alert.
  dependency_failures = 5

  # Calls that Cloud Run itself answered.
  unanswered_requests = 5

  # Share of max_instances. With all of them busy, calls wait or are refused.
  instances_share = 0.9

  # Multiples of the rate at which the error budget just lasts. burn_fast is over one hour and the last 5 minutes: 14.4 spends
  # 2 % of 30 days in an hour. burn_slow is over 6 hours and the last 30 minutes: 6 spends 5 %.
  # https://sre.google/workbook/alerting-on-slos/
  burn_fast = 14.4
  burn_slow = 6

  # The objective for latency: a share of the issued tokens takes at most so many milliseconds in the function. The app shows
  # nothing before.
  latency_goal    = 0.95
  latency_goal_ms = 2000

  # Of both objectives. Four whole weeks have as many Sundays as Mondays.
  objective_days = 28

  # Shares of the budget's amount that send mail.
  budget_shares = [0.5, 0.9, 1]

  # Ids of the billing catalogue that the budget counts, such as 0A1B-2C3D-4E5F. Empty: the whole project.
  budget_services = []
}

# The settings, with their defaults.
locals {
  threshold_defaults = {
    failed_requests     = 5
    latency_ms          = 3000
    quota_refusals      = 100
    invalid_credentials = 300
    spend_usd_per_hour  = 250
  }
  threshold = { for name, default in local.threshold_defaults : name => coalesce(lookup(var.alert_thresholds, name, null), default) }

  availability_default = 0.99
  availability_goal    = coalesce(lookup(var.slo, "availability", null), local.availability_default)
}
