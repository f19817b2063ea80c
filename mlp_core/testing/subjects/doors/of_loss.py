"""A loss and its gradient as two functions whose parameters are numpy arrays, a dict of arrays or one array."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.arguments import Arguments, places_of
from mlp_core.testing.examples.foreign_arrays import is_real
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import every, strategy_of, waived
from mlp_core.testing.subjects.doors.value_and_gradient import held_to_one_number


@dataclass(frozen=True)
class OfLoss:
    """loss(params, *data) -> a number; gradient(params, *data) -> gradients in the structure of params."""

    loss: Callable[..., Any]
    gradient: Callable[..., Any]

    def __call__(self, args: list[Any]) -> Run:
        value = self.loss(*args)
        held_to_one_number(value, "what loss returns")
        return Run([value], lambda above: self.gradient(*args))

    def source(self, example: Arguments) -> list[str]:
        return [
            *import_of(self.loss), *import_of(self.gradient), "def run(args):",
            f"    return [{name_of(self.loss)}(*args)], lambda above: {name_of(self.gradient)}(*args)",
        ]  # fmt: skip


def of_loss(
    loss: Callable[..., Any], gradient: Callable[..., Any], inputs: st.SearchStrategy[Any], waives: Sequence[str] = ()
) -> Form:
    """A loss and its gradient by the first argument. Drawing raises ArgumentError for arguments that loss does not
    accept.
    """
    given = OfLoss(loss, gradient)

    def taken(example: Arguments) -> Arguments:
        try:
            inspect.signature(loss).bind(*example.args)
        except TypeError as error:
            got = Described(f"{len(example.args)} arguments, the params {example.args[0]!r:.60}")
            takes = f"(params, *data) as {name_of(loss)} takes them ({error})"
            expected = f"{takes}, params a list of float64 tensors or arrays"
            raise ArgumentError("inputs", got, expected) from None
        return example

    drawn = strategy_of(inputs).map(taken)
    return Form(
        name_of(gradient), "loss with its gradient", drawn, given, given.source, names=every(loss), asked=(0,),
        upstream=False, waived=waived(waives),
    )  # fmt: skip


def is_otherwise(inputs: st.SearchStrategy[Any]) -> bool:
    """Whether the drawn parameters contain arrays and are not a list of tensors."""
    try:
        (drawn,) = sample(inputs, 1)
    except Exception:  # a failing draw is reported when it is drawn
        return False
    params = drawn[0] if isinstance(drawn, tuple) and drawn else drawn
    tensors = isinstance(params, (list, tuple)) and all(isinstance(p, torch.Tensor) for p in params)
    return not tensors and bool(places_of(params, is_real))
