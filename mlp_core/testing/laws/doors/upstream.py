"""Gradients are linear in the upstream gradients, and do not depend on their strides."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlp_core.testing.bounds import references
from mlp_core.testing.bounds.forwards import unit_of
from mlp_core.testing.engine.evidence import Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import copied, source_of, tensor_of
from mlp_core.testing.examples.layouts import expanded, expanded_rows, part_of_larger, transposed
from mlp_core.testing.laws.doors.shared import NOT_FINITE, Bound, filled, held, nearest
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.pulled import Pulled, finite, pulled

book = LawBook()


def taken(subject: Form) -> str | None:
    words = f"it takes no upstream gradient: the gradient of a {subject.door} is that of its output"
    return None if subject.upstream else words


NOT_LINEAR = "the gradient is not linear in the upstream gradient"

LINEAR = """\
def gradient(above):
    return pull_of(above)PLACE
def pull_of(above):
    return run(copy.deepcopy(args))[1](above)
first, second = gradient(ONE), gradient(OTHER)
got = gradient(BOTH)
expected = 2 * first - 3 * second
rounding = (2 * abs(float(first[{index}])) + 3 * abs(float(second[{index}]))) * LAST_BITS
assert abs(float(got[{index}]) - float(expected[{index}])) <= max(rounding, {bound}), (got, expected)"""
"""rounding: that of the corrected gradient. The bound is that of the wrong gradient, and may be NaN"""


@book.law(
    lambda subject: subject.inputs, skip=taken,
    beside="it also applies to gradients that are estimates by design and are no derivative of anything",
)  # fmt: skip
def is_linear_in_the_upstream_gradient(subject: Any, example: Arguments) -> Evidence:
    """For upstream gradients u and v, the gradient for 2 u - 3 v is 2 times the gradient for u minus 3 times the
    gradient for v.

    A backward that clips, normalises or rescales its upstream gradient may be correct at the end of a network. It is
    wrong inside a larger one.
    """
    one = pulled(subject, example)
    if not finite(one.outs):
        return Evidence(counted=False, note=NOT_FINITE)
    second = [tensor_of(c) for c in subject.above(example, one.outs, 1)]
    other = pulled(subject, example, _unlike(second, example.texture))
    both = [2 * u - 3 * v for u, v in zip(one.cut(), other.cut(), strict=True)]
    got = pulled(subject, example, both)
    expected = [2 * u - 3 * v for u, v in zip(one.tensors(), other.tensors(), strict=True)]

    def limits(of: Callable[[Pulled], list[Tensor]]) -> list[Tensor]:
        return [a + 2 * b + 3 * c for a, b, c in zip(*map(of, (got, one, other)), strict=True)]

    texts = [source_of(list(p.above)) for p in (one, other, got)]
    bits = repr(references.last_bits(1.0, unit_of(one.outs)))
    fixed = {"ONE": texts[0], "OTHER": texts[1], "BOTH": texts[2], "LAST_BITS": bits}
    closings = [filled(LINEAR, PLACE=g.place, **fixed) for g in got.gradients]
    names = [f"gradient of {g.name} for the upstream gradient 2 u - 3 v" for g in got.gradients]
    return nearest(
        lambda bound: held(names, got.tensors(), expected, limits(bound), closings, NOT_LINEAR), subject, example
    )


LARGER = 2.0**7
"""the factor of an upstream gradient that is so large that a backward which clips it shows"""


def _unlike(above: list[Tensor], texture: int) -> list[Tensor]:
    """An upstream gradient of another kind: in every second example every second entry is 0, in every fourth all
    entries are large.
    """
    if texture % 2:
        return [LARGER * c for c in above] if texture % 4 == 1 else above
    return [torch.where(torch.arange(c.numel()).view(c.shape) % 2 == 0, c, 0.0) for c in above]


STRIDES = """\
from mlp_core.testing.examples.layouts import KIND
def gradient(above):
    return run(copy.deepcopy(args))[1](above)PLACE
plain = ABOVE
odd = [KIND(c) for c in copy.deepcopy(plain)]
got, expected = gradient(odd), gradient(plain)
assert abs(float(got[{index}]) - float(expected[{index}])) <= {bound}, (got, expected)"""


RAISED = """\
from mlp_core.testing.examples.layouts import expanded, expanded_rows, part_of_larger, transposed
for kind in (transposed, part_of_larger, expanded_rows, expanded):
    outs, pull = run(copy.deepcopy(args))
    pull([kind(torch.ones_like(o) if torch.is_tensor(o) else np.ones(np.shape(o))) for o in outs])"""


@book.law(lambda subject: subject.inputs, skip=taken, closing=RAISED)
def takes_upstream_gradients_of_any_strides(subject: Any, example: Arguments) -> Evidence:
    """The gradient does not depend on the strides of the upstream gradient. It may be contiguous, transposed or a slice
    of a larger tensor. If its entries are equal, it may be expanded from one of them, with strides of 0.

    Code that reads memory instead of entries is correct until the next operation is a transpose, a slice or a sum.
    """
    first = pulled(subject, example)
    if not finite(first.outs):
        return Evidence(counted=False, note=NOT_FINITE)
    evidence = Evidence()
    for kind in (transposed, part_of_larger, expanded_rows, expanded):
        odd = [kind(copied(c)) for c in first.above]
        plain = first if kind in (transposed, part_of_larger) else pulled(subject, example, [tensor_of(c) for c in odd])
        run = subject.call(example.fresh())
        found = subject.gradients(example, run.pull(odd), odd)
        got = [torch.as_tensor(np.array(_plain(g.value), dtype=np.float64)) for g in found]
        closings = [
            filled(STRIDES, PLACE=g.place, ABOVE=source_of(list(plain.above)), KIND=kind.__name__) for g in found
        ]
        words = kind.__name__.replace("_", " ")
        names = [f"gradient of {g.name}, upstream gradient {words}" for g in found]
        note = f"backward reads its upstream gradient as contiguous memory; here it is {words}"
        told = partial(_held_strided, names, got, plain, closings, note)
        evidence.join(nearest(told, subject, example))
    evidence.counted = evidence.entries > 0
    return evidence


def _held_strided(
    names: list[str], got: list[Tensor], plain: Pulled, closings: list[str], note: str, bound: Bound
) -> Evidence:
    return held(names, got, plain.tensors(), bound(plain), closings, note)


def _plain(value: Any) -> Any:
    return value.detach().double().numpy() if isinstance(value, Tensor) else value
