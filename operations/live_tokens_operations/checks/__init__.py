"""Looks at a deployed or half-deployed project, changes nothing, and says what is wrong and what mends it."""
