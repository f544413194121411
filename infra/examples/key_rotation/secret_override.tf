# Terraform merges this with infra/secret.tf.
resource "google_secret_manager_secret" "gemini_api_key" {
  topics {
    name = time_sleep.rotation.triggers.topic
  }

  rotation {
    rotation_period    = "7776000s"             # 90 days
    next_rotation_time = "2027-01-01T09:00:00Z" # the first, in the future
  }

  lifecycle {
    ignore_changes = [rotation[0].next_rotation_time] # Secret Manager sets the next time after each reminder
  }
}
