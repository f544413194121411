"""`make demo`: every step in one terminal, on the local stack or, with GEMINI_API_KEY, with Gemini at Google."""
