"""A training run: a problem, a rule, and the division into batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from mlp_core import rules
from mlp_core.model import MLP
from mlp_core.rules import UpdateRule
from mlp_core.testing.examples.problem import Problem


@dataclass(frozen=True)
class Training:
    """A training run: a problem whose batch is the training set, a rule, and the division into batches."""

    problem: Problem
    rule: UpdateRule
    batch_size: int
    epochs: int
    gradients: str = "manual"
    updates: str = "manual"

    def options(self) -> dict[str, Any]:
        return {
            "loss": self.problem.loss, "rule": self.rule, "epochs": self.epochs, "batch_size": self.batch_size,
            "gradients": self.gradients, "updates": self.updates,
        }  # fmt: skip

    def twin(self, model: MLP) -> torch.optim.Optimizer:
        """The rule's twin in torch, for the parameters of a model."""
        twin = self.rule.twin(model.parameters())
        assert twin is not None
        return twin

    def describe(self) -> str:
        return (
            f"{self.problem.describe()}; {self.rule!r}, batches of {self.batch_size}, {self.epochs} epochs, "
            f"gradients {self.gradients}, updates {self.updates}"
        )

    def setup(self) -> list[str]:
        assert self.problem.loss is not None
        name = next(n for n in rules.names() if rules.get(n) is type(self.rule))
        return [
            *self.problem.setup()[:-2], f'loss = losses.get("{self.problem.loss.name}")',
            f'{type(self.rule).__name__} = rules.get("{name}")', f"rule = {self.rule!r}",
            f"cut = dict(epochs={self.epochs}, batch_size={self.batch_size})",
            f'options = dict(loss=loss, gradients="{self.gradients}", updates="{self.updates}", **cut)',
        ]  # fmt: skip
