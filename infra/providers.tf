# user_project_override: a person's credentials belong to no project, and APIs such as Firebase and budgets refuse calls
# without a quota project.
provider "google" {
  project               = var.project_id
  region                = var.region
  user_project_override = true
  billing_project       = var.project_id
  default_labels        = var.labels
}

# For resources that the other provider lacks: Firebase's project and apps, and Secret Manager's own identity.
provider "google-beta" {
  project               = var.project_id
  region                = var.region
  user_project_override = true
  billing_project       = var.project_id
  default_labels        = var.labels
}
