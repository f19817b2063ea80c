"""An object that is used a second time still gives the derivative of its own forward."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import tensor_of
from mlp_core.testing.laws.doors.equality import held_to_own_forward
from mlp_core.testing.laws.doors.shared import NOT_FINITE
from mlp_core.testing.subjects.doors.pulled import Pulled, finite, pulled, wide

book = LawBook()

STALE = "a new object gives another gradient: this one keeps something of its first forward and backward, and uses it"


def used_once(subject: Any) -> str | None:
    return "nothing is kept between two calls: no object runs" if subject.again is None else None


@book.law(lambda subject: subject.inputs, skip=used_once)
def is_the_derivative_when_its_object_runs_again(subject: Any, example: Arguments) -> Evidence:
    """If an object has run forward and backward on other numbers before, its gradients are still the derivative of its
    own forward.

    Training calls one object thousands of times. A cache that is filled only once is right in the first step, and wrong
    in all others.
    """
    example = wide(example)
    earlier = example.others()
    used = subject.used(earlier)
    fresh, got = pulled(subject, example), pulled(used, example)
    if not finite(fresh.outs) or not finite(got.outs):
        return Evidence(counted=False, note=NOT_FINITE)
    judged = subject.again.judged
    for one in (fresh, got):
        one.gradients = [g for g in one.gradients if judged is None or g.path[0] in judged]
    if all(map(torch.equal, _numbers(got), _numbers(fresh))):
        count = sum(map(Tensor.numel, got.tensors()))
        return Evidence(entries=count, counted=count > 0)
    before = subject.again.lines(earlier).replace("{", "{{").replace("}", "}}")
    try:
        return held_to_own_forward(used, example, got, before)
    except Broken as broken:
        broken.note = STALE
        raise


def _numbers(one: Pulled) -> list[Tensor]:
    """The outputs and the gradients."""
    return [*map(tensor_of, one.outs), *one.tensors()]
