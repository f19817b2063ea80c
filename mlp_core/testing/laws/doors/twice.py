"""A backward that is differentiated again gives the correct second derivative, or refuses with an exception."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mlp_core.testing.bounds.forwards import unit_of
from mlp_core.testing.engine import guards
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.arguments import Arguments, NamedInputs
from mlp_core.testing.examples.foreign_arrays import source_of
from mlp_core.testing.laws.doors.shared import EXTRAPOLATED, NOT_FINITE, filled, said
from mlp_core.testing.laws.functions.quotients import held_to_quotients
from mlp_core.testing.oracles.doors import ForwardValues
from mlp_core.testing.subjects.doors.function import FunctionForm
from mlp_core.testing.subjects.doors.pulled import finite, pulled

book = LawBook(judges=True)

SILENT = (
    "backward uses a tensor that was saved without its history, so that the second derivative is wrong without a "
    "warning: save inputs or outputs of forward with save_for_backward, or refuse with once_differentiable"
)

TWICE = (
    """\
ABOVE
along, weights = ALONG, WEIGHTS
def gradients(t, graph=False):
    own = [a + t * d if d is not None else a for a, d in zip(args, along)]
    own = [a.detach().clone().requires_grad_() if d is not None else a for a, d in zip(own, along)]
    found = CALL(*[a.clone() if d is not None else a for a, d in zip(own, along)])
    found = found if isinstance(found, (tuple, list)) else [found]
    outs = [o for o in found if torch.is_tensor(o) and o.requires_grad]
    leaves = [a for a, d in zip(own, along) if d is not None]
    found = torch.autograd.grad(outs, leaves, above, allow_unused=True, materialize_grads=True, create_graph=graph)
    return leaves, sum((g * w).sum() for g, w in zip(found, weights))
leaves, first = gradients(0.0, True)
second = [None] * len(leaves)
if first.requires_grad:
    second = torch.autograd.grad(first, leaves, allow_unused=True)
got = sum(float((s * d).sum()) for s, d in zip(second, [d for d in along if d is not None]) if s is not None)
def value(h):
    return float(gradients(h)[1])
"""
    + EXTRAPOLATED
)


@dataclass(frozen=True)
class Along:
    """The gradients along a line through the arguments, weighted."""

    subject: FunctionForm
    example: Arguments
    above: list[Tensor]
    along: list[Tensor]
    weights: list[Tensor]
    u: float
    """the unit roundoff of the gradients"""

    def value(self, params: list[Tensor]) -> Tensor:
        return torch.stack([t.sum() for t in self.terms(params)]).sum()

    def terms(self, params: list[Tensor], extended: bool = False) -> list[Tensor]:
        """Each gradient times its weight; none with more digits than float64, which torch does not have."""
        if extended:
            return []
        t, paths = params[0], self.subject.paths(self.example)
        moved = {p: self.example.at(p) + t * d for p, d in zip(paths, self.along, strict=True)}
        at = Arguments(tuple(self.example.moved(moved)), self.example.blob, self.example.texture)
        found = pulled(self.subject, at, self.above)
        return [g * w for g, w in zip(found.tensors(), self.weights, strict=True)]


RAISED = """\
outs, pull = run(args)
above = [torch.ones_like(o, requires_grad=True) for o in outs]
torch.autograd.backward(outs, above, create_graph=True)"""


@book.law(lambda subject: subject.inputs, closing=RAISED)
def is_right_or_refused_when_differentiated_twice(subject: FunctionForm, example: Arguments) -> Evidence:
    """Along a random direction, autograd's derivative of the gradient equals the difference quotient of the gradient.
    Or backward raises an exception to say that it cannot be differentiated.

    Gradient penalties, Hessians and meta-learning differentiate a gradient again. If backward uses a tensor that was
    saved without its history, the second derivative is wrong, and nothing reports it.
    """
    first = pulled(subject, example)
    if not finite(first.outs):
        return Evidence(counted=False, note=NOT_FINITE)
    shapes = [tuple(t.shape) for t in first.tensors()]
    along, weights = example.above(shapes, 1), example.above(shapes, 2)
    with guards.foreign():
        got = _by_autograd(subject, example, first.cut(), along, weights)
    if got is None:
        return Evidence(entries=1)
    line = Along(subject, example, first.cut(), along, weights, unit_of([g.value for g in first.gradients]))
    zero = torch.zeros((), dtype=torch.float64)
    values = ForwardValues(line, NamedInputs((zero,), (), ("the gradients along a line, by autograd",)))
    if jumps(line, values.rounding.error):
        return Evidence(counted=False, note="the gradient jumps at the example")
    evidence = Evidence()
    by = {p[0]: d for p, d in zip(subject.paths(example), along, strict=True)}
    lines = [by.get(k) for k in range(len(example.args))]
    closing = filled(
        TWICE, ABOVE=said(first.above), ALONG=source_of(lines), WEIGHTS=source_of(weights), CALL=subject.call_word
    )  # fmt: skip
    try:
        held_to_quotients(values, 0, got, evidence, closing)
    except Broken as broken:
        broken.note = broken.note or SILENT
        raise
    evidence.counted = evidence.entries > 0
    return evidence


def jumps(line: Along, error: float) -> bool:
    """Whether the gradient jumps at the example, as at a kink: then its change does not shrink with the step."""
    points = (torch.tensor([h, -h], dtype=torch.float64) for h in (2.0**-40, 2.0**-30))
    near, far = (abs(float(line.value([up]) - line.value([down]))) for up, down in points)
    return near > 4 * error and near > far / 2


def _by_autograd(
    subject: FunctionForm, example: Arguments, above: list[Tensor], along: list[Tensor], weights: list[Tensor]
) -> Tensor | None:  # fmt: skip
    """The derivative of the weighted gradients along a line; None if backward refuses."""
    run = subject.applied
    leaves = run.leaves(example.fresh())
    with subject.guarded(example.args):
        outs = run.outputs(leaves, example.fresh())
        # once_differentiable refuses only if the upstream gradient has a history (torch 2.15)
        cut = [c.to(o.dtype, copy=True).requires_grad_() for c, o in zip(above, outs, strict=True)]
        found = [g for g in run.pulled(leaves, outs, cut, create_graph=True) if g is not None]
        live = [(g * w).sum() for g, w in zip(found, weights, strict=True) if g.requires_grad]
        if not live:
            return torch.zeros((), dtype=torch.float64)
        own = [a for a in leaves if isinstance(a, Tensor) and a.requires_grad]
        try:
            torch.stack(live).sum().backward()  # autograd.grad would bypass the refusal
        except RuntimeError:
            return None
    second = [torch.zeros_like(a) if a.grad is None else a.grad for a in own]
    return torch.stack([(s * d).sum() for s, d in zip(second, along, strict=True)]).sum().detach()
