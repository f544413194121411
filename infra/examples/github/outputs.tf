output "workload_identity_provider" {
  description = "For the GitHub variable WORKLOAD_IDENTITY_PROVIDER, and for `provider` in DEPLOYMENTS."
  value       = google_iam_workload_identity_pool_provider.github.name
}

output "accounts" {
  description = "E-mail address of the account of each task."
  value       = { for task, account in local.accounts : task => account.email }
}
