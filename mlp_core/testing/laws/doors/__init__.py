"""The laws of a gradient by hand in the form in which it was written."""

from mlp_core.testing.laws.doors import conduct, equality, upstream

BOOKS = equality.book, upstream.book, conduct.book
