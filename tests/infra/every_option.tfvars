# Everything optional, all at once: what is planned and applied in test_apply.py besides the defaults.

function_name         = "mint-live-token-two"
labels                = { team = "voice" }
concurrency           = 16
call_deadline_seconds = 20
available_cpu         = "2"
available_memory      = "1Gi"
min_instances         = 1
max_instances         = 20
timeout_seconds       = 90
gemini_api_version    = "v1alpha"
api_key_cache_seconds = 60
cors_allowed_origins  = ["https://app.example.com", "http://localhost:8081"]
secret_name           = "gemini-api-key-two"
kms_key               = "projects/demo-live-tokens/locations/europe-west1/keyRings/ring/cryptoKeys/key"
firestore_database    = "live-tokens-two"
firestore_location    = "eur3"

app_check = {
  mode            = "enforce"
  consume         = true
  allowed_app_ids = ["1:1234567890:android:0a1b2c3d"]
}

identity_platform = {
  email_link         = true
  anonymous          = true
  authorized_domains = ["app.example.com"]
  sign_ups           = false
}

load_balancer = {
  domain              = "live.example.com"
  candidate_domain    = "candidate.live.example.com"
  requests_per_minute = 60
  close_direct        = true
}

additional_regions = {
  us-central1 = {
    serves  = true
    kms_key = "projects/demo-live-tokens/locations/us-central1/keyRings/ring/cryptoKeys/key"
  }
}

alert_emails          = ["oncall@example.com"]
notification_channels = ["projects/demo-live-tokens/notificationChannels/1234567890"]
playbook_url          = "https://example.com/docs/playbooks"

release                = "{\"version\": \"1.2.0\", \"commit\": \"unknown\", \"digest\": \"0a1b\"}"
worst_usd_per_user_day = { default = 5973.93 }

audit_log = { retention_days = 365 }

budget = {
  billing_account = "0A1B2C-3D4E5F-678901"
  amount          = 100
}
