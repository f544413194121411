# Addresses that changed between versions: docs/upgrading.md. A block stays until no deployment can come from before it.

# 0.2.0: the alert was named after its playbook, gemini-limits.
moved {
  from = google_monitoring_alert_policy.playbook["gemini-limits"]
  to   = google_monitoring_alert_policy.playbook["gemini-unavailable"]
}
