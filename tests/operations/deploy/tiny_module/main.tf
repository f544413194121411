# As much of the real root module as the program knows of: its variables, its outputs, something protected, and
# something that takes its time or fails.
terraform {
  required_version = ">= 1.11"

  required_providers {
    google = { source = "hashicorp/google", version = "~> 8.0" }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region
}

variable "project_id" {
  type = string
}

variable "region" {
  type = string
}

variable "additional_regions" {
  type    = map(object({}))
  default = {}
}

variable "load_balancer" {
  type    = object({ domain = string, close_direct = optional(bool, false) })
  default = null
}

variable "deletion_protection" {
  type    = bool
  default = true
}

variable "function_name" {
  type    = string
  default = "mint-live-token"
}

variable "secret_name" {
  type    = string
  default = "gemini-api-key"
}

variable "worst_usd_per_user_day" {
  type    = map(number)
  default = {}
}

variable "release" {
  type    = string
  default = ""
}

variable "public" {
  type    = string
  default = true
}

variable "labels" {
  type    = map(string)
  default = {}
}

variable "identity_platform" {
  type    = any
  default = null
}

variable "alert_emails" {
  type    = list(string)
  default = []
}

variable "command" {
  type    = string
  default = "true"
}

resource "google_secret_manager_secret" "gemini_api_key" {
  secret_id           = var.secret_name
  labels              = var.labels
  deletion_protection = var.deletion_protection

  replication {
    auto {}
  }
}

resource "terraform_data" "function" {
  triggers_replace = [var.function_name]

  input = "https://${var.region}-${var.project_id}.cloudfunctions.net/${var.function_name}"

  provisioner "local-exec" {
    command = var.command
  }

  depends_on = [google_secret_manager_secret.gemini_api_key]
}

locals {
  closed = try(var.load_balancer.close_direct, false)
}

output "project_id" {
  value = var.project_id
}

output "function_url" {
  value = terraform_data.function.output
}

output "app_url" {
  value = local.closed ? "https://${var.load_balancer.domain}/" : terraform_data.function.output
}

output "direct_urls" {
  value = local.closed ? {} : {
    for region in concat([var.region], keys(var.additional_regions)) :
    region => "https://${region}-${var.project_id}.cloudfunctions.net/${var.function_name}"
  }
}

output "function_name" {
  value = var.function_name
}

output "worst_usd_per_user_day" {
  value = var.worst_usd_per_user_day
}

output "alert_recipients" {
  value = length(var.alert_emails)
}

output "public" {
  value = var.public
}

output "region" {
  value = var.region
}

output "regions" {
  value = concat([var.region], keys(var.additional_regions))
}

output "secret_name" {
  value = google_secret_manager_secret.gemini_api_key.name
}
