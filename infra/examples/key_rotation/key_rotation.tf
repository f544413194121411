# Reminders to rotate the key, as messages to a Pub/Sub topic. A person or a subscriber must create the new key.
#
# Copy both files of this folder into infra/, change the two numbers in secret_override.tf, and commit them (git add
# --force: git ignores override files).

resource "google_project_service" "pubsub" {
  service            = "pubsub.googleapis.com"
  disable_on_destroy = false
}

resource "google_project_service_identity" "rotation" {
  provider = google-beta

  service = "secretmanager.googleapis.com"

  depends_on = [time_sleep.services]
}

resource "google_pubsub_topic" "rotation" {
  # checkov:skip=CKV_GCP_83:Google's own key: a reminder holds the name of the secret, not the key
  name = "${var.secret_name}-rotation"

  depends_on = [google_project_service.pubsub]
}

resource "google_pubsub_topic_iam_member" "rotation" {
  topic  = google_pubsub_topic.rotation.name
  role   = "roles/pubsub.publisher"
  member = google_project_service_identity.rotation.member
}

# Secret Manager refuses a topic before its grant takes effect.
resource "time_sleep" "rotation" {
  create_duration = "60s"
  triggers        = { topic = google_pubsub_topic.rotation.id, grant = google_pubsub_topic_iam_member.rotation.etag }
}
