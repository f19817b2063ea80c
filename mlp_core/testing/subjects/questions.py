"""Gradient checks as subjects, and what they are asked: a network, a batch, and a gradient that may be wrong."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from mlp_core.backprop import backprop
from mlp_core.losses import Loss
from mlp_core.model import MLP, Trace
from mlp_core.testing.conduct import foreign, import_of
from mlp_core.testing.failure import literal
from mlp_core.testing.law import Broken, Law
from mlp_core.testing.problem import Case, Problem


@dataclass(frozen=True)
class GradcheckSubject:
    """check(model, x, y, loss, *, gradient=...) -> the relative error of every tensor, by name."""

    check: Callable[..., Any]
    name: str

    def laws(self) -> list[Law]:
        from mlp_core.testing import gradcheck_laws

        return [law.bind(self) for law in gradcheck_laws.book.laws]

    def errors(self, asked: Question, model: MLP, x: Tensor, y: Tensor) -> Mapping[str, float]:
        """What the subject reports; raises Broken where a tensor is missing."""
        with foreign():
            found = self.check(model, x, y, asked.loss, gradient=asked.gradient)
            got = sorted(found)
        expected = sorted(name for name, _ in model.named_parameters())
        if got != expected:
            closing = f"errors = check_model(model, x, y, loss, gradient=gradient)\nassert sorted(errors) == {expected}"
            raise Broken("the tensors reported, such as W1", got, expected, closing=closing)
        result: Mapping[str, float] = found
        return result

    def snippet(self, example: Any, closing: str) -> str:
        """Lines to paste that check the example's gradient."""
        head = ["import torch", "from mlp_core import MLP, activations, backprop, losses", *import_of(self.check)]
        closing = closing or "check_model(model, x, y, loss, gradient=gradient)"
        return "\n".join([*head, "", *example.setup(), "", closing.replace("check_model(", f"{self.check.__name__}(")])


@dataclass(frozen=True)
class Question:
    """A problem with a loss, 2^power times as large, and an error planted in one entry of one tensor of its gradient:
    as many times the norm of the tensor as `size` says, or NaN; and, `beside` entries on, the same error negated."""

    problem: Problem
    tensor: int = 0
    entry: int = 0
    size: float = 0.0
    power: int = 0
    beside: int = 0

    @property
    def loss(self) -> Loss:
        assert self.problem.loss is not None
        return scaled(self.problem.loss, self.power) if self.power else self.problem.loss

    def asked(self) -> tuple[MLP, Tensor, Tensor]:
        """Model, x and y, in the problem's dtype."""
        return self.problem.model(), self.problem.inputs(), self.problem.targets()

    def case(self) -> Case:
        """The same, of its numbers as rounded to their dtype, in float64; the loss as it is without the power."""
        model, x, y = self.asked()
        model, x, y = copy.deepcopy(model).double(), x.double(), y if y.dtype == torch.int64 else y.double()
        trace = model.trace(x)
        assert self.problem.loss is not None
        return Case(model, trace, self.problem.loss.value_and_grad(trace.output, y)[1], y)

    def right(self) -> list[Tensor]:
        """The gradient by tensors, without the power."""
        case = self.case()
        backprop(case.model, case.trace, case.dL_dy)
        return [g.clone() for g in case.model.grad_views]

    @property
    def place(self) -> tuple[int, int]:
        """Tensor and entry of the error, among those that there are."""
        tensor = self.tensor % len(self.problem.parameters)
        return tensor, self.entry % self.problem.parameters[tensor].numel()

    def errors(self) -> dict[int, float]:
        """What is added to the entries of the tensor, without the power."""
        tensor, entry = self.place
        if not self.size:
            return {}
        g = self.right()[tensor]
        error, other = self.size * g.norm().item(), (entry + self.beside) % g.numel()
        return {entry: error} if other == entry else {entry: error, other: -error}

    def gradient(self, model: MLP, trace: Trace, dL_dy: Tensor) -> None:
        """The gradient that is checked."""
        backprop(model, trace, dL_dy)
        for entry, error in self.errors().items():
            model.grad_views[self.place[0]].view(-1)[entry] += 2.0**self.power * error

    def describe(self) -> str:
        tensor, entry = self.place
        name = [n for n, _ in self.problem.model().named_parameters()][tensor]
        planted = f"; an error of {self.size:g} norms in entry {entry} of {name}" if self.size else ""
        planted += ", another beside it" if len(self.errors()) > 1 else ""
        return f"{self.problem.describe()}, times 2^{self.power}{planted}"

    def setup(self) -> list[str]:
        assert self.problem.loss is not None
        lines = [*self.problem.setup()[:-2], f'loss = losses.get("{self.problem.loss.name}")']
        if self.power:
            lines += ["from mlp_core.testing.gradcheck_subjects import scaled", f"loss = scaled(loss, {self.power})"]
        lines += ["def gradient(model, trace, dL_dy):", "    backprop(model, trace, dL_dy)"]
        for entry, error in self.errors().items():
            lines.append(
                f"    model.grad_views[{self.place[0]}].view(-1)[{entry}] += {literal(2.0**self.power * error)}"
            )
        return lines


def scaled(loss: Loss, power: int) -> Loss:
    """2^power times a loss: every number but the power is to the bit what it was."""
    factor = 2.0**power
    return replace(
        loss, name=f"2^{power} {loss.name}", value=lambda y_hat, y: factor * loss.value(y_hat, y),
        grad=lambda y_hat, y: factor * loss.grad(y_hat, y), terms=lambda y_hat, y: factor * loss.terms(y_hat, y),
        grad_terms=lambda y_hat, y: factor * loss.grad_terms(y_hat, y),
    )  # fmt: skip
