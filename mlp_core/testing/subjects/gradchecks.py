"""Gradient checks as subjects. Their examples are a network, a batch, and a gradient that may be wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from mlp_core.model import MLP
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.engine.source import import_of
from mlp_core.testing.subjects.questions import Question


@dataclass(frozen=True)
class GradcheckSubject:
    """check(model, x, y, loss, *, gradient=...) -> the relative error of every tensor, by name."""

    check: Callable[..., Any]
    name: str

    def errors(self, asked: Question, model: MLP, x: Tensor, y: Tensor) -> Mapping[str, float]:
        """The errors that the subject reports. Raises Broken if a tensor is missing."""
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
        """A snippet that checks the example's gradient."""
        head = ["import torch", "from mlp_core import MLP, activations, backprop, losses", *import_of(self.check)]
        closing = closing or "check_model(model, x, y, loss, gradient=gradient)"
        return "\n".join([*head, "", *example.setup(), "", closing.replace("check_model(", f"{self.check.__name__}(")])
