# Who hears of an alert. Without either variable, incidents open in Cloud Monitoring and nobody is told.

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.alert_emails)

  display_name = "Live tokens: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
  force_delete = false # an alert made by hand may use it too

  lifecycle {
    create_before_destroy = true # and so: destroyed after the alerts have let go of it, or Cloud Monitoring refuses
  }

  depends_on = [time_sleep.services]
}

locals {
  channels = concat(
    [for email in var.alert_emails : google_monitoring_notification_channel.email[email].name],
    var.notification_channels,
  )
}
