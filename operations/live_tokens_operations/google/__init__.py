"""Everything that talks to Google, over HTTP or through gcloud, and nothing that decides what an answer means."""
