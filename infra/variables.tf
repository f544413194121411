# The operator's settings, except observability (variables_observability.tf). The first two are required.

variable "project_id" {
  description = "Id of an existing project with billing. It is also the Firebase project of the users who call."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be the id of a project, such as my-app-1a2b, and not its name or number."
  }
}

variable "region" {
  description = "Region of the function, the key, the images and, by default, the database (firestore_location)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+(-[a-z]+)+[0-9]+$", var.region))
    error_message = "region must be a region of Google Cloud, such as europe-west1."
  }
}

variable "function_name" {
  description = <<-EOT
    Name of the function and of its Cloud Run service. It is part of the URL. It is final: a new name deletes the function
    and its URL, which make deploy refuses while deletion_protection is on.
  EOT
  type        = string
  default     = "mint-live-token"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$", var.function_name))
    error_message = "function_name must be 1 to 49 lower-case letters, digits and hyphens, and begin with a letter: it becomes the name of a Cloud Run service."
  }
}

variable "labels" {
  description = "Labels for all resources that support labels, such as {team = \"voice\"}."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels must have keys of 1 to 63 and values of 0 to 63 lower-case letters, digits, _ and -, and a key begins with a letter."
  }
}

variable "public" {
  description = <<-EOT
    Whether Cloud Run admits every call. The function verifies each call by itself. Firebase users have no identity in
    Google Cloud, so apps reach the function only if this is not false, or through a service in front that may call it.
    true: a grant to allUsers. "no-invoker-check": Cloud Run checks no caller, where the organisation forbids allUsers.
    Terraform cannot set that: `make deploy` does after each apply, or the command of `next_commands`.
  EOT
  type        = string
  default     = true
  nullable    = false

  validation {
    condition     = contains(["true", "false", "no-invoker-check"], var.public)
    error_message = "public must be true, false or \"no-invoker-check\"."
  }
}

variable "concurrency" {
  description = "Parallel requests in one instance: Cloud Run's concurrency and the function's threads."
  type        = number
  default     = 32
  nullable    = false

  validation {
    condition     = var.concurrency == floor(var.concurrency) && var.concurrency >= 1 && var.concurrency <= 1000
    error_message = "concurrency must be a whole number from 1 to 1000."
  }

  validation {
    condition     = var.concurrency == 1 || !can(regex("^0\\.", var.available_cpu))
    error_message = "concurrency must be 1 when available_cpu is less than 1."
  }
}

variable "available_cpu" {
  description = "vCPUs of one instance: \"1\", \"2\", \"4\", \"6\", \"8\", or less than one, such as \"0.5\", with a concurrency of 1."
  type        = string
  default     = "1"
  nullable    = false

  validation {
    condition     = can(regex("^([12468]|0\\.(0[89]|[1-9][0-9]?))$", var.available_cpu))
    error_message = "available_cpu must be \"1\", \"2\", \"4\", \"6\", \"8\", or from \"0.08\" to \"0.99\"."
  }
}

variable "available_memory" {
  description = "Memory of one instance in Mi or Gi, such as \"512Mi\"."
  type        = string
  default     = "512Mi"
  nullable    = false

  validation {
    condition     = can(regex("^([1-9][0-9]{2,4}Mi|[1-9][0-9]?Gi)$", var.available_memory))
    error_message = "available_memory must be like \"512Mi\" or \"1Gi\"."
  }

  # https://cloud.google.com/run/docs/configuring/services/memory-limits
  validation {
    condition = try(alltrue([
      for mib in [tonumber(regex("^[0-9]+", var.available_memory)) * (endswith(var.available_memory, "Gi") ? 1024 : 1)] : alltrue([
        for cpu in [tonumber(var.available_cpu)] :
        mib >= (cpu >= 6 ? 4096 : cpu >= 4 ? 2048 : 128) &&
        mib <= (cpu < 0.5 ? 512 : cpu < 1 ? 1024 : cpu < 2 ? 4096 : cpu < 4 ? 8192 : cpu < 6 ? 16384 : cpu < 8 ? 24576 : 32768)
      ])
    ]), true) # a wrong form is reported by the validation above, or by that of available_cpu
    error_message = "available_memory does not fit available_cpu: Cloud Run accepts 128Mi to 4Gi with 1 CPU, up to 8Gi with 2, 2Gi to 16Gi with 4, 4Gi to 24Gi with 6, 4Gi to 32Gi with 8; up to 512Mi below half a CPU, up to 1Gi below a whole one."
  }
}

