"""`make demo`: the whole story in one terminal, on the local stack or, with GEMINI_API_KEY, against Google."""
