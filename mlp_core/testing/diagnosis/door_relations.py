"""The result of a door, the derivatives of its own forward, and the relations between the two that name a mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mlp_core.testing.diagnosis import relations
from mlp_core.testing.diagnosis.columns import of_columns
from mlp_core.testing.diagnosis.constants import of_constants
from mlp_core.testing.diagnosis.elementwise import of_entries
from mlp_core.testing.diagnosis.relations import NEAR, Predicted, near
from mlp_core.testing.diagnosis.transposed import of_matrices
from mlp_core.testing.examples.arguments import Arguments, Path
from mlp_core.testing.examples.foreign_arrays import is_array, like, tensor_of
from mlp_core.testing.oracles.steps import largest, steps_of
from mlp_core.testing.subjects.doors.complexes import ByParts
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.pulled import Pulled, pulled


@dataclass(frozen=True)
class Seen:
    """The result of a door on an example, and the derivatives of its own forward."""

    subject: Form
    example: Arguments
    got: Pulled
    jacobian: list[Tensor]
    """for each array that gets a gradient: (entries, all outputs in a row)"""

    @classmethod
    def on(cls, subject: Form, example: Arguments, got: Pulled) -> Seen | None:
        """None at a kink, where plain quotients are the mean of two slopes, which would be reported as half of one"""
        both = [_by_entries(subject, example, g.path) for g in got.gradients]
        return None if any(bent for _, bent in both) else cls(subject, example, got, [J for J, _ in both])

    def right(self, above: Sequence[Tensor]) -> list[Tensor]:
        """The correct gradients for a given upstream gradient."""
        flat = torch.cat([c.flatten() for c in above])
        shapes = [t.shape for t in self.got.tensors()]
        return [(J @ flat).view(shape) for J, shape in zip(self.jacobian, shapes, strict=True)]

    def slopes_at(self, other: Arguments) -> Tensor:
        """The derivative of each output by the entry at the same place, on another example."""
        (one,) = self.got.gradients
        return _by_entries(self.subject, other, one.path)[0].diagonal().view(tensor_of(other.at(one.path)).shape)

    def slopes_on(self, other: Form, example: Arguments) -> list[Tensor]:
        """For each array that gets a gradient, its derivatives by another subject or on another example."""
        return [_by_entries(other, example, one.path)[0] for one in self.got.gradients]

    def wrong(self) -> list[int]:
        """The arrays whose gradient is wrong."""
        both = zip(self.got.tensors(), self.right(self.got.cut()), strict=True)
        return [k for k, (g, e) in enumerate(both) if not near(g, e)]


BENT = 2.0**-7
"""the fraction of the largest slope by which the slopes of both sides may differ if there is no kink"""


def _by_entries(subject: Form, example: Arguments, path: Path) -> tuple[Tensor, bool]:
    """Plain central differences of all outputs by the entries of one array, and whether the one-sided slopes differ."""
    whole, rows, gaps = tensor_of(example.at(path)), [], [0.0]
    middle = torch.cat([o.flatten() for o in subject.values(example.fresh())])
    steps = steps_of(whole).flatten()
    for k in range(whole.numel()):
        sides = []
        for sign in (1, -1):
            moved = whole.clone()
            moved.view(-1)[k] += sign * steps[k]
            outs = subject.values(example.moved({path: like(moved, example.at(path))}))
            sides.append(torch.cat([o.flatten() for o in outs]))
        rows.append((sides[0] - sides[1]) / (2 * steps[k]))
        gaps.append(largest(sides[0] - 2 * middle + sides[1]) / float(steps[k]))
    found = torch.stack(rows) if rows else torch.zeros(0, 0, dtype=torch.float64)
    return found, max(gaps) > BENT * largest(found)


def relations_of(seen: Seen, expected: list[Tensor]) -> Predicted:
    """Yields each relation in words, and the gradients that it predicts."""
    got, above = seen.got.tensors(), seen.got.cut()
    yield from relations.of_signs(expected)
    if seen.subject.upstream:
        yield from _from_above(seen, above)
    yield from _conjugated(seen, expected, above)
    yield from of_columns(seen.subject, seen.example, seen.got, expected, lambda other: _is_right(seen.subject, other))
    arrays = (a for a in seen.example.args if is_array(a))
    yield from relations.of_sizes(expected, {n for t in (*expected, *above, *arrays) for n in t.shape if n > 1})
    yield from of_constants(seen.subject, seen.example, seen.got, expected, seen.slopes_on)
    gradients = seen.got.gradients
    if gradients:
        values = [tensor_of(seen.example.at(one.path)) for one in gradients]
        yield from relations.of_arguments(values, expected, got)
    yield from relations.of_order([one.name for one in gradients], expected)
    yield from _of_jacobians(seen, expected, above)
    matrices = [(seen.subject.words(path), tensor_of(seen.example.at(path))) for path in seen.example.paths()]
    yield from of_matrices(matrices, expected)
    yield from of_entries(seen.subject, seen.example, seen.got, seen.jacobian, seen.slopes_at, near)
    yield from _overwritten(seen, got, above)
    yield from relations.of_multiples(got, expected)


def _is_right(subject: Form, example: Arguments) -> bool:
    """Whether the gradients are right on an example."""
    seen = Seen.on(subject, example, pulled(subject, example))
    return seen is not None and not seen.wrong()


def _from_above(seen: Seen, above: list[Tensor]) -> Predicted:
    """Relations that use the upstream gradient wrongly."""
    for k in range(len(above)) if len(above) > 1 else ():
        others = [0 * c if j == k else c for j, c in enumerate(above)]
        yield f"the gradient of {{}} leaves out the upstream gradient of output {k}", seen.right(others)
    gradients = seen.got.gradients
    if len(above) == len(gradients) == 1 and above[0].shape == tensor_of(gradients[0].value).shape:
        yield "the derivative of the forward is missing: the upstream gradient is returned as it is", above
    yield "the upstream gradient is ignored: ones are used instead", seen.right([torch.ones_like(c) for c in above])
    if any(c.numel() > 1 for c in above):
        first = [torch.full_like(c, float(c.flatten()[0])) for c in above]
        yield "the first number of the upstream gradient is used for all entries", seen.right(first)
    yield "the upstream gradient is clipped to [-1, 1]", seen.right([c.clamp(-1, 1) for c in above])


def _conjugated(seen: Seen, expected: list[Tensor], above: list[Tensor]) -> Predicted:
    """Relations in which a conjugate is missing, for complex functions whose last axis contains real and imaginary
    parts.
    """
    whole = getattr(seen.subject, "apply", None)
    if not isinstance(whole, ByParts):
        return
    turned = torch.tensor([1.0, -1.0], dtype=torch.float64)

    def conjugate(gradients: list[Tensor]) -> list[Tensor]:
        both = zip(gradients, seen.got.gradients, strict=True)
        return [g * turned if one.path[0] in whole.places else g for g, one in both]

    others = seen.right([c * turned if c.ndim and c.shape[-1] == 2 else c for c in above])
    yield "a conjugate is missing, or too much, in the gradient of {}", conjugate(others)
    yield "the gradient of {} is conjugated: its imaginary part has the other sign", conjugate(expected)


def _overwritten(seen: Seen, got: list[Tensor], above: list[Tensor]) -> Predicted:
    """Relations in which an entry with several contributions keeps only one of them, instead of their sum."""
    flat = torch.cat([c.flatten() for c in above])
    kept = []
    for k, g in enumerate(got):
        each = seen.jacobian[k] * flat  # (entries, outputs)
        if not each.numel():
            kept.append(g)
            continue
        reached = seen.jacobian[k].abs() > NEAR * seen.jacobian[k].abs().amax()
        off = torch.where(reached, (each - g.flatten()[:, None]).abs(), torch.inf)
        one = each.gather(1, off.argmin(dim=1)[:, None]).view(-1)
        one = torch.where(reached.any(dim=1), one, 0.0)
        several = bool((reached.sum(dim=1) > 1).any())
        kept.append(one.view(g.shape) if several else torch.full_like(g, torch.nan))
    yield "an entry of the gradient of {} that gets several contributions keeps only one: use += instead of =", kept


def _of_jacobians(seen: Seen, expected: list[Tensor], above: list[Tensor]) -> Predicted:
    """Relations that use a part of the derivative by a whole array, or its transpose."""
    flat = torch.cat([c.flatten() for c in above])
    square = [J.shape[0] == J.shape[1] for J in seen.jacobian]
    both = list(zip(seen.jacobian, expected, square, strict=True))
    diagonal = [(J.diagonal() * flat).view(e.shape) if one else e for J, e, one in both]
    yield "only the diagonal of the derivative of {} is used: what an entry does to other outputs is left out", diagonal
    yield "the derivative by {} is transposed", [(J.T @ flat).view(e.shape) if one else e for J, e, one in both]
