"""The laws of a hand-written gradient that is given in any of the usual forms (function, layer, autograd.Function)."""

from mlp_core.testing.laws.doors import again, conduct, equal_entries, equality, functions, mapped, twice, upstream

BOOKS = equality.book, equal_entries.book, upstream.book, again.book, conduct.book

FUNCTION = (
    functions.judging, equality.book, equal_entries.book, upstream.book, functions.book, twice.book, mapped.book,
    conduct.book,
)  # fmt: skip
"""laws of functions that autograd calls"""
