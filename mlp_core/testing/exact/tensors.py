"""Converts problems to fractions, and fractions to tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.exact import fractions as exact
from mlp_core.testing.exact.fractions import Matrix, Vector, rationals
from mlp_core.testing.exact.scenarios import asked
from mlp_core.testing.examples.problem import Problem
from mlp_core.testing.examples.scenario import Scenario


def exact_steps(subject: Any, scenario: Scenario) -> Iterator[list[tuple[Vector, Vector | None]]]:
    """Every parameter and its velocity after each step; the velocity is None without momentum and before the first
    gradient.
    """
    group_of = [number for number, group in enumerate(scenario.parameters) for _ in group]
    exactly: list[tuple[Vector, Vector | None]] = [(_vector(p), None) for p in scenario.fresh()]
    for hyper, row in zip(asked(subject, scenario), scenario.gradients, strict=True):
        for index, ((p, v), g) in enumerate(zip(exactly, row, strict=True)):
            if g is not None:
                exactly[index] = exact.descend(p, _vector(g), v, hyper[group_of[index]])
        yield exactly


def in_fractions(problem: Problem) -> tuple[list[Matrix], list[Vector], Matrix, Matrix]:
    """Weights, biases, x and y as fractions."""
    weights = [rationals(W.tolist()) for W in problem.parameters[0::2]]
    biases = [_vector(b) for b in problem.parameters[1::2]]
    return weights, biases, rationals(problem.x.tolist()), rationals(problem.y.tolist())


def exact_gradient(problem: Problem) -> list[Tensor]:
    """W1, b1, W2, ..., as tensors in the problem's dtype."""
    weights, biases, x, y = in_fractions(problem)
    _, dW, db = exact.squared_error(weights, biases, problem.activations, x, y)
    return _tensors(dW, db, problem.dtype)


def _vector(tensor: Tensor) -> Vector:
    return [Fraction(v) for v in tensor.flatten().tolist()]


def _tensor(numbers: Sequence[Any], dtype: torch.dtype) -> Tensor:
    """Nested fractions as floats; within the budget this does not round."""
    return torch.tensor([_floats(v) for v in numbers], dtype=dtype)


def _floats(nested: Any) -> Any:
    return [_floats(v) for v in nested] if isinstance(nested, list) else float(nested)


def _tensors(weights: Sequence[Matrix], biases: Sequence[Vector], dtype: torch.dtype) -> list[Tensor]:
    """W1, b1, W2, ..."""
    return [_tensor(v, dtype) for pair in zip(weights, biases, strict=True) for v in pair]
