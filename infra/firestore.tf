# A separate database for quotas and stop switches: `(default)` belongs to the app.

resource "google_firestore_database" "live_tokens" {
  name        = var.firestore_database
  location_id = coalesce(var.firestore_location, var.region)
  type        = "FIRESTORE_NATIVE"

  # A copy of yesterday is enough: see the backups below.
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_DISABLED"
  delete_protection_state           = var.deletion_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.deletion_protection ? "PREVENT" : "DELETE"

  depends_on = [time_sleep.services]
}

# A copy a day, for a week: whom operators have blocked, minutes of the month, open sessions. A restored quota of an hour or
# a day is refilled by then; one of a month is that of the day of the copy.
# https://cloud.google.com/firestore/docs/backups
resource "google_firestore_backup_schedule" "daily" {
  database  = google_firestore_database.live_tokens.name
  retention = "604800s"

  daily_recurrence {}
}

# Firestore deletes a quota document within about a day after `expire_at`; the code compares the time itself. The index
# is off because every write would hit its hot end, and no query uses it. Stop switches do not expire: operators want to
# see past ones.
resource "google_firestore_field" "quota_expiry" {
  database   = google_firestore_database.live_tokens.name
  collection = "live_token_quotas" # QUOTAS in functions/live_tokens/firestore_quota.py
  field      = "expire_at"

  ttl_config {}
  index_config {}
}

# No app and no browser can read or write here, signed in or not. Servers need an IAM role instead.
resource "google_firebaserules_ruleset" "no_clients" {
  source {
    files {
      name    = "firestore.rules"
      content = <<-RULES
        rules_version = '2';
        service cloud.firestore {
          match /databases/{database}/documents {
            match /{document=**} {
              allow read, write: if false;
            }
          }
        }
      RULES
    }
  }

  depends_on = [google_firestore_database.live_tokens]
}

resource "google_firebaserules_release" "no_clients" {
  name         = "cloud.firestore/${google_firestore_database.live_tokens.name}"
  ruleset_name = "projects/${var.project_id}/rulesets/${google_firebaserules_ruleset.no_clients.name}"
}
