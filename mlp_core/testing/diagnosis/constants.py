"""A backward pass that does not use a constant of its forward, such as a stride, a dilation, a temperature or the
strength of a penalty: its gradient is that of another value of this constant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.held import Place, at, put, walked, word
from mlp_core.testing.subjects.doors.layered import Layered
from mlp_core.testing.subjects.doors.pulled import Pulled
from mlp_core.testing.subjects.doors.seeds import seeded

UNUSED = "the gradient of {{}} is that for {0} = 1: the backward pass does not use {0}"
LEFT_OUT = "the gradient of {{}} is that for {0} = 0: the term with {0} is left out"
TOO_SMALL = "the factor {0} is missing in the gradient of {{}}"
TOO_LARGE = "the gradient of {{}} has the factor {0} too much: it is not divided by it, or multiplied by it twice"

MOST = 8
"""the number of constants of an object that are tried"""

ByEntries = Callable[[Form, Arguments], Sequence[Tensor]]
Other = tuple[Form, Arguments]


def of_constants(
    subject: Form, example: Arguments, got: Pulled, expected: list[Tensor], by_entries: ByEntries
) -> Iterator[tuple[str, list[Tensor]]]:  # fmt: skip
    """Yields each relation in words, and the gradients that it predicts. by_entries(subject, example): for each array
    that gets a gradient, the derivative of all outputs in a row by its entries.
    """
    for plain, value, other in (*_arguments(subject, example), *_attributes(subject, example)):
        name = plain.replace("{", "{{").replace("}", "}}")  # the names of gradients are filled in later
        if isinstance(value, float) and value not in (0.0, 1.0):
            yield TOO_SMALL.format(name), [e / value for e in expected]
            yield TOO_LARGE.format(name), [e * value for e in expected]
        for words, neutral in ((UNUSED, 1), (LEFT_OUT, 0)):
            if value == neutral:
                continue
            found = _gradients(*other(type(value)(neutral)), got, by_entries)
            if found is not None:
                yield words.format(name), found


def _is_constant(value: Any) -> bool:
    return type(value) in (int, float)


def _arguments(subject: Form, example: Arguments) -> Iterator[tuple[str, Any, Callable[[Any], Other]]]:
    """The constants among the arguments: their names, their values, and the example with another value."""

    def moved(k: int, value: Any) -> Other:
        args = [value if j == k else a for j, a in enumerate(example.args)]
        return subject, replace(example, args=type(example.args)(args))

    for k, value in enumerate(example.args):
        if _is_constant(value):
            yield subject.words((k,)), value, partial(moved, k)


def _attributes(subject: Form, example: Arguments) -> Iterator[tuple[str, Any, Callable[[Any], Other]]]:
    """The constants that a layer keeps as attributes: their names, their values, and the layer with another value."""
    given = subject.run
    if not isinstance(given, Layered):
        return

    def changed(place: Place, value: Any) -> Any:
        made = given.make()
        put(at(made, place[:-1]), place[-1], value)
        return made

    def moved(place: Place, value: Any) -> Other:
        return replace(subject, run=replace(given, make=partial(changed, place, value))), example

    with seeded():
        made = given.make()
    for place, value in islice(walked(made, _is_constant), MOST):
        yield word(place), value, partial(moved, place)


def _gradients(subject: Form, other: Arguments, got: Pulled, by_entries: ByEntries) -> list[Tensor] | None:
    """The gradients of the forward with another constant, for the same upstream gradients. With a smaller stride there
    are more outputs, of which the first count. None if it does not run, or has other or fewer outputs.
    """
    above = got.cut()
    try:
        outs = subject.values(other.fresh())
        if [o.ndim for o in outs] != [c.ndim for c in above]:
            return None
        full = [o.new_zeros(o.shape) for o in outs]
        for whole, c in zip(full, above, strict=True):
            if any(n < m for n, m in zip(whole.shape, c.shape, strict=True)):
                return None
            whole[tuple(slice(m) for m in c.shape)] = c
        flat = torch.cat([o.flatten() for o in full])
        shapes = [t.shape for t in got.tensors()]
        return [(J @ flat).view(shape) for J, shape in zip(by_entries(subject, other), shapes, strict=True)]
    except (Broken, ArithmeticError, ValueError, IndexError, RuntimeError):
        return None  # the function does not take this constant
