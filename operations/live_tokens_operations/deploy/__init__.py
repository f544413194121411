"""`make deploy` and `make destroy`: create and test a deployment, and delete it."""
