"""The smallest example of a failing law as numbers that can be drawn: the network, its gradients, and their errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from mlp_core import equality
from mlp_core.quotients import relative_error
from mlp_core.testing.bounds import formulas
from mlp_core.testing.diagnosis.witnesses import observe
from mlp_core.testing.examples.problem import Problem
from mlp_core.testing.oracles import gradients as oracles

STEPS = tuple(10.0**-k for k in range(1, 13))
"""the steps of the central differences in the curve"""

LARGEST = 200
"""the largest number of parameters of a network that is drawn"""


@dataclass(frozen=True)
class Exhibit:
    """A network of sizes n_0..n_L in float64, on a batch; tensors as nested lists, W1, b1, W2, ... in order."""

    sizes: Sequence[int]
    functions: Sequence[str]
    samples: int
    a: Sequence[Sequence[float]]
    """a[0]..a[L] of the first sample, (n_l,) each"""
    names: Sequence[str]
    parameters: Sequence[Any]
    expected: Sequence[Any]
    """gradients by autograd"""
    got: Sequence[Any]
    """the subject's gradients, None for one with a wrong shape; empty if the subject raises or is not deterministic"""
    wrong: Sequence[Sequence[int]]
    """(tensor, index, ...) of each entry that rounding does not explain; all entries of a tensor with a wrong shape"""
    errors: Sequence[float]
    """relative error of each tensor; infinite if the shape is wrong"""
    kink: bool
    """whether a pre-activation is on a kink, where difference quotients are meaningless"""
    steps: Sequence[float]
    curve: Sequence[float]
    """for each step, the relative error between the subject's gradient and central differences, of the worst tensor"""
    reference: Sequence[float]
    """the same for autograd's gradient"""


def exhibit(subject: Any, problem: Problem) -> dict[str, Any] | None:
    """An Exhibit as JSON; None for a network that is too large to draw."""
    problem = problem.double()
    if sum(p.numel() for p in problem.parameters) > LARGEST:
        return None
    case = problem.case()
    expected, limits = oracles.autograd(case), formulas.backprop(case)
    gradients = observe(subject, problem).gradients
    got = [g.double() if g.shape == e.shape else None for g, e in zip(gradients, expected, strict=False)]
    differences = [oracles.central_differences(problem, case, step)[0] for step in STEPS]
    shown = Exhibit(
        sizes=problem.sizes,
        functions=[f.name for f in problem.activations],
        samples=len(problem.x),
        a=[a[0].tolist() for a in case.trace.a],
        names=case.names,
        parameters=[p.tolist() for p in case.model.parameters()],
        expected=[e.tolist() for e in expected],
        got=[None if g is None else g.tolist() for g in got],
        wrong=[
            [k, *index]
            for k, (g, e, limit) in enumerate(zip(got, expected, limits, strict=False))
            for index in torch.nonzero(_off(g, e, limit)).tolist()
        ],
        errors=[_error(e, g) for g, e in zip(got, expected, strict=False)],
        kink=any((z == at).any() for f, z in zip(problem.activations, case.trace.z[1:], strict=True) for at in f.kinks),
        steps=STEPS,
        curve=[_worst(d, got) for d in differences] if got else [],
        reference=[_worst(d, expected) for d in differences],
    )
    return asdict(shown)


def _off(got: Tensor | None, expected: Tensor, limit: Tensor) -> Tensor:
    if got is None:
        return torch.ones_like(expected, dtype=torch.bool)
    return ~((got - expected).abs() <= limit) & ~equality.same(got, expected)


def _error(expected: Tensor, got: Tensor | None) -> float:
    return math.inf if got is None else relative_error(expected, got)


def _worst(differences: Sequence[Tensor], gradients: Sequence[Tensor | None]) -> float:
    return max(_error(d, g) for d, g in zip(differences, gradients, strict=False))
