"""The laws of an optimizer: whatever it is made of."""

from mlp_core.testing.laws.optimizers import (
    claims,
    empty,
    equality,
    exact,
    groups,
    hyperparameters,
    memory,
    rate,
    state,
)

TWIN, REFERENCE = equality.twin_book, equality.reference_book
BOOKS = exact.book, claims.book, memory.book, state.book, groups.book, empty.book, rate.book, hyperparameters.book
