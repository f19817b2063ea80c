"""Helpers for all other parts: errors that name the argument, records by name, optional packages, files."""
