# What the account for plans may read. roles/viewer would also show users, quotas and audit events to everybody who can push
# a branch, and lacks the rules of the database. So this is a role of its own.
#
# The names are in roles of Google's as of 2026-08-22 (https://github.com/iann0036/iam-dataset), and `datastore.schemas`
# was `datastore.indexes` before (https://firebase.google.com/docs/firestore/security/iam). Whether they are all that each
# read needs was not tried at Google: a plan names what is missing.

locals {
  # type of resource → permissions that reading it needs. A test compares the types with infra/.
  reads = {
    google_artifact_registry_repository                   = ["artifactregistry.repositories.get"]
    google_artifact_registry_repository_iam_member        = ["artifactregistry.repositories.getIamPolicy"]
    google_bigquery_dataset                               = ["bigquery.datasets.get"]
    google_bigquery_dataset_iam_member                    = ["bigquery.datasets.getIamPolicy"]
    google_billing_budget                                 = [] # of the billing account: grant Billing Account Viewer there
    google_cloud_run_v2_service_iam_member                = ["run.services.getIamPolicy"]
    google_cloudfunctions2_function                       = ["cloudfunctions.functions.get"]
    google_cloudfunctions2_function_iam_member            = ["cloudfunctions.functions.getIamPolicy"]
    google_compute_backend_service                        = ["compute.backendServices.get"]
    google_compute_global_address                         = ["compute.globalAddresses.get"]
    google_compute_global_forwarding_rule                 = ["compute.globalForwardingRules.get"]
    google_compute_managed_ssl_certificate                = ["compute.sslCertificates.get"]
    google_compute_region_network_endpoint_group          = ["compute.regionNetworkEndpointGroups.get"]
    google_compute_security_policy                        = ["compute.securityPolicies.get"]
    google_compute_ssl_policy                             = ["compute.sslPolicies.get"]
    google_compute_target_https_proxy                     = ["compute.targetHttpsProxies.get"]
    google_compute_url_map                                = ["compute.urlMaps.get"]
    google_firebase_android_app                           = ["firebase.clients.get"]
    google_firebase_app_check_app_attest_config           = ["firebaseappcheck.appAttestConfig.get"]
    google_firebase_app_check_play_integrity_config       = ["firebaseappcheck.playIntegrityConfig.get"]
    google_firebase_app_check_recaptcha_enterprise_config = ["firebaseappcheck.recaptchaEnterpriseConfig.get"]
    google_firebase_apple_app                             = ["firebase.clients.get"]
    google_firebase_project                               = ["firebase.projects.get"]
    google_firebase_web_app                               = ["firebase.clients.get"]
    google_firebaserules_release                          = ["firebaserules.releases.get"]
    google_firebaserules_ruleset                          = ["firebaserules.rulesets.get"]
    google_firestore_backup_schedule                      = ["datastore.backupSchedules.get"]
    google_firestore_database                             = ["datastore.databases.getMetadata"]
    google_firestore_field                                = ["datastore.schemas.get"]
    google_identity_platform_config                       = ["firebaseauth.configs.get"]
    google_kms_crypto_key_iam_member                      = [] # the key may be in another project: grant cloudkms.cryptoKeys.getIamPolicy there
    google_logging_metric                                 = ["logging.logMetrics.get"]
    google_logging_project_bucket_config                  = ["logging.buckets.get"]
    google_logging_project_sink                           = ["logging.sinks.get"]
    google_monitoring_alert_policy                        = ["monitoring.alertPolicies.get"]
    google_monitoring_custom_service                      = ["monitoring.services.get"]
    google_monitoring_dashboard                           = ["monitoring.dashboards.get"]
    google_monitoring_notification_channel                = ["monitoring.notificationChannels.get"]
    google_monitoring_slo                                 = ["monitoring.slos.get"]
    google_monitoring_uptime_check_config                 = ["monitoring.uptimeCheckConfigs.get"]
    google_project                                        = ["resourcemanager.projects.get"]
    google_project_iam_audit_config                       = ["resourcemanager.projects.getIamPolicy"]
    google_project_iam_member                             = ["resourcemanager.projects.getIamPolicy"]
    google_project_service                                = ["serviceusage.services.get", "serviceusage.services.list"]
    google_project_service_identity                       = []
    google_pubsub_topic                                   = ["pubsub.topics.get"]
    google_pubsub_topic_iam_member                        = ["pubsub.topics.getIamPolicy"]
    google_secret_manager_secret                          = ["secretmanager.secrets.get"]
    google_secret_manager_secret_iam_member               = ["secretmanager.secrets.getIamPolicy"]
    google_secret_manager_secret_version                  = ["secretmanager.versions.get"] # its state, and not the key
    google_service_account                                = ["iam.serviceAccounts.get"]
    google_service_account_iam_member                     = ["iam.serviceAccounts.getIamPolicy"]
    google_storage_bucket                                 = ["storage.buckets.get"]
    google_storage_bucket_iam_member                      = ["storage.buckets.getIamPolicy"]
    google_storage_bucket_object                          = [] # in the source bucket alone, below
  }
}

resource "google_project_iam_custom_role" "plan" {
  role_id     = "liveTokensPlan"
  title       = "Live tokens: plans"
  description = "Reads what Terraform manages: settings and policies, no user data, no log, no key."
  permissions = distinct(concat(["serviceusage.services.use"], flatten(values(local.reads))))
}

resource "google_project_iam_member" "plan" {
  project = var.project_id
  role    = google_project_iam_custom_role.plan.id
  member  = google_service_account.plan.member
}

# The state says everything about the deployment but the key. The source is what is deployed.
resource "google_storage_bucket_iam_member" "plan" {
  for_each = toset(["state", "source"])

  bucket = "${var.project_id}-live-tokens-${each.key}"
  role   = "roles/storage.objectViewer"
  member = google_service_account.plan.member
}
