"""The laws of a training loop."""

from mlp_core.testing.laws.training import course, equality, exact

BOOKS = equality.book, course.book, exact.book
