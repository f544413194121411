# Optional: how users sign in. A project has one such configuration, which cannot be deleted: `terraform destroy` only
# removes it from the state. Keep this off in a project with Firebase Authentication: it can upgrade the project to
# Identity Platform, which has other prices, and overwrite its settings. In a project with Identity Platform, import it.
# https://github.com/hashicorp/terraform-provider-google/issues/19774
resource "google_identity_platform_config" "sign_in" {
  count = var.identity_platform == null ? 0 : 1

  authorized_domains         = var.identity_platform.authorized_domains
  autodelete_anonymous_users = true

  sign_in {
    allow_duplicate_emails = false # one person, one account, one quota

    email {
      enabled           = var.identity_platform.email_password
      password_required = !var.identity_platform.email_link
    }

    anonymous {
      enabled = var.identity_platform.anonymous
    }
  }

  client {
    permissions {
      disabled_user_signup = !var.identity_platform.sign_ups
    }
  }

  depends_on = [time_sleep.services]
}
