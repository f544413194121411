# The Gemini API key through Terraform, if the machine that applies has it: a root module of its own, with its own state.
# An ephemeral variable and a write-only argument are sent and not stored.
#
#   read -rs TF_VAR_gemini_api_key && export TF_VAR_gemini_api_key
#   terraform -chdir=infra/examples/key_through_terraform apply -var=project_id="$PROJECT_ID" -var=key_version=1
#
# Keep the number in a file for later plans, which need no key. The next number stores the next key.
terraform {
  required_version = ">= 1.11" # write-only arguments keep the key out of the state

  required_providers {
    google = { source = "hashicorp/google", version = "~> 8.0" }
  }
}

provider "google" {
  project = var.project_id
}

variable "project_id" {
  description = "Id of the project."
  type        = string
  nullable    = false
}

variable "secret_name" {
  description = "Name of the secret that infra/ has made."
  type        = string
  default     = "gemini-api-key"
  nullable    = false
}

variable "key_version" {
  description = "A whole number. A new number stores gemini_api_key as a new version of the secret; keep the number afterwards."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]{0,8}$", var.key_version))
    error_message = "key_version must be a whole number from 1."
  }
}

variable "gemini_api_key" {
  description = "The key, for one apply with a new key_version. Set it as TF_VAR_gemini_api_key, never with -var (process list) or in a file."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true

  validation {
    condition     = var.gemini_api_key == null || can(regex("^[!-~]{20,512}$", var.gemini_api_key))
    error_message = "gemini_api_key must be 20 to 512 printable characters without white space. Check for a copied line end or quote."
  }
}

# Without a new number the key is not sent. A new number without a key stores the placeholder text: the function refuses
# it because of its spaces, before a call to Gemini.
resource "google_secret_manager_secret_version" "gemini_api_key" {
  secret                 = "projects/${var.project_id}/secrets/${var.secret_name}"
  secret_data_wo         = coalesce(var.gemini_api_key, "no key was given to Terraform")
  secret_data_wo_version = var.key_version
  deletion_policy        = "DISABLE" # the previous version stays, disabled, for a rollback

  lifecycle {
    create_before_destroy = true # a rotation without a gap
  }
}
