# The secret for the Gemini API key, and who may read it. The key itself is in no state, plan or file.

resource "google_secret_manager_secret" "gemini_api_key" {
  secret_id           = var.secret_name
  deletion_protection = var.deletion_protection
  version_destroy_ttl = "604800s" # a version destroyed by mistake can be restored for a week

  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = var.kms_key == null ? [] : [var.kms_key]

          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }

  dynamic "topics" {
    for_each = google_pubsub_topic.key_rotation

    content {
      name = topics.value.id
    }
  }

  dynamic "rotation" {
    for_each = var.key_rotation == null ? [] : [var.key_rotation]

    content {
      next_rotation_time = rotation.value.first_time
      rotation_period    = "${rotation.value.period_days * 86400}s"
    }
  }

  lifecycle {
    # Secret Manager sets the next time after each reminder.
    ignore_changes = [rotation[0].next_rotation_time]
  }

  depends_on = [time_sleep.services, time_sleep.secret_manager_grants]
}

# The only account with access to the key.
resource "google_secret_manager_secret_iam_member" "runtime" {
  secret_id = google_secret_manager_secret.gemini_api_key.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.runtime.member
}

# Optional: the key through Terraform. An ephemeral variable and a write-only argument are sent and not stored. Without a
# new version number the key is not sent, so later plans need no key. A new number without a key stores the placeholder
# text: the function refuses it because of its spaces, before a call to Gemini.
resource "google_secret_manager_secret_version" "gemini_api_key" {
  count = var.gemini_api_key_version == null ? 0 : 1

  secret                 = google_secret_manager_secret.gemini_api_key.id
  secret_data_wo         = coalesce(var.gemini_api_key, "no key was given to Terraform")
  secret_data_wo_version = var.gemini_api_key_version
  deletion_policy        = "DISABLE" # the previous version stays, disabled, for a rollback

  lifecycle {
    create_before_destroy = true # a rotation without a gap
  }
}

# Secret Manager itself encrypts with the key of kms_key, and sends the reminders of key_rotation.
resource "google_project_service_identity" "secret_manager" {
  count    = var.kms_key != null || var.key_rotation != null ? 1 : 0
  provider = google-beta

  service = "secretmanager.googleapis.com"

  depends_on = [time_sleep.services]
}

resource "google_kms_crypto_key_iam_member" "secret_manager" {
  count = var.kms_key != null ? 1 : 0

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = google_project_service_identity.secret_manager[0].member
}

# A reminder only: a person or a subscriber of this topic must create the new key.
resource "google_pubsub_topic" "key_rotation" {
  # checkov:skip=CKV_GCP_83:Google's own key: a reminder holds the name of the secret, not the key
  count = var.key_rotation != null ? 1 : 0

  name = "${var.secret_name}-rotation"

  depends_on = [time_sleep.services]
}

resource "google_pubsub_topic_iam_member" "secret_manager" {
  count = var.key_rotation != null ? 1 : 0

  topic  = google_pubsub_topic.key_rotation[0].name
  role   = "roles/pubsub.publisher"
  member = google_project_service_identity.secret_manager[0].member
}

# Secret Manager refuses a key or topic before its grant takes effect.
resource "time_sleep" "secret_manager_grants" {
  count = var.kms_key != null || var.key_rotation != null ? 1 : 0

  create_duration = "60s"
  triggers = {
    key   = one(google_kms_crypto_key_iam_member.secret_manager[*].crypto_key_id)
    topic = one(google_pubsub_topic_iam_member.secret_manager[*].topic)
  }
}
