"""Finds the mistake in a gradient beside its loss in torch: a relation to the gradient that autograd computes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from torch import Tensor

from mlp_core.testing.bounds.functions import gradient
from mlp_core.testing.diagnosis import relations
from mlp_core.testing.diagnosis.relations import Predicted, near
from mlp_core.testing.engine import guards
from mlp_core.testing.examples.inputs import Inputs
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects.functions import FunctionSubject

WITNESSES = 4
"""the number of examples on each of which a relation must hold"""

DRAWN = 24
"""the number of examples from which the largest are chosen: on a small one many relations hold by chance"""

KEPT = {"last": slice(None, -1), "first": slice(1, None)}


@dataclass(frozen=True)
class Seen:
    """Both gradients of an example."""

    subject: FunctionSubject
    inputs: Inputs
    got: list[Tensor]
    expected: list[Tensor]

    @classmethod
    def on(cls, subject: FunctionSubject, inputs: Inputs) -> Seen | None:
        """None if a gradient cannot be computed there, or is not finite."""
        try:
            got, expected = [g.detach() for g in subject.by_hand(inputs)], slopes(subject, inputs)
        except Exception:
            return None
        finite = all(bool(t.isfinite().all()) for t in (*got, *expected))
        return cls(subject, inputs, got, expected) if finite else None

    def wrong(self) -> list[int]:
        return [k for k, (g, e) in enumerate(zip(self.got, self.expected, strict=True)) if not near(g, e)]


def slopes(subject: FunctionSubject, inputs: Inputs) -> list[Tensor]:
    """The gradient by autograd."""
    params, data = inputs.fresh()
    return gradient(subject.value, params, data)


def diagnose(subject: FunctionSubject, examples: Sequence[Inputs]) -> str | None:
    """The mistake in words: one that reproduces the gradient on each of several examples on which it is wrong. None if
    no known relation does.
    """
    with guards.globals_kept():
        seen = list(_witnesses(subject, examples))
        if not seen:
            return None
        several = [{words for words, predicted in _relations(one) if _holds(one, predicted)} for one in seen[1:]]
        holding = (words for words, predicted in _relations(seen[0]) if _holds(seen[0], predicted))
        found = next((words for words in holding if all(words in others for others in several)), None)
    names = {k: seen[0].inputs.names()[k] for one in seen for k in one.wrong()}
    return None if found is None else found.format(", ".join(names[k] for k in sorted(names)))


def _witnesses(subject: FunctionSubject, examples: Sequence[Inputs]) -> Iterator[Seen]:
    """The largest of a few drawn examples on which the gradient is wrong; if there are none, the given ones."""

    def wrong(several: Sequence[Inputs]) -> Iterator[Seen]:
        seen = (Seen.on(subject, inputs) for inputs in several)
        return islice((one for one in seen if one is not None and one.wrong()), WITNESSES)

    drawn = sorted(sample(subject.inputs, DRAWN), key=lambda inputs: -sum(p.numel() for p in inputs.params))
    return wrong([*drawn, *examples])


def _holds(seen: Seen, predicted: list[Tensor]) -> bool:
    return all(near(seen.got[k], predicted[k]) for k in seen.wrong())


def _relations(seen: Seen) -> Predicted:
    """All relations between the two gradients of an example, the simplest first."""
    got, expected, params = seen.got, seen.expected, seen.inputs.params
    tensors = (t for t in (*params, *seen.inputs.data) if isinstance(t, Tensor))
    yield from relations.of_signs(expected)
    yield from relations.of_sizes(expected, {n for t in tensors for n in t.shape if n > 1})
    yield from relations.of_arguments(params, expected, got)
    yield from relations.of_order(seen.inputs.names(), expected)
    yield from _of_samples(seen)
    yield from relations.of_multiples(got, expected)


def _of_samples(seen: Seen) -> Predicted:
    """A sample of the data is left out: of their sum, or of their mean, which is still divided by all of them."""
    data = seen.inputs.data
    sizes = {len(t) if isinstance(t, Tensor) and t.ndim else 0 for t in data}
    n = max(sizes, default=0)
    if sizes != {n} or n < 2:
        return
    for which, kept in KEPT.items():
        fewer = replace(seen.inputs, data=tuple(t[kept] for t in data))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of torch, if other data broadcast
                found = slopes(seen.subject, fewer)
        except (RuntimeError, ValueError, IndexError):  # the loss takes no such data
            continue
        for factor in (1.0, (n - 1) / n):
            yield f"the {which} sample is left out in the gradient of {{}}", [factor * e for e in found]
