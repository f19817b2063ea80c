"""The laws of a custom objective for gradient boosting."""

from mlp_core.testing.laws.objectives import conduct, equality

BOOKS = equality.book, conduct.book
