"""The laws of a training loop."""

from mlp_core.testing.laws.training import averaged, conduct, course, equality, exact, functions, returned

BOOKS = equality.book, course.book, exact.book

FUNCTIONS = functions.book, conduct.book, returned.book, averaged.book
"""laws of a function that trains a torch module"""
