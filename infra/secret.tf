# The secret for the Gemini API key, and who may read it. The key itself is in no state, plan or file.

locals {
  # Region → the key that encrypts the replica there, or null.
  replicas = merge({ (var.region) = var.kms_key }, { for region, chosen in var.additional_regions : region => chosen.kms_key })
}

resource "google_secret_manager_secret" "gemini_api_key" {
  secret_id           = var.secret_name
  deletion_protection = var.deletion_protection
  version_destroy_ttl = "604800s" # a version destroyed by mistake can be restored for a week

  replication {
    user_managed {
      dynamic "replicas" {
        for_each = local.replicas

        content {
          location = replicas.key

          dynamic "customer_managed_encryption" {
            for_each = replicas.value[*]

            content {
              kms_key_name = customer_managed_encryption.value
            }
          }
        }
      }
    }
  }

  lifecycle {
    # Secret Manager changes no replica of an existing secret, so the provider would replace it, and lose the key.
    # https://docs.cloud.google.com/secret-manager/docs/choosing-replication
    ignore_changes = [replication]
  }

  depends_on = [time_sleep.services, time_sleep.secret_manager_grants]
}

check "replicas" {
  assert {
    condition = jsonencode(local.replicas) == jsonencode({
      for replica in flatten(google_secret_manager_secret.gemini_api_key.replication[0].user_managed[*].replicas) :
      replica.location => one(replica.customer_managed_encryption[*].kms_key_name)
    })
    error_message = "The secret ${var.secret_name} exists with other replicas, or with another kms_key, than the settings say, and Secret Manager cannot change that. The function works. If the region of the secret is lost, no region can read the key. infra/README.md, \"Several regions\", says how to change it."
  }
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

resource "google_kms_crypto_key_iam_member" "secret_manager_elsewhere" {
  for_each = { for region, chosen in var.additional_regions : region => chosen.kms_key if chosen.kms_key != null }

  crypto_key_id = each.value
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = google_project_service_identity.secret_manager[0].member
}

# Secret Manager refuses a key before its grant takes effect.
resource "time_sleep" "secret_manager_grants" {
  count = var.kms_key != null ? 1 : 0

  create_duration = "60s"
  triggers = merge(
    { key = one(google_kms_crypto_key_iam_member.secret_manager[*].crypto_key_id) },
    { for region, grant in google_kms_crypto_key_iam_member.secret_manager_elsewhere : region => grant.crypto_key_id },
  )
}
