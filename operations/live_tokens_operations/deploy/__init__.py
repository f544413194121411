"""`make deploy` and `make destroy`: from a project with billing to a function that issues tokens, and back."""
