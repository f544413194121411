variable "project_id" {
  description = "Id of the project."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the dataset. It is final."
  type        = string
  nullable    = false
}

variable "function_name" {
  description = "Name of the function, as in the settings of infra/."
  type        = string
  default     = "mint-live-token"
  nullable    = false
}

variable "retention_days" {
  description = "After how many days a partition expires, with the events of its day."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.retention_days == floor(var.retention_days) && var.retention_days >= 1 && var.retention_days <= 3650
    error_message = "retention_days must be a whole number from 1 to 3650."
  }
}

variable "deletion_protection" {
  description = "Whether destroy refuses to delete a dataset with events in it."
  type        = bool
  default     = true
  nullable    = false
}
