"""The examples for a gradient check: a network, a batch, and a gradient that may be wrong."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core import activations, losses
from mlp_core.backprop import backprop
from mlp_core.losses import Loss
from mlp_core.model import MLP, Trace
from mlp_core.testing.engine.source import literal
from mlp_core.testing.examples.networks import all_activations, all_losses, on_kinks, problems
from mlp_core.testing.examples.numbers import Numbers, blobs, textures
from mlp_core.testing.examples.problem import Case, Problem

SIZES = (0.5, -1.0, 0.01, 3.0, -1e-3)
"""sizes of planted errors, relative to the norm of their tensor"""


def small(**options: Any) -> st.SearchStrategy[Problem]:
    """Networks that are small enough to perturb every entry of every parameter."""
    chosen = {"dtypes": (torch.float64,), "objectives": all_losses(), **options}
    return problems(batch=(1, 5), depth=(1, 3), width=(1, 4), **chosen)


def right(**options: Any) -> st.SearchStrategy[Question]:
    """Correct gradients."""
    return small(**options).map(Question)


def wrong(**options: Any) -> st.SearchStrategy[Question]:
    """Gradients with one wrong entry."""
    where = st.integers(0, 255)
    chosen = {"problem": small(), "tensor": where, "entry": where, "size": st.sampled_from(SIZES), **options}
    return st.builds(Question, **chosen)


@st.composite
def wide(draw: st.DrawFn) -> Problem:
    """Networks of two layers, the first with 24 to 48 large inputs."""
    sizes = (draw(st.integers(24, 48), label="inputs"), draw(st.integers(2, 4), label="width"), 1)
    rows, blob, texture = draw(st.integers(1, 3), label="batch size"), draw(blobs), draw(textures)
    shapes = [(sizes[1], sizes[0]), (sizes[1],), (1, sizes[1]), (1,)]
    numbers = Numbers(blob, sum(a[0] * (a[1] if len(a) == 2 else 1) for a in shapes) + rows * (sizes[0] + 1), texture)
    parameters = tuple(numbers.take(shape, 2.0**-6) for shape in shapes)
    x, y = numbers.take((rows, sizes[0]), 4.0), numbers.take((rows, 1))
    identity = activations.get("identity")
    return Problem(sizes, (identity, identity), parameters, x, y, losses.get("squared_error"))


def bent() -> st.SearchStrategy[Question]:
    """Correct gradients at points with pre-activations on a kink."""
    return small(functions=[f for f in all_activations() if f.kinks]).map(lambda drawn: Question(on_kinks(drawn)))


@dataclass(frozen=True)
class Question:
    """A problem whose loss is multiplied by 2^power, and an error in one entry of one tensor of its gradient. The error
    is `size` times the norm of the tensor, or NaN. With `beside`, the entry that many places later gets the negated
    error.
    """

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
        """The same in float64, with its numbers rounded to the problem's dtype first; the loss without the power."""
        model, x, y = self.asked()
        model, x, y = copy.deepcopy(model).double(), x.double(), y if y.dtype == torch.int64 else y.double()
        trace = model.trace(x)
        assert self.problem.loss is not None
        return Case(model, trace, self.problem.loss.value_and_grad(trace.output, y)[1], y)

    def right(self) -> list[Tensor]:
        """The correct gradients by tensor, without the power."""
        case = self.case()
        backprop(case.model, case.trace, case.dL_dy)
        return [g.clone() for g in case.model.grad_views]

    @property
    def place(self) -> tuple[int, int]:
        """The tensor and the entry of the error."""
        tensor = self.tensor % len(self.problem.parameters)
        return tensor, self.entry % self.problem.parameters[tensor].numel()

    def errors(self) -> dict[int, float]:
        """The errors that are added to the entries of the tensor, without the power."""
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
            lines += ["from mlp_core.testing.subjects.questions import scaled", f"loss = scaled(loss, {self.power})"]
        lines += ["def gradient(model, trace, dL_dy):", "    backprop(model, trace, dL_dy)"]
        for entry, error in self.errors().items():
            lines.append(
                f"    model.grad_views[{self.place[0]}].view(-1)[{entry}] += {literal(2.0**self.power * error)}"
            )
        return lines


def scaled(loss: Loss, power: int) -> Loss:
    """A loss multiplied by 2^power: every number keeps its bits, apart from the exponent."""
    factor = 2.0**power
    return replace(
        loss, name=f"2^{power} {loss.name}", value=lambda y_hat, y: factor * loss.value(y_hat, y),
        grad=lambda y_hat, y: factor * loss.grad(y_hat, y), terms=lambda y_hat, y: factor * loss.terms(y_hat, y),
        grad_terms=lambda y_hat, y: factor * loss.grad_terms(y_hat, y),
    )  # fmt: skip
