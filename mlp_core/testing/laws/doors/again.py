"""An object that is used a second time still gives the derivative of its own forward."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken, Evidence, Raised
from mlp_core.testing.engine.law import LawBook
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import tensor_of
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.laws.doors.equality import held_to_own_forward
from mlp_core.testing.laws.doors.same_forward import held_to_new
from mlp_core.testing.laws.doors.shared import NOT_FINITE
from mlp_core.testing.subjects.doors.pulled import Pulled, finite, pulled, wide
from mlp_core.testing.subjects.doors.returned import UNIT

book = LawBook()

DRAWN = 8
"""the number of examples that are drawn in advance"""

RAISED = f"outs, pull = run(copy.deepcopy(args))\npull({UNIT})"

STALE = "a new object gives another gradient: this one keeps something of its first forward and backward, and uses it"


def used_once(subject: Any) -> str | None:
    return "nothing is kept between two calls: no object runs" if subject.again is None else None


def prepared(subject: Any) -> st.SearchStrategy[Arguments]:
    """The inputs; a few are drawn in advance, among which one with another batch size is looked for."""
    if not subject.again.drawn:
        subject.again.drawn.extend(sample(subject.inputs, DRAWN))
    return cast("st.SearchStrategy[Arguments]", subject.inputs)


@book.law(prepared, skip=used_once)
def is_the_derivative_when_its_object_runs_again(subject: Any, example: Arguments) -> Evidence:
    """If an object has run forward and backward on other numbers before, also with another batch size, its gradients
    are still the derivative of its own forward.

    Training calls one object thousands of times, and the last batch is often smaller. A cache that is filled only once
    is right in the first step, and wrong in all others.
    """
    example = wide(example)
    fresh, evidence = pulled(subject, example), Evidence(counted=False, note=NOT_FINITE)
    *others, same = subject.again.earlier(example)
    differ = []
    for earlier in [*others, same]:
        used = subject.used(earlier)
        try:
            got = pulled(used, example)
        except Broken as broken:
            if earlier is same:
                broken.note = broken.note if isinstance(broken, Raised) else STALE
                broken.closing = used.again.lines(earlier) + (broken.closing or RAISED)
                raise
            continue  # its state has the old batch size, as that of a recurrent layer
        if [np.shape(o) for o in got.outs] != [np.shape(o) for o in fresh.outs] and earlier is not same:
            continue
        if finite(fresh.outs) and finite(got.outs):
            _judged(used, fresh, got)
            if all(map(torch.equal, _numbers(got), _numbers(fresh))):
                entries = sum(map(Tensor.numel, got.tensors()))
                evidence = evidence if evidence.counted else Evidence(entries=entries, counted=entries > 0)
            else:
                differ.append((used, got, earlier))
    if differ:  # quotients take long: one of them in each example
        evidence = _held(subject, *differ[example.texture % len(differ)], example, fresh)
    return evidence


def _judged(used: Any, *several: Pulled) -> None:
    """Leave out the gradients that may depend on earlier steps."""
    judged = used.again.judged
    for one in several:
        one.gradients = [g for g in one.gradients if judged is None or g.path[0] in judged]


def _held(
    subject: Any, used: Any, got: Pulled, earlier: list[Any], example: Arguments, fresh: Pulled
) -> Evidence:  # fmt: skip
    """Compare a run of a used object with quotients of its own forward; where these are too coarse, with a new object,
    if both have the same forward.
    """
    before = used.again.lines(earlier).replace("{", "{{").replace("}", "}}")
    try:
        evidence = held_to_own_forward(used, example, got, before)
        if evidence.skipped:
            beside = held_to_new(subject, used, example, got, fresh, before)
            evidence = evidence if beside is None else beside
    except Broken as broken:
        broken.note = STALE
        raise
    return evidence


def _numbers(one: Pulled) -> list[Tensor]:
    """The outputs and the gradients."""
    return [*map(tensor_of, one.outs), *one.tensors()]
