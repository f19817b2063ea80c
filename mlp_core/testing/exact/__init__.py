"""Exact arithmetic: fractions, how short numbers must be so that floats do not round, and examples with such
numbers."""
