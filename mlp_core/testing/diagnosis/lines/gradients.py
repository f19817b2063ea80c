"""Follows backpropagations, and compares every gradient with autograd's. The deltas and the gradients by layer are
known."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.diagnosis.lines.cases import Case, Output, telling
from mlp_core.testing.diagnosis.witnesses import witnesses
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.problem import Problem
from mlp_core.testing.oracles import gradients as oracles

LARGEST, CASES = 120, 4
"""the largest number of parameters of a network, and the number of networks that are examined"""


def cases(subject: Any, examples: Sequence[Any]) -> list[Case]:
    own = [p.double() for p in examples if isinstance(p, Problem)]
    several = own + [w.problem for w in witnesses(subject) if subject.batch_sizes[0] <= len(w.problem.x)]
    small = [p for p in several if sum(t.numel() for t in p.parameters) <= LARGEST]
    small.sort(key=lambda p: (len({*p.sizes, len(p.x)}), telling([*p.parameters, p.x])), reverse=True)
    wrong = [made for p in small if (made := _case(subject, p)) is not None]
    return wrong[:CASES]


def _case(subject: Any, problem: Problem) -> Case | None:
    """A problem on which the subject is wrong; None if it is correct."""
    names, expected = problem.case().names, oracles.autograd(problem.case())

    def run(recorder: Any) -> list[Output]:
        case = problem.case()
        with recorder:
            got = subject.raw_gradient(case)
        return [Output(n, g, e, 1e-9) for n, g, e in zip(names, got, expected, strict=True)]

    try:
        if all(one.wrong() is None for one in run(nullcontext())):
            return None
    except Broken:
        return None
    z, a, slopes = _known(problem)

    def known(output: Output, depth: int) -> list[Tensor]:
        """For W and b of a layer: its delta. On the way to that: the next layer's delta, and the factors of both."""
        k = names.index(output.name) // 2
        return [z[k]] if depth == 0 else [z[k], a[k], slopes[k], *z[k + 1 : k + 2]]

    return Case(run, (subject.function,), known, lambda output: z[names.index(output.name) // 2 :][::-1])


def _known(problem: Problem) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """dL/dz, dL/da and f'(z) of every layer."""
    case = problem.case()
    x, layers = case.trace.a[0].detach(), zip(case.model.weights, case.model.biases, problem.activations, strict=True)
    kept = list[tuple[Tensor, Tensor]]()
    with torch.enable_grad():
        for W, b, f in layers:
            z = (x @ W.detach().T + b.detach()) if kept else (x @ W.detach().T + b.detach()).requires_grad_()
            x = f.f(z)
            kept.append((z, x))
        whole = torch.autograd.grad(x, [t for both in kept for t in both], case.dL_dy)
        slopes = [torch.autograd.grad(y, z, torch.ones_like(y), retain_graph=True)[0] for z, y in _alone(kept, problem)]
    return list(whole[0::2]), list(whole[1::2]), slopes


def _alone(kept: list[tuple[Tensor, Tensor]], problem: Problem) -> list[tuple[Tensor, Tensor]]:
    leaves = [z.detach().requires_grad_() for z, _ in kept]
    return [(z, f.f(z)) for z, f in zip(leaves, problem.activations, strict=True)]
