# The state is in the bucket of the project. This names no project, because the checkout is for all of them: `make deploy`
# and each command by hand name it at init. README.md, "Terraform's state".
terraform {
  backend "gcs" {}
}
