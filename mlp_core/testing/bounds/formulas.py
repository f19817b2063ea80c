"""The difference that rounding allows between two correct evaluations of one formula: a gradient, a step, a mean, a map
of pixels."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from mlp_core.testing.bounds.rounding import DERIVATIVE, LOSS, flushed, gamma, unit_roundoff
from mlp_core.testing.examples.problem import Case


def backprop(case: Case, *, extra: int = 0) -> list[Tensor]:
    """The largest difference of two evaluations of the gradient from one trace, for each entry of each tensor
    (float64).

    The magnitudes flow back as delta does: D[L] = |dL/dy| F_L, D[l] = (D[l+1] |W[l+1]|) F_l, with F the sum of the
    terms of f'; then dW <= D^T |a|, db <= sum D. The roundings on the way to layer l: 3 for the loss, DERIVATIVE and
    one product for every layer from L to l, n_j for every product with W[j], B for the sum over the batch. Each
    evaluation may have an error of gamma of that count, in any order of summation, hence the factor 2. `extra`: further
    roundings (a sum of several gradients).

    Measured: 0.76 and 0.56 (one sample, the two worst of 13,770 examples; the next 0.17), 0.17 (wide layers), 0.098
    (strided inputs), 0.081 (many layers), 0.074 (odd parameters), 0.071 (scaled losses), 0.070 (one layer), 0.064
    (batches), 0.060 (adding up, half precision), 0.059 (at kinks), 0.054 (widths of 1, order), 0.030 (permutations).
    """
    dtype, tiny = case.model.flat.dtype, torch.finfo(case.model.flat.dtype).tiny
    rows = len(case.dL_dy)
    roundings, bounds = 3 + rows + extra, list[Tensor]()
    for layer, _, magnitude in _flow(case):
        roundings += DERIVATIVE + 1
        two = 2 * gamma(roundings, dtype)
        previous = case.trace.a[layer - 1].double().abs()
        bounds = [two * (magnitude.T @ previous + rows * tiny), two * magnitude.sum(0), *bounds]
        roundings += case.model.sizes[layer]
    return bounds


def _flow(case: Case) -> Iterator[tuple[int, Tensor, Tensor]]:
    """From the last layer to the first: its number, the magnitudes D[l+1] |W[l+1]| that flow into it, and D[l]."""
    tiny = torch.finfo(case.model.flat.dtype).tiny
    coming = case.dL_dy.detach().double().abs()
    for layer in range(case.model.L, 0, -1):
        z, a = case.trace.z[layer].double(), case.trace.a[layer].double()
        slope = flushed(case.model.activations[layer - 1].terms(z, a), DERIVATIVE, case.model.flat.dtype)
        magnitude = (coming * slope).clamp(min=tiny)
        yield layer, coming, magnitude
        coming = magnitude @ case.model.weights[layer - 1].detach().double().abs()


def overflows(case: Case) -> bool:
    """Whether a sum in the backward pass may overflow its dtype, in any order: if its magnitudes add up to half the
    largest number (the other half is for rounding). NaN means that it has already happened.
    """
    half, found = torch.finfo(case.model.flat.dtype).max / 2, False
    for layer, coming, magnitude in _flow(case):
        sums = coming, magnitude.sum(0), magnitude.T @ case.trace.a[layer - 1].double().abs()
        found |= not all(bool((s < half).all()) for s in sums)
    return found


def update(p: Tensor, lr: float, gradient_bound: Tensor) -> Tensor:
    """The change of p - lr v if the gradient in v changes within its bound: lr times the bound, and two roundings of p.

    Valid for one step of a rule that is linear in g with a factor of at most 2 (SGD: 1, Nesterov: 1 + beta).

    Measured: 0.059.
    """
    return 2 * lr * gradient_bound + 4 * unit_roundoff(p.dtype) * p.detach().double().abs()


def loss_gradient(terms: Tensor, dtype: torch.dtype) -> Tensor:
    """The difference of two evaluations of dL/dy: LOSS roundings each, relative to the sum of the magnitudes.

    Measured: 0.044.
    """
    return 2 * gamma(LOSS, dtype) * flushed(terms, LOSS, dtype)


def derivative(terms: Tensor, delta: Tensor, dtype: torch.dtype) -> Tensor:
    """The difference of two evaluations of delta f'(z): DERIVATIVE roundings each, relative to the sum of the
    magnitudes.

    Measured: 0.095.
    """
    tiny = torch.finfo(dtype).tiny
    return 2 * gamma(DERIVATIVE, dtype) * (flushed(terms, DERIVATIVE, dtype) * delta.double().abs()).clamp(min=tiny)


def mean(terms: Tensor, n: int, dtype: torch.dtype) -> Tensor:
    """The difference of two evaluations of a mean of n weighted numbers: gamma_{n+3} each, times the sum of the
    magnitudes.

    Measured: 0.25.
    """
    return 2 * gamma(n + 3, dtype) * terms.clamp(min=torch.finfo(dtype).tiny)


def normalised(x: Tensor, largest: Tensor, std: Tensor, n: int, *, x_dtype: torch.dtype) -> Tensor:
    """The difference of two evaluations of (x - mean) / std for n pixels, with statistics and map in the dtype of x or
    better.

    The mean has an error of gamma_n max|x|; the standard deviation a relative error of gamma_n (max|x| / std)^2,
    because squares of that size may be subtracted; the map has three roundings.

    Measured: 0.032.
    """
    own = gamma(n + 8, x_dtype)
    spread = (largest + x.abs()) / std
    return 2 * own * (spread + 1) * (1 + (largest / std) ** 2)
