"""A loss whose gradient contains the derivative of the activation before it: p - y, by the input of softmax.

The activation's own backward returns its upstream gradient as it is. Only the two together are the derivative of
something: they are verified as one loss. The target of a softmax is drawn one-hot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from mlp_core.testing.engine.source import MADE, import_of
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import is_real, like, tensor_of
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.given import required


class Softmax:
    """softmax over the last axis, as a layer whose backward passes its upstream gradient on."""

    def forward(self, z: Any) -> Any:
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def backward(self, above: Any) -> Any:
        return above


class Sigmoid(Softmax):
    """1 / (1 + exp(-z)), as a layer whose backward passes its upstream gradient on."""

    def forward(self, z: Any) -> Any:
        return 1 / (1 + np.exp(-z))


NEAR = 1e-6
"""how near sums are to 1, if they show the axis of a softmax"""

LINES = """\
class {name}:
    def forward(self, {given}):
        self.before, self.loss = {before}(), {loss}()
        return self.loss.{value}({called})
    def backward(self, {given}):
        self.forward({given})
        found = self.loss.{gradient}({again})
        return self.before.{backward}(found)"""


def joined(
    before: type, methods: tuple[str, str], loss: type, value: str, gradient: str, at: int, z: str = "z"
) -> type:  # fmt: skip
    """A class of losses: `loss` of what `before` returns. methods: the forward and the backward of `before`. at: the
    place of the prediction among the arguments of `loss`. z: the name of the input of `before`.
    """
    names = list(required(getattr(loss(), value)))
    again = ", ".join(names) if required(getattr(loss(), gradient)) else ""
    output = f"self.before.{methods[0]}({z})"
    called = ", ".join(output if k == at else n for k, n in enumerate(names))
    given = ", ".join(z if k == at else n for k, n in enumerate(names))
    text = LINES.format(
        name=f"{before.__name__}_{loss.__name__}", given=given, before=before.__name__, loss=loss.__name__, value=value,
        called=called, gradient=gradient, backward=methods[1], again=again and called,
    )  # fmt: skip
    scope: dict[str, Any] = {before.__name__: before, loss.__name__: loss}
    exec(text, scope)  # noqa: S102  (made above, of names alone)
    made: type = scope[f"{before.__name__}_{loss.__name__}"]
    setattr(made, MADE, ([*import_of(before), *import_of(loss), *text.split("\n")], made.__name__))
    return made


def one_hot(form: Form, at: int, before: Callable[[Any], Any]) -> Form:
    """The form with one-hot targets along the axis over which an activation adds up to 1; as it is if there is none.
    at: the place of its input.
    """
    example = sample(form.inputs, 2)[-1]
    own = np.shape(example.args[at])
    others = [k for k, a in enumerate(example.args) if k != at and is_real(a) and np.shape(a) == own]
    with np.errstate(all="ignore"):
        sums = [np.sum(before(example.fresh()[at]), axis=axis) for axis in range(np.ndim(example.args[at]))]
    axes = [axis for axis, total in enumerate(sums) if np.abs(total - 1).max() < NEAR]
    if not axes or not others:
        return form
    inputs = form.inputs.map(lambda drawn: _hot(drawn, others, axes[-1]))
    return replace(form, inputs=inputs, found=f"{form.found}; {form.words((others[0],))} is drawn one-hot")


def _hot(example: Arguments, places: Sequence[int], axis: int) -> Arguments:
    def hot(value: Any) -> Any:
        numbers = tensor_of(value)
        ones = torch.zeros_like(numbers).scatter_(axis, numbers.argmax(axis, keepdim=True), 1.0)
        return like(ones, value)

    return replace(example, args=tuple(hot(a) if k in places else a for k, a in enumerate(example.args)))
