"""Laws of a gradient by hand about what it finds: parameters that moved, gradients bound elsewhere, many layers."""

from __future__ import annotations

from typing import Any

import torch

from mlp_core.testing import bounds, oracles
from mlp_core.testing.conduct import foreign
from mlp_core.testing.failure import compare
from mlp_core.testing.gradient_laws import against_autograd
from mlp_core.testing.gradient_snippets import BOUND, MOVED
from mlp_core.testing.law import Evidence, LawBook
from mlp_core.testing.problem import Case, Problem

book = LawBook()


@book.law(lambda subject: subject.problems(depth=(6, 12), width=(1, 3)))
def handles_many_layers(subject: Any, problem: Problem) -> Evidence:
    """Networks of six to twelve layers."""
    return against_autograd(subject, problem)


@book.law(lambda subject: subject.problems())
def takes_the_parameters_as_they_are(subject: Any, problem: Problem) -> Evidence:
    """Called again after the model's flat buffer has moved, as an update moves it, the gradient is that of the new
    weights: nothing is remembered of the old ones, nor of what flowed back."""
    case = problem.case()
    subject.gradient(case)
    with torch.no_grad():
        case.model.flat.mul_(-0.5)
        trace = case.model.trace(case.trace.a[0])
    if problem.loss is None:
        dL_dy = 2 * case.dL_dy
    else:
        assert case.y is not None
        dL_dy = problem.loss.grad(trace.output, case.y)
    moved = Case(case.model, trace, dL_dy, case.y)
    got, expected = subject.gradient(moved), oracles.autograd(moved)
    closing = MOVED.replace("DL_DY", "2 * dL_dy" if problem.loss is None else problem.setup()[-1].partition(" = ")[2])
    return compare(moved.names, got, expected, bounds.backprop(moved), closing=closing)


@book.law(
    lambda subject: subject.problems(),
    skip=lambda subject: None if subject.to_the_bit else "of the core's own backpropagation alone",
)
def fills_gradients_wherever_they_are(subject: Any, problem: Problem) -> Evidence:
    """Parameters whose gradient lies elsewhere in memory, or is switched off, get theirs as all do, where their grad is
    afterwards."""
    case = problem.case()
    expected = oracles.autograd(case)
    for p in case.model.parameters():
        p.grad = torch.full_like(p, float("nan"))
    for p in case.model.weights[:1]:
        p.requires_grad_(False)
    with foreign():
        subject.function(case.model, case.trace, case.dL_dy)
    got = [torch.full_like(p, float("nan")) if p.grad is None else p.grad for p in case.model.parameters()]
    return compare(case.names, got, expected, bounds.backprop(case), closing=BOUND.replace("FUNCTION", subject.name))
