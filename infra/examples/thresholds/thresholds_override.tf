# Other numbers than those of infra/thresholds.tf, which says what each is. Terraform merges this with it, name by name.
#
# Copy this file into infra/, keep the lines that you need with numbers of your own, and commit it (git add --force: git
# ignores override files). It is for every project of the checkout.
locals {
  failed_share        = 0.1
  latency_calls       = 50
  dependency_failures = 20
  unanswered_requests = 10
  instances_share     = 0.75
  burn_fast           = 10
  burn_slow           = 3

  latency_goal    = 0.9
  latency_goal_ms = 3000
  objective_days  = 30

  budget_shares   = [0.25, 0.5, 0.75, 1]
  budget_services = ["0A1B-2C3D-4E5F"]
}
