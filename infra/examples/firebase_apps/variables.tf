variable "project_id" {
  description = "Id of the project."
  type        = string
  nullable    = false
}

variable "web" {
  description = "Web apps: name → display_name, recaptcha_enterprise_site_key (null: no App Check for it)."
  type = map(object({
    display_name                  = string
    recaptcha_enterprise_site_key = optional(string)
  }))
  default  = {}
  nullable = false
}

variable "android" {
  description = "Android apps: name → display_name, package_name, sha256_hashes of signing certificates (Play Integrity needs one)."
  type = map(object({
    display_name  = string
    package_name  = string
    sha256_hashes = optional(list(string), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for app in var.android : can(regex("^[A-Za-z]\\w*(\\.[A-Za-z]\\w*)+$", app.package_name))])
    error_message = "android: package_name must be like com.example.app."
  }

  validation {
    condition     = alltrue(flatten([for app in var.android : [for hash in app.sha256_hashes : can(regex("^[0-9a-f]{64}$", hash))]]))
    error_message = "android: sha256_hashes must be 64 lower-case hexadecimal digits, without colons."
  }
}

variable "apple" {
  description = "Apple apps: name → display_name, bundle_id, team_id (App Attest needs it; null: no App Check for it)."
  type = map(object({
    display_name = string
    bundle_id    = string
    team_id      = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for app in var.apple : can(regex("^[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$", app.bundle_id))])
    error_message = "apple: bundle_id must be like com.example.app."
  }

  validation {
    condition     = alltrue([for app in var.apple : app.team_id == null || can(regex("^[A-Z0-9]{10}$", app.team_id))])
    error_message = "apple: team_id must be ten capital letters and digits."
  }
}

variable "app_check_token_seconds" {
  description = "Lifetime of an App Check token, from 1800 to 604800 seconds."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.app_check_token_seconds == floor(var.app_check_token_seconds) && var.app_check_token_seconds >= 1800 && var.app_check_token_seconds <= 604800
    error_message = "app_check_token_seconds must be a whole number from 1800 to 604800."
  }
}

variable "deletion_protection" {
  description = "Whether destroy leaves the apps in the project."
  type        = bool
  default     = true
  nullable    = false
}
