# Replace the region by yours, and the days by as many as you need.
region         = "europe-west1"
retention_days = 365
