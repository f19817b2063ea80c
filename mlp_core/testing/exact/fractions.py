"""Backpropagation and gradient descent in exact rational arithmetic, without torch.

For piecewise linear networks and the squared error. It is independent of torch and of the core's formulas: activations
are computed from their kinks and slopes, and sums are Python sums of fractions. If the numbers of a problem are dyadic
and short enough (see bits.py), floats do not round, and equality is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from mlp_core.activations import Activation

Vector = list[Fraction]

Matrix = list[Vector]


def rationals(rows: Iterable[Iterable[float]]) -> Matrix:
    """Floats as fractions, exactly."""
    return [[Fraction(v) for v in row] for row in rows]


def value(f: Activation, z: Fraction) -> Fraction:
    """f(z) as the sum of its slopes from 0 to z."""
    low, high = min(z, Fraction(0)), max(z, Fraction(0))
    edges = [None, *map(Fraction, f.kinks), None]
    total = Fraction(0)
    for slope, left, right in zip(f.slopes, edges, edges[1:], strict=False):
        begin = low if left is None else max(low, left)
        end = high if right is None else min(high, right)
        total += Fraction(slope) * max(end - begin, Fraction(0))
    return total if z >= 0 else -total


def derivative(f: Activation, z: Fraction) -> Fraction:
    """f'(z); at a kink, the slope that the record defines."""
    for kink, at_kink in zip(f.kinks, f.kink_slopes, strict=True):
        if z == Fraction(kink):
            return Fraction(at_kink)
    return Fraction(f.slopes[sum(z > Fraction(kink) for kink in f.kinks)])


def dot(row: Iterable[Fraction], column: Iterable[Fraction]) -> Fraction:
    """sum_i row_i column_i."""
    return sum((p * q for p, q in zip(row, column, strict=True)), Fraction(0))


def forward(
    weights: Sequence[Matrix], biases: Sequence[Vector], functions: Sequence[Activation], sample: Vector
) -> tuple[list[Vector], list[Vector]]:
    """z[1..L] and a[0..L] for one sample."""
    zs, activations = [], [sample]
    for W, b, f in zip(weights, biases, functions, strict=True):
        zs.append([dot(row, activations[-1]) + c for row, c in zip(W, b, strict=True)])
        activations.append([value(f, z) for z in zs[-1]])
    return zs, activations


def squared_error(
    weights: Sequence[Matrix], biases: Sequence[Vector], functions: Sequence[Activation], x: Matrix, y: Matrix
) -> tuple[Fraction, list[Matrix], list[Vector]]:
    """L = sum_s sum_i (y - y_hat)^2, dL/dW of each layer, dL/db of each layer."""
    loss = Fraction(0)
    dW = [[[Fraction(0)] * len(row) for row in W] for W in weights]
    db = [[Fraction(0)] * len(b) for b in biases]
    for sample, target in zip(x, y, strict=True):
        zs, activations = forward(weights, biases, functions, sample)
        difference = [a - t for a, t in zip(activations[-1], target, strict=True)]
        loss += dot(difference, difference)
        upstream = [2 * d for d in difference]
        for layer in reversed(range(len(weights))):
            delta = [u * derivative(functions[layer], z) for u, z in zip(upstream, zs[layer], strict=True)]
            for i, d in enumerate(delta):
                db[layer][i] += d
                for j, a in enumerate(activations[layer]):
                    dW[layer][i][j] += d * a
            upstream = [dot(delta, column) for column in zip(*weights[layer], strict=True)]
    return loss, dW, db


@dataclass(frozen=True)
class Hyper:
    """The hyperparameters of torch.optim.SGD, under its names."""

    lr: float
    momentum: float = 0.0
    dampening: float = 0.0
    weight_decay: float = 0.0
    nesterov: bool = False
    maximize: bool = False


def descend(p: Vector, g: Vector, v: Vector | None, h: Hyper) -> tuple[Vector, Vector | None]:
    """One step of torch.optim.SGD: the new parameters and the new velocity, None without momentum. v: the previous
    velocity, None before the first step.
    """
    lr, beta, tau, wd = map(Fraction, (h.lr, h.momentum, h.dampening, h.weight_decay))
    g = [(-d if h.maximize else d) + wd * q for d, q in zip(g, p, strict=True)]  # g <- g + wd p
    move = g
    if beta:
        # v <- g on the first step, else beta v + (1 - dampening) g
        v = g if v is None else [beta * w + (1 - tau) * d for w, d in zip(v, g, strict=True)]
        move = [d + beta * w for d, w in zip(g, v, strict=True)] if h.nesterov else v
    return [q - lr * m for q, m in zip(p, move, strict=True)], v  # p <- p - lr v


def train(
    weights: Sequence[Matrix], biases: Sequence[Vector], functions: Sequence[Activation],
    batches: Iterable[tuple[Matrix, Matrix]], h: Hyper,
) -> tuple[list[Fraction], Sequence[Matrix], Sequence[Vector]]:  # fmt: skip
    """One step of gradient descent on each batch: the losses before each step, and the final weights and biases."""
    losses = []
    velocities: dict[tuple[int, int], Vector | None] = {}
    for x, y in batches:
        loss, dW, db = squared_error(weights, biases, functions, x, y)
        losses.append(loss)
        layers = []
        for layer, (W, b) in enumerate(zip(weights, biases, strict=True)):
            rows = []
            for i, (p, g) in enumerate(zip([*W, b], [*dW[layer], db[layer]], strict=True)):
                p, velocities[layer, i] = descend(p, g, velocities.get((layer, i)), h)
                rows.append(p)
            layers.append(rows)
        weights, biases = [rows[:-1] for rows in layers], [rows[-1] for rows in layers]
    return losses, weights, biases
