"""The operator's program, `live-tokens`: deploys, checks, tests and stops the function."""
