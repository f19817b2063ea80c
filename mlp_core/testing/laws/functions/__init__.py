"""The laws of a gradient by hand of any function."""

from mlp_core.testing.laws.functions import conduct, equality

BOOKS = equality.book, conduct.book
