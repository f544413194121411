"""`live-tokens release`: releases the code of this checkout with Cloud Build and cloudbuild.yaml."""
