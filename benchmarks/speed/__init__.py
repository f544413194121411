"""How fast this function is beside others that give out Gemini Live tokens, in one interleaved run."""
