# Every validation in variables_observability.tf: what an API would refuse late, and what would make an alert that can never
# open. Each run makes one mistake in each of several variables, and passes only if all of them are refused, and no other.

mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

mock_provider "google-beta" {}
mock_provider "time" {}

variables {
  project_id = "demo-live-tokens"
  region     = "europe-west1"
}

run "values_at_the_edge_are_not_refused" {
  command = plan

  variables {
    alert_emails = ["on-call+live@team.example.co.uk"]
    alert_thresholds = {
      failed_requests = 0, quota_refusals = 0, invalid_credentials = 0, latency_ms = 30000, spend_usd_per_hour = 0.01
    }
    slo                       = { availability = 0.999 }
    audit_log                 = { retention_days = 3650 }
    worst_case_usd_per_minute = 0.01
    budget                    = { billing_account = "0A1B2C-3D4E5F-678901", amount = 1 }
  }

  assert {
    condition     = google_monitoring_slo.availability.goal == 0.999
    error_message = "The values must be planned with."
  }
}

run "addresses_with_names_channels_by_number_and_links_without_https_are_refused" {
  command = plan

  variables {
    alert_emails              = ["On Call <oncall@example.com>"]
    notification_channels     = ["1234567890"]
    playbook_url              = "http://example.com/docs/playbooks"
    slo                       = { availability = 1 }
    audit_log                 = { destination = "pubsub" }
    worst_case_usd_per_minute = 0
    budget                    = { billing_account = "billingAccounts/0A1B2C-3D4E5F-678901", amount = 1 }
  }

  expect_failures = [
    var.alert_emails, var.notification_channels, var.playbook_url, var.slo, var.audit_log, var.worst_case_usd_per_minute,
    var.budget,
  ]
}

run "the_same_address_twice_and_a_link_with_a_section_are_refused" {
  command = plan

  variables {
    alert_emails = ["a@example.com", "a@example.com"]
    playbook_url = "https://example.com/docs/playbooks#top"
    slo          = { availability = 0 }
    audit_log    = { retention_days = 0 }
    budget       = { billing_account = "0A1B2C-3D4E5F-678901", amount = 0.5 }
  }

  expect_failures = [var.alert_emails, var.playbook_url, var.slo, var.audit_log, var.budget]
}

run "an_objective_that_is_no_setting_and_a_link_to_one_file_are_refused" {
  command = plan

  variables {
    playbook_url = "https://example.com/docs/operations.md"
    slo          = { latency_ms = 1000 }
    audit_log    = { retention_days = 3651 }
    budget       = { billing_account = "0A1B2C-3D4E5F-678901", amount = 1, currency = "eur" }
  }

  expect_failures = [var.playbook_url, var.slo, var.audit_log, var.budget]
}

run "days_of_an_objective_and_fractional_days_are_refused" {
  command = plan

  variables {
    slo       = { days = 28 }
    audit_log = { retention_days = 1.5 }
    budget    = { billing_account = "0A1B2C-3D4E5F-678901", amount = 1, thresholds = [] }
  }

  expect_failures = [var.slo, var.audit_log, var.budget]
}

run "a_latency_between_two_bounds_is_refused" {
  command = plan

  variables {
    alert_thresholds = { latency_ms = 1234 }
  }

  expect_failures = [var.alert_thresholds]
}

run "a_percentile_above_the_last_bound_is_refused" {
  command = plan

  variables {
    alert_thresholds = { latency_ms = 60000 }
    budget           = { billing_account = "0A1B2C-3D4E5F-678901", amount = 1, services = ["0A1B-2C3D-4E5F"] }
  }

  expect_failures = [var.alert_thresholds, var.budget]
}

run "fractional_call_counts_are_refused" {
  command = plan

  variables {
    alert_thresholds = { failed_requests = 2.5 }
    budget           = { billing_account = "0A1B2C-3D4E5F-678901" }
  }

  expect_failures = [var.alert_thresholds, var.budget]
}

run "a_negative_count_and_no_object_are_refused" {
  command = plan

  variables {
    alert_thresholds = { quota_refusals = -1 }
    budget           = "0A1B2C-3D4E5F-678901"
  }

  expect_failures = [var.alert_thresholds, var.budget]
}

run "zero_spend_is_refused" {
  command = plan

  variables {
    alert_thresholds = { spend_usd_per_hour = 0 }
  }

  expect_failures = [var.alert_thresholds]
}

run "a_threshold_that_is_no_setting_is_refused" {
  command = plan

  variables {
    alert_thresholds = { failed_share = 0.1 }
  }

  expect_failures = [var.alert_thresholds]
}

run "an_objective_below_which_the_fast_alert_cannot_open_is_refused" {
  command = plan

  variables {
    slo = { availability = 0.9 }
  }

  expect_failures = [var.slo]
}
