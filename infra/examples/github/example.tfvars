# Replace all of it. `gh api repos/OWNER/NAME --jq '.id, .owner.id'` prints the two numbers.
project_id          = "my-app-1a2b"
repository_id       = "987654321"
repository_owner_id = "1234567"
environment         = "production"
