"""The laws of a hand-written gradient of any function."""

from mlp_core.testing.laws.functions import conduct, equality

BOOKS = equality.book, conduct.book
