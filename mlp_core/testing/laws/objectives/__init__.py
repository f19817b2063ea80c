"""The laws of an objective of gradient boosting."""

from mlp_core.testing.laws.objectives import conduct, equality

BOOKS = equality.book, conduct.book
