"""The laws of a hand-written gradient that is given in any of the usual forms (function, layer, autograd.Function)."""

from mlp_core.testing.laws.doors import conduct, equality, functions, mapped, twice, upstream

BOOKS = equality.book, upstream.book, conduct.book

FUNCTION = functions.judging, equality.book, upstream.book, functions.book, twice.book, mapped.book, conduct.book
"""of what autograd calls"""
