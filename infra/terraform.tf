# There is no backend block: plain `terraform init` keeps the state here. `backend.tf.example` says how to keep it in a
# bucket, which `make deploy` does by itself.
terraform {
  required_version = ">= 1.11" # write-only arguments: the key never gets into the state

  required_providers {
    archive     = { source = "hashicorp/archive", version = "~> 2.7" }
    google      = { source = "hashicorp/google", version = "~> 8.0" }
    google-beta = { source = "hashicorp/google-beta", version = "~> 8.0" }
    time        = { source = "hashicorp/time", version = "~> 0.13" }
  }
}
