# Every validation of every variable: a value that an API would refuse minutes later, or that would deploy and not start,
# is refused by the plan. Each run makes one mistake in each of many variables, and passes only if every one of them is
# refused, and no other variable is. A variable whose validation looks at another one is not in the same run as that one:
# Terraform validates it only if the other is right.

mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

mock_provider "google-beta" {}
mock_provider "time" {}

variables {
  project_id = "demo-live-tokens"
  region     = "europe-west1"
}

run "values_that_are_right_are_not_refused" {
  command = plan

  variables {
    function_name        = "m"
    labels               = { team = "voice", empty = "" }
    available_cpu        = "0.08"
    concurrency          = 1
    available_memory     = "128Mi"
    cors_allowed_origins = ["*"]
    secret_name          = "key"
    kms_key              = "projects/other-project/locations/europe-west1/keyRings/r/cryptoKeys/k"
    firestore_location   = "eur3"
    identity_platform    = { email_password = false }
    load_balancer        = { domain = "live.example.co.uk" }
  }

  assert {
    condition     = google_firestore_database.live_tokens.location_id == "eur3"
    error_message = "The values must be planned with."
  }
}

run "numbers_below_their_range_are_refused" {
  command = plan

  variables {
    concurrency           = 0
    min_instances         = -1
    timeout_seconds       = 59 # the function may still give its answer
    api_key_cache_seconds = 0
    call_deadline_seconds = 9
    available_memory      = "64Mi"
    load_balancer         = { domain = "live.example.com", requests_per_minute = 0 }
  }

  expect_failures = [
    var.concurrency,
    var.min_instances,
    var.timeout_seconds,
    var.api_key_cache_seconds,
    var.call_deadline_seconds,
    var.available_memory,
    var.load_balancer,
  ]
}

run "numbers_above_their_range_are_refused" {
  command = plan

  variables {
    function_name         = "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm" # longer than a Cloud Run service's
    secret_name           = "sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"
    firestore_database    = "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
    concurrency           = 1001
    min_instances         = 11 # more than max_instances
    timeout_seconds       = 3601
    api_key_cache_seconds = 86401
    call_deadline_seconds = 56
    load_balancer         = { domain = "live.example.com", requests_per_minute = 10001 }
  }

  expect_failures = [
    var.function_name,
    var.secret_name,
    var.firestore_database,
    var.concurrency,
    var.min_instances,
    var.timeout_seconds,
    var.api_key_cache_seconds,
    var.call_deadline_seconds,
    var.load_balancer,
  ]
}

run "fractions_are_refused" {
  command = plan

  variables {
    concurrency           = 1.5
    min_instances         = 0.5
    timeout_seconds       = 60.5
    api_key_cache_seconds = 1.5
    call_deadline_seconds = 12.5
    load_balancer         = { domain = "live.example.com", requests_per_minute = 1.5 }
  }

  expect_failures = [
    var.concurrency,
    var.min_instances,
    var.timeout_seconds,
    var.api_key_cache_seconds,
    var.call_deadline_seconds,
    var.load_balancer,
  ]
}

run "values_of_the_wrong_kind_are_refused" {
  command = plan

  variables {
    project_id           = "123456789012"     # the number of a project
    region               = "europe-west1-b"   # a zone
    function_name        = "mint_live_token"  # the entry point
    labels               = { Team = "voice" } # capitals in a key
    available_memory     = "512"              # would be bytes
    max_instances        = 1001
    public               = "allUsers"
    release              = "1.2.0" # not the file
    gemini_api_version   = "v1"    # has no ephemeral tokens
    app_check            = { mode = "on" }
    cors_allowed_origins = ["https://app.example.com/"]                         # no origin has a path
    secret_name          = "projects/p/secrets/s"                               # the resource name
    firestore_database   = "(default)"                                          # the app's
    firestore_location   = "europe-west1-b"                                     # a zone
    identity_platform    = { authorized_domains = ["https://app.example.com"] } # a URL
    load_balancer        = { domain = "https://live.example.com" }              # a URL
  }

  expect_failures = [
    var.release,
    var.project_id,
    var.region,
    var.function_name,
    var.labels,
    var.available_memory,
    var.max_instances,
    var.public,
    var.gemini_api_version,
    var.app_check,
    var.cors_allowed_origins,
    var.secret_name,
    var.firestore_database,
    var.firestore_location,
    var.identity_platform,
    var.load_balancer,
  ]
}

run "other_common_mistakes_are_refused" {
  command = plan

  variables {
    max_instances        = 1.5
    project_id           = "My App"                # the name of a project
    region               = "eu"                    # a multi-region
    labels               = { team = "voice apps" } # a space in a value
    available_memory     = "512M"                  # decimal, where the rest of the world means Mi
    app_check            = { consume = true }      # App Check is off
    cors_allowed_origins = ["app.example.com"]     # no scheme
    secret_name          = "1-key"
    firestore_database   = "a0000000-0000-0000-0000-000000000000" # like a UUID
    identity_platform    = { email_password = false, email_link = true }
    load_balancer        = { domain = "live.example.com", candidate_domain = "candidate" } # no host name
  }

  expect_failures = [
    var.max_instances,
    var.project_id,
    var.region,
    var.labels,
    var.available_memory,
    var.app_check,
    var.cors_allowed_origins,
    var.secret_name,
    var.firestore_database,
    var.identity_platform,
    var.load_balancer,
  ]
}

run "values_that_contradict_each_other_are_refused" {
  command = plan

  variables {
    kms_key              = "projects/p/locations/global/keyRings/r/cryptoKeys/k"                  # not in the region
    available_cpu        = "0.5"                                                                  # with a concurrency of 32
    app_check            = { allowed_app_ids = ["1:2:web:3a"] }                                   # App Check is off
    cors_allowed_origins = ["*", "https://app.example.com"]                                       # everybody, and somebody
    load_balancer        = { domain = "live.example.com", candidate_domain = "live.example.com" } # one name for two
  }

  expect_failures = [
    var.kms_key,
    var.concurrency,
    var.app_check,
    var.cors_allowed_origins,
    var.load_balancer,
  ]
}

run "ids_of_another_kind_are_refused" {
  command = plan

  variables {
    max_instances = 0
    kms_key       = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1" # the id of a version
    app_check     = { mode = "enforce", allowed_app_ids = ["com.example.app"] }                     # a package name
  }

  expect_failures = [
    var.max_instances,
    var.kms_key,
    var.app_check,
  ]
}

run "less_memory_than_the_cpus_take_is_refused" {
  command = plan

  variables {
    available_cpu    = "4"
    available_memory = "512Mi"
  }

  expect_failures = [var.available_memory]
}

run "more_memory_than_the_cpu_takes_is_refused" {
  command = plan

  variables {
    available_memory = "8Gi"
  }

  expect_failures = [var.available_memory]
}

run "a_number_of_cpus_that_cloud_run_does_not_have_is_refused" {
  command = plan

  variables {
    available_cpu = "3"
  }

  expect_failures = [var.available_cpu]
}

run "less_of_a_cpu_than_cloud_run_gives_is_refused" {
  command = plan

  variables {
    available_cpu = "0.07"
    concurrency   = 1
  }

  expect_failures = [var.available_cpu]
}
