# user_project_override: a person's own credentials belong to no project, and APIs such as Firebase and budgets refuse
# calls that no project answers for.
provider "google" {
  project               = var.project_id
  region                = var.region
  user_project_override = true
  billing_project       = var.project_id
  default_labels        = var.labels
}

# For what is not in the other one: Firebase's project and apps, and the identity of Secret Manager itself.
provider "google-beta" {
  project               = var.project_id
  region                = var.region
  user_project_override = true
  billing_project       = var.project_id
  default_labels        = var.labels
}
