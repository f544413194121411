variable "project_id" {
  description = "Id of the project, with a deployment by infra/."
  type        = string
  nullable    = false
}

variable "repository_id" {
  description = "Number of the repository: gh api repos/OWNER/NAME --jq .id"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.repository_id))
    error_message = "repository_id must be the repository's number, as `gh api repos/OWNER/NAME --jq .id` prints it. A name can become somebody else's."
  }
}

variable "repository_owner_id" {
  description = "Number of the repository's owner: gh api repos/OWNER/NAME --jq .owner.id"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.repository_owner_id))
    error_message = "repository_owner_id must be the owner's number, as `gh api repos/OWNER/NAME --jq .owner.id` prints it."
  }
}

variable "environment" {
  description = "GitHub environment that releases to this project, such as staging or production. Its smoke test runs in ENVIRONMENT-smoke."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,39}$", var.environment)) && !endswith(var.environment, "-smoke")
    error_message = "environment must be 1 to 40 lower-case letters, digits and hyphens, and not end with -smoke."
  }
}

variable "branch" {
  description = "Branch that is released."
  type        = string
  default     = "main"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]*$", var.branch))
    error_message = "branch must be the name of one branch: letters, digits and . _ / -"
  }
}