variable "min_instances" {
  description = "Warm instances. Each of 1 vCPU and 512Mi costs about 10 USD a month while idle, in a region of tier 1: docs/scale.md. With 0, a first call waits for a cold start."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.min_instances == floor(var.min_instances) && var.min_instances >= 0 && var.min_instances <= var.max_instances
    error_message = "min_instances must be a whole number from 0 to max_instances."
  }
}

variable "max_instances" {
  description = "Maximum of instances. It limits the cost of a flood of calls."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.max_instances == floor(var.max_instances) && var.max_instances >= 1 && var.max_instances <= 1000
    error_message = "max_instances must be a whole number from 1 to 1000."
  }
}

variable "call_deadline_seconds" {
  description = "How long the function works on a call, with everything that it waits for. Then it answers with an outage."
  type        = number
  default     = 25
  nullable    = false

  validation {
    condition     = var.call_deadline_seconds == floor(var.call_deadline_seconds) && var.call_deadline_seconds >= 10 && var.call_deadline_seconds <= 55
    error_message = "call_deadline_seconds must be a whole number from 10 to 55, so that the answer comes before Cloud Run ends the request."
  }
}

variable "timeout_seconds" {
  description = "Seconds after which Cloud Run ends a request. The function's own deadlines are far shorter."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.timeout_seconds == floor(var.timeout_seconds) && var.timeout_seconds >= 60 && var.timeout_seconds <= 3600
    error_message = "timeout_seconds must be a whole number from 60 to 3600. Below 60, Cloud Run could end a request before the function answers."
  }
}

variable "gemini_api_version" {
  description = "Version of the Gemini API for the mint and the app's connection: v1alpha or v1beta."
  type        = string
  default     = "v1beta"
  nullable    = false

  validation {
    condition     = contains(["v1alpha", "v1beta"], var.gemini_api_version)
    error_message = "gemini_api_version must be v1alpha or v1beta: v1 has no ephemeral tokens."
  }
}

variable "api_key_cache_seconds" {
  description = "For how many seconds an instance uses the key before it reads it again."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.api_key_cache_seconds == floor(var.api_key_cache_seconds) && var.api_key_cache_seconds >= 1 && var.api_key_cache_seconds <= 86400
    error_message = "api_key_cache_seconds must be a whole number from 1 to 86400."
  }
}

variable "check_revoked" {
  description = "Whether the function asks Firebase in every call if the user was deleted, disabled or signed out everywhere."
  type        = bool
  default     = true
  nullable    = false
}

variable "app_check" {
  description = <<-EOT
    Firebase App Check: it attests that a call comes from your app.
    mode: "off"; "monitor" (verify and log, refuse no call); "enforce".
    consume: whether an App Check token is valid for one call only. Costs one request to App Check per call.
    allowed_app_ids: Firebase app ids, such as 1:1234567890:android:0a1b2c3d; empty for all apps of the project.
  EOT
  type = object({
    mode            = optional(string, "off")
    consume         = optional(bool, false)
    allowed_app_ids = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["off", "monitor", "enforce"], var.app_check.mode)
    error_message = "app_check.mode must be off, monitor or enforce."
  }

  validation {
    condition     = var.app_check.mode != "off" || (!var.app_check.consume && length(var.app_check.allowed_app_ids) == 0)
    error_message = "app_check.consume and allowed_app_ids need a mode other than off: the function does not start otherwise."
  }

  validation {
    condition     = alltrue([for id in var.app_check.allowed_app_ids : can(regex("^[0-9]+:[0-9]+:[a-z]+:[0-9a-f]+$", id))])
    error_message = "app_check.allowed_app_ids must be Firebase app ids, such as 1:1234567890:android:0a1b2c3d."
  }
}

