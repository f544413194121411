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

  depends_on = [time_sleep.services, time_sleep.secret_manager_grants]
}

# The only account with access to the key.
resource "google_secret_manager_secret_iam_member" "runtime" {
  secret_id = google_secret_manager_secret.gemini_api_key.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.runtime.member
}

# Secret Manager itself encrypts with the key of kms_key.
resource "google_project_service_identity" "secret_manager" {
  count    = var.kms_key != null ? 1 : 0
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

# Secret Manager refuses a key before its grant takes effect.
resource "time_sleep" "secret_manager_grants" {
  count = var.kms_key != null ? 1 : 0

  create_duration = "60s"
  triggers        = { key = one(google_kms_crypto_key_iam_member.secret_manager[*].crypto_key_id) }
}
