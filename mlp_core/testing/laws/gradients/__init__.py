"""The laws of a hand-written backpropagation."""

from mlp_core.testing.laws.gradients import conduct, edges, equality, exact, symmetry

BOOKS = equality.book, symmetry.book, exact.book, edges.book, conduct.book