variable "cors_allowed_origins" {
  description = "Origins of web apps, such as [\"https://app.example.com\", \"capacitor://localhost\"], or [\"*\"]. Native apps need none."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = var.cors_allowed_origins == tolist(["*"]) || alltrue([
      for origin in var.cors_allowed_origins :
      can(regex("^[a-z][a-z0-9+.-]*://([a-z0-9_-]+(\\.[a-z0-9_-]+)*\\.?|\\[[0-9a-f:.]+\\])(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?$", origin)) &&
      !can(regex("^(http://.*:80|https://.*:443)$", origin)) &&
      !can(regex("^(about|blob|data|file|ftp|javascript|wss?):.*$", origin))
    ])
    error_message = "cors_allowed_origins must be origins as browsers send them, such as https://app.example.com or capacitor://localhost, or * alone. Write them in lower case, without a user, a wildcard, a default port, a path or a slash at the end: others never match."
  }
}

variable "secret_name" {
  description = <<-EOT
    Name of the secret with the Gemini API key. It is final: a new name deletes the secret and makes one without a key,
    which make deploy refuses while deletion_protection is on. infra/README.md, "Several regions", replaces a secret.
  EOT
  type        = string
  default     = "gemini-api-key"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{3,200}$", var.secret_name)) && can(regex("^[A-Za-z]", var.secret_name))
    error_message = "secret_name must be 3 to 200 letters, digits, - and _, and begin with a letter."
  }
}

variable "kms_key" {
  description = <<-EOT
    Cloud KMS key in the same region that encrypts the secret:
    projects/P/locations/REGION/keyRings/R/cryptoKeys/K. null: Google's own key. It cannot be changed later.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/${var.region}/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key must be projects/P/locations/L/keyRings/R/cryptoKeys/K without a version, and L must be the region: the secret has a replica there."
  }
}

variable "firestore_database" {
  description = <<-EOT
    Name of the new Firestore database for quotas and stop switches. It holds nothing else. It is final: a new name deletes
    the database, which make deploy refuses while deletion_protection is on.
  EOT
  type        = string
  default     = "live-tokens"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.firestore_database))
    error_message = "firestore_database must be 4 to 63 lower-case letters, digits and hyphens, and begin with a letter. (default) belongs to the app."
  }

  validation {
    condition     = !can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.firestore_database))
    error_message = "firestore_database must not look like a UUID."
  }
}

variable "firestore_location" {
  description = "Location of the database: a region, eur3, nam5 or nam7. null: the region. It cannot be changed later."
  type        = string
  default     = null

  validation {
    condition     = var.firestore_location == null || can(regex("^([a-z]+(-[a-z]+)+[0-9]+|eur3|nam5|nam7)$", var.firestore_location))
    error_message = "firestore_location must be a region such as europe-west1, or eur3, nam5 or nam7."
  }
}

variable "deletion_protection" {
  description = <<-EOT
    Whether Terraform refuses to delete the function, the address of the load balancer, the secret and the database. To
    remove or replace one, apply with false first, and nothing else changed.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "identity_platform" {
  description = <<-EOT
    Sign-in settings of the project. null: no change, which is right for an existing Firebase project.
    Identity Platform cannot be removed from a project. It can upgrade a project with Firebase Authentication and
    overwrite its sign-in settings. If the project has Identity Platform, import it (infra/README.md).
    email_password, email_link: sign-in by e-mail. anonymous: sign-in without an account; deleted after 30 days.
    authorized_domains: domains of web apps that sign in; null: Firebase's own.
    sign_ups: false: only an operator creates accounts.
  EOT
  type = object({
    email_password     = optional(bool, true)
    email_link         = optional(bool, false)
    anonymous          = optional(bool, false)
    authorized_domains = optional(list(string))
    sign_ups           = optional(bool, true)
  })
  default = null

  validation {
    condition     = var.identity_platform == null || try(var.identity_platform.email_password || !var.identity_platform.email_link, false)
    error_message = "identity_platform.email_link needs email_password: Identity Platform turns on both with one switch."
  }

  validation {
    condition = var.identity_platform == null || alltrue([
      for domain in try(coalesce(var.identity_platform.authorized_domains, []), []) : can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)*$", domain))
    ])
    error_message = "identity_platform.authorized_domains must be host names such as app.example.com, without scheme, port or path."
  }
}

