"""What this function is compared with: a page each, as people write them. All lock the token to the same setup."""
