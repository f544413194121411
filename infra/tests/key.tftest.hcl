# The key's way through Terraform, where it is asked for: sent, and forgotten. Applied, because only then there is a state
# to look into. tests/infra/test_key_stays_out.py looks for its bytes in everything that Terraform leaves behind.

mock_provider "google" {
  source = "./tests/mocks"
}

mock_provider "google-beta" {}
mock_provider "time" {}

variables {
  project_id = "demo-live-tokens"
  region     = "europe-west1"
}

run "a_key_that_comes_through_terraform_is_not_kept" {
  command = apply

  variables {
    gemini_api_key         = "obviously-not-a-real-key"
    gemini_api_key_version = "1"
  }

  assert {
    condition     = google_secret_manager_secret_version.gemini_api_key[0].secret_data_wo == null && google_secret_manager_secret_version.gemini_api_key[0].secret_data == null
    error_message = "The key must not be in the state."
  }

  assert {
    condition     = google_secret_manager_secret_version.gemini_api_key[0].deletion_policy == "DISABLE"
    error_message = "A new version must keep the old one for a rollback."
  }
}
