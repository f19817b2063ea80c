"""Finds the known mistake that a subject has, and what can be drawn of the example that shows it."""
