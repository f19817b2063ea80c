"""Two mistakes in the derivative of an elementwise function: it is written in terms of the output but evaluated at the
input, or vice versa."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import like, tensor_of
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.pulled import Pulled, pulled

BY_OUTPUT = "the derivative is written by the output, and is taken of the input {}"
BY_INPUT = "the derivative is written by the input {}, and is taken of the output"

Near = Callable[[Tensor, Tensor], bool]


def of_entries(
    subject: Form, example: Arguments, got: Pulled, jacobian: Sequence[Tensor], slopes_at: Any, near: Near
) -> Iterator[tuple[str, list[Tensor]]]:  # fmt: skip
    """The two relations, for a function from one array to one of the same shape. slopes_at(example): the derivative of
    each entry on that example.
    """
    if len(got.gradients) != 1 or len(got.outs) != 1:
        return
    (J,), (one,), (c,) = jacobian, got.gradients, got.cut()
    out = tensor_of(got.outs[0])
    if out.shape != tensor_of(one.value).shape or bool((J - torch.diag(J.diagonal())).any()):
        return
    other = Arguments(
        tuple(example.moved({one.path: like(out, example.at(one.path))})), example.blob, example.texture
    )  # fmt: skip
    try:
        there = slopes_at(other)
        mine = pulled(subject, other, [c]).tensors()[0]
    except Broken:
        return
    yield BY_INPUT, [c * there]
    if near(mine, c * J.diagonal().view(c.shape)):
        yield BY_OUTPUT, got.tensors()
