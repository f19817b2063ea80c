"""Backpropagation in exact rational arithmetic, without torch: for piecewise linear networks and squared error.

Independent of torch and of the core's formulas: activations are read off their kinks and slopes, sums are Python sums
of fractions. Where the numbers of a problem are short dyadic ones, floats do not round, and equality is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from mlp_core.activations import Activation

Matrix = list[list[Fraction]]


def rationals(rows: Sequence[Sequence[float]]) -> Matrix:
    """Floats as the fractions they are."""
    return [[Fraction(v) for v in row] for row in rows]


def value(f: Activation, z: Fraction) -> Fraction:
    """f(z) = the slopes summed up from 0 to z."""
    low, high = min(z, Fraction(0)), max(z, Fraction(0))
    edges = [None, *map(Fraction, f.kinks), None]
    total = Fraction(0)
    for slope, left, right in zip(f.slopes, edges, edges[1:], strict=False):
        begin = low if left is None else max(low, left)
        end = high if right is None else min(high, right)
        total += Fraction(slope) * max(end - begin, Fraction(0))
    return total if z >= 0 else -total


def derivative(f: Activation, z: Fraction) -> Fraction:
    """f'(z); at a kink the slope the record names."""
    for kink, at_kink in zip(f.kinks, f.kink_slopes, strict=True):
        if z == Fraction(kink):
            return Fraction(at_kink)
    return Fraction(f.slopes[sum(z > Fraction(kink) for kink in f.kinks)])


def squared_error_gradients(
    weights: Sequence[Matrix], biases: Sequence[list[Fraction]], functions: Sequence[Activation], x: Matrix, y: Matrix
) -> list[list[Matrix] | list[list[Fraction]]]:
    """[dL/dW of each layer, dL/db of each layer] of L = sum_s sum_i (y - y_hat)^2."""
    dW = [[[Fraction(0)] * len(row) for row in W] for W in weights]
    db = [[Fraction(0)] * len(b) for b in biases]
    for sample, target in zip(x, y, strict=True):
        zs, activations = [], [sample]
        for W, b, f in zip(weights, biases, functions, strict=True):
            z = [
                sum((w * a for w, a in zip(row, activations[-1], strict=True)), c) for row, c in zip(W, b, strict=True)
            ]
            zs.append(z)
            activations.append([value(f, v) for v in z])
        upstream = [2 * (a - t) for a, t in zip(activations[-1], target, strict=True)]
        for layer in reversed(range(len(weights))):
            delta = [u * derivative(functions[layer], z) for u, z in zip(upstream, zs[layer], strict=True)]
            for i, d in enumerate(delta):
                db[layer][i] += d
                for j, a in enumerate(activations[layer]):
                    dW[layer][i][j] += d * a
            upstream = [
                sum((d * row[j] for d, row in zip(delta, weights[layer], strict=True)), Fraction(0))
                for j in range(len(activations[layer]))
            ]
    return [dW, db]
