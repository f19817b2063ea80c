"""The rounding tolerance of any function's results: runs with its operations and its arguments perturbed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.bounds import references
from mlp_core.testing.bounds.envelopes import Envelope, scatter
from mlp_core.testing.bounds.perturbed import PerturbedRounding
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import like, tensor_of

Numbers = list[Tensor]


def result_envelopes(
    numbers: Callable[[list[Any]], Numbers], example: Arguments, expected: Numbers, u: float
) -> Iterator[Envelope]:
    """The tolerance of the numbers that a function computes from arguments, from 0, 1, 2, 4 and 8 perturbed runs.

    u: the unit roundoff of the coarsest numbers on either side. In code without tensors only the arguments are
    perturbed; the rounding of its operations is assumed to be that of the largest number in each result.
    """
    deviations = [torch.zeros_like(e) for e in expected]
    largest = [_largest(e) for e in expected]
    for seed in range(-1, references.RUNS):
        if seed >= 0:
            mode = PerturbedRounding(torch.float64, torch.Generator().manual_seed(seed))
            moved = {p: like(_perturbed(example.at(p), mode), example.at(p)) for p in example.paths()}
            args = example.moved(moved)
            with mode:
                noisy = numbers(args)
            if [n.shape for n in noisy] != [e.shape for e in expected]:
                return  # rounding selects another branch: nothing is measured
            scatter(deviations, noisy, expected)
            u = max(u, mode.coarsest)
        if seed < 0 or (seed + 1).bit_count() == 1:
            tolerance = [
                references.FARTHER * (d + 2 * u * torch.full_like(e, m))
                for d, e, m in zip(deviations, expected, largest, strict=True)
            ]
            silent = [~references.telling(t, m, u) for t, m in zip(tolerance, largest, strict=True)]
            yield Envelope(expected, tolerance, silent)


def _largest(t: Tensor) -> float:
    finite = t[t.isfinite()].abs()
    return float(finite.amax()) if finite.numel() else 0.0


def _perturbed(value: Any, mode: PerturbedRounding) -> Tensor:
    t = tensor_of(value)
    return t * mode.factors(t)
