# What the provider would compute and other resources take apart: ids and numbers in their real form.

mock_data "google_project" {
  defaults = {
    number = "123456789012"
  }
}

mock_resource "google_secret_manager_secret" {
  defaults = {
    id   = "projects/demo-live-tokens/secrets/gemini-api-key"
    name = "projects/123456789012/secrets/gemini-api-key"
  }
}

mock_resource "google_cloudfunctions2_function" {
  defaults = {
    id  = "projects/demo-live-tokens/locations/europe-west1/functions/mint-live-token"
    url = "https://europe-west1-demo-live-tokens.cloudfunctions.net/mint-live-token"
  }
}

mock_resource "google_pubsub_topic" {
  defaults = {
    id = "projects/demo-live-tokens/topics/gemini-api-key-rotation"
  }
}

mock_resource "google_artifact_registry_repository" {
  defaults = {
    id   = "projects/demo-live-tokens/locations/europe-west1/repositories/live-tokens"
    name = "live-tokens"
  }
}

mock_resource "google_monitoring_uptime_check_config" {
  defaults = {
    uptime_check_id = "europe-west1-demo-live-tokens-cloudfunctions-net-a1b2c3"
  }
}
