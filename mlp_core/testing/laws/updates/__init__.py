"""The laws of a functional update rule, in addition to those laws of optimizers that apply to it."""

from mlp_core.testing.laws.optimizers import claims, equality, hyperparameters
from mlp_core.testing.laws.updates import conduct

BOOKS = equality.reference_book, conduct.book, claims.book, hyperparameters.book
