"""`live-tokens release`: has Cloud Build release the code of this checkout, as cloudbuild.yaml says."""
