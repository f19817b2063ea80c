"""The laws of a functional update rule, beside those of optimizers that make sense for it."""

from mlp_core.testing.laws.optimizers import claims, equality, hyperparameters
from mlp_core.testing.laws.updates import conduct

BOOKS = equality.reference_book, conduct.book, claims.book, hyperparameters.book
