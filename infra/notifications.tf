# Who gets alerts. Without either variable, incidents open in Cloud Monitoring and no person is notified.

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.alert_emails)

  display_name = "Live tokens: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
  force_delete = false # a manual alert may use it too

  lifecycle {
    create_before_destroy = true # destroyed after the alerts stop using it; Cloud Monitoring refuses otherwise
  }

  depends_on = [time_sleep.services]
}

locals {
  channels = concat(
    [for email in var.alert_emails : google_monitoring_notification_channel.email[email].name],
    var.notification_channels,
  )
}
