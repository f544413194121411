# What moved to infra/examples in 0.2.0: Terraform forgets it here and deletes nothing. Without these blocks, the first plan
# after the upgrade would disable the key's version, and delete the App Check providers of the apps and the dataset with the
# audit events. The topic of `key_rotation` has none: it goes, with its reminders, because forgetting it makes a cycle of the
# plan.

removed {
  from = google_firebase_project.this

  lifecycle {
    destroy = false
  }
}

removed {
  from = google_firebase_web_app.app

  lifecycle {
    destroy = false
  }
}

removed {
  from = google_firebase_android_app.app

  lifecycle {
    destroy = false
  }
}

removed {
  from = google_firebase_apple_app.app

  lifecycle {
    destroy = false
  }
}

removed {
  from = google_firebase_app_check_recaptcha_enterprise_config.web

  lifecycle {
    destroy = false
  }
}

removed {
  from = google_firebase_app_check_play_integrity_config.android

  lifecycle {
    destroy = false
  }
}

removed {
  from = google_firebase_app_check_app_attest_config.apple

  lifecycle {
    destroy = false
  }
}

removed {
  from = google_secret_manager_secret_version.gemini_api_key

  lifecycle {
    destroy = false
  }
}

removed {
  from = time_sleep.apps

  lifecycle {
    destroy = false
  }
}

removed {
  from = google_project_service.bigquery

  lifecycle {
    destroy = false
  }
}

removed {
  from = time_sleep.bigquery

  lifecycle {
    destroy = false
  }
}

removed {
  from = google_bigquery_dataset.audit

  lifecycle {
    destroy = false
  }
}

removed {
  from = google_logging_project_sink.bigquery

  lifecycle {
    destroy = false
  }
}

removed {
  from = google_bigquery_dataset_iam_member.sink

  lifecycle {
    destroy = false
  }
}
