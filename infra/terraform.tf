terraform {
  required_version = ">= 1.11" # write-only arguments keep the key out of the state

  required_providers {
    archive     = { source = "hashicorp/archive", version = "~> 2.7" }
    google      = { source = "hashicorp/google", version = "~> 8.0" }
    google-beta = { source = "hashicorp/google-beta", version = "~> 8.0" }
    time        = { source = "hashicorp/time", version = "~> 0.13" }
  }
}
