"""Releases the code of this checkout with Cloud Build."""