variable "load_balancer" {
  description = <<-EOT
    A load balancer with Cloud Armor. null: none. It costs money while it exists.
    domain: host name for apps. candidate_domain: another host name, for the smoke test of a release. It leads to the
    revision with the tag "candidate". null: releases run inside the network. Both names must point to the output
    load_balancer_address.
    requests_per_minute: limit per address; further requests get 429. Many users can share one address.
    close_direct: whether the function's own URLs are closed, so that no call goes around Cloud Armor. A step of its own:
    set it once the certificate is active and apps call the domain. To remove the load balancer, open them first.
  EOT
  type = object({
    domain              = string
    candidate_domain    = optional(string)
    requests_per_minute = optional(number, 300)
    close_direct        = optional(bool, false)
  })
  default = null

  validation {
    condition = var.load_balancer == null || try(alltrue([
      for domain in compact([var.load_balancer.domain, var.load_balancer.candidate_domain]) :
      length(domain) <= 253 && can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", domain))
    ]), false)
    error_message = "load_balancer.domain and candidate_domain must be host names such as live.example.com."
  }

  validation {
    condition     = var.load_balancer == null || try(var.load_balancer.domain != coalesce(var.load_balancer.candidate_domain, "-"), false)
    error_message = "load_balancer.candidate_domain must be another host name than domain."
  }

  validation {
    condition     = var.load_balancer == null || try(var.load_balancer.requests_per_minute == floor(var.load_balancer.requests_per_minute) && var.load_balancer.requests_per_minute >= 1 && var.load_balancer.requests_per_minute <= 10000, false)
    error_message = "load_balancer.requests_per_minute must be a whole number from 1 to 10000."
  }
}

variable "release" {
  description = <<-EOT
    Content of release.json in a region's first code: version, commit and digest, which audit events and `make status`
    then tell. `make deploy` sets it. By hand, leave it out. Later code brings its own.
  EOT
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.release == "" || can(toset([jsondecode(var.release).version, jsondecode(var.release).commit, jsondecode(var.release).digest]))
    error_message = "release must be JSON with version, commit and digest, as `make package` writes it."
  }
}

variable "additional_regions" {
  description = <<-EOT
    Regions, besides `region`, in which the function runs too, behind the load balancer: {us-central1 = {serves = true}}.
    Each has a function and a repository of its own, and a replica of a new secret. Accounts, database and settings are
    shared.
    serves: whether the load balancer sends users there. Release to a new region before; false takes a lost one out.
    kms_key: Cloud KMS key in that region, for its replica of the secret: needed with the setting kms_key.
  EOT
  type = map(object({
    serves  = optional(bool, false)
    kms_key = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for region in keys(var.additional_regions) : can(regex("^[a-z]+(-[a-z]+)+[0-9]+$", region)) && region != var.region])
    error_message = "additional_regions must name regions of Google Cloud, such as us-central1, and not the setting region again."
  }

  validation {
    condition     = length(var.additional_regions) == 0 || var.load_balancer != null
    error_message = "additional_regions needs load_balancer: without one, no app would find the other regions."
  }

  validation {
    condition = alltrue([
      for region, chosen in var.additional_regions : var.kms_key == null ? chosen.kms_key == null :
      can(regex("^projects/[^/]+/locations/${region}/keyRings/[^/]+/cryptoKeys/[^/]+$", chosen.kms_key))
    ])
    error_message = "additional_regions needs a kms_key in each region, projects/P/locations/REGION/keyRings/R/cryptoKeys/K, if the setting kms_key is set, and none otherwise."
  }
}
