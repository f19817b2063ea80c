"""The laws of optimizers of any kind."""

from mlp_core.testing.laws.optimizers import (
    checkpoints,
    claims,
    compiled,
    complex_numbers,
    conventions,
    copies,
    dtypes,
    empty,
    equality,
    exact,
    finite,
    forms,
    groups,
    groups_later,
    hyperparameters,
    listening,
    long_runs,
    memory,
    names,
    proportional,
    rate,
    renewed,
    schedulers,
    sizes,
    sparse,
    state,
    tiny,
    values,
    written,
)

TWIN, REFERENCE = equality.twin_book, equality.reference_book
BOOKS = (
    exact.book, long_runs.judging, tiny.judging, claims.book, proportional.book, memory.book, state.book, copies.book,
    checkpoints.book, groups.book, empty.book, groups_later.book, names.book, rate.book, values.book, written.book,
    schedulers.book, hyperparameters.book, conventions.book, finite.book, tiny.book, dtypes.book, complex_numbers.book,
    sparse.book, forms.book, long_runs.book, listening.book, renewed.book, sizes.book,
    compiled.book,
)  # fmt: skip
