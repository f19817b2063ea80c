"""Exact arithmetic: fractions, how short numbers must be for floats not to round, and examples that short."""
