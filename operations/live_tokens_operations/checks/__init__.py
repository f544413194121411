"""Checks a project and returns findings with their remedies. Nothing is changed."""
