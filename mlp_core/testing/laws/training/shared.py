"""A training run: how it is drawn, handed to a loop, and held to torch's within what rounding explains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core import rules
from mlp_core.model import MLP
from mlp_core.rules import UpdateRule
from mlp_core.testing import hyperparameters
from mlp_core.testing.conduct import foreign
from mlp_core.testing.envelopes import Envelope, explained
from mlp_core.testing.failure import compare
from mlp_core.testing.law import Broken, Evidence
from mlp_core.testing.problem import Problem
from mlp_core.testing.rule_subjects import twin_of
from mlp_core.testing.strategies import all_activations, all_losses, problems
from mlp_core.testing.training_envelopes import training_envelopes
from mlp_core.testing.training_snippets import CALL, ENTRY, LOSS_ENTRY, LOSSES, TWIN


@dataclass(frozen=True)
class Training:
    """A training run: a problem whose batch is the training set, a rule, and how it is cut into batches."""

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


def all_rules() -> st.SearchStrategy[UpdateRule]:
    """Instances of every registered rule that torch has too and that takes a network's biases as well as weights."""
    return _instances(tuple(rules.get(name) for name in rules.names()))


@cache  # asked for in every example
def _instances(types: tuple[type[UpdateRule], ...]) -> st.SearchStrategy[UpdateRule]:
    made = [st.builds(_made, st.just(t), hyperparameters.inside(t)) for t in types if t.ndims is None and twin_of(t)]
    return st.one_of(made)


def _made(rule_type: type[UpdateRule], hyper: dict[str, Any]) -> UpdateRule:
    return rule_type(**hyper)


@st.composite
def trainings(draw: st.DrawFn, *, exact: bool, switches: bool = False) -> Training:
    """Training runs of several steps with a short last batch; `exact`: of which by hand and by autograd have the same
    bits."""
    engines = (
        [(g, u) for g in ("manual", "autograd") for u in ("manual", "torch")] if switches else [("manual", "manual")]
    )
    gradients, updates = draw(st.sampled_from(engines), label="gradients and updates")
    batch_size, epochs = draw(st.integers(2, 6), label="batch size"), draw(st.integers(1, 3), label="epochs")
    rule = draw(all_rules(), label="rule")
    functions = [f for f in all_activations() if f.exact or not exact]
    objectives = [loss for loss in all_losses() if loss.exact or not exact]
    width = (2, 6) if exact else (1, 6)  # a last batch of one and a width of one may take another kernel
    problem = draw(problems(batch=(5, 13), depth=(1, 4), width=width, functions=functions, objectives=objectives))
    return Training(problem, rule, batch_size, epochs, gradients, updates)


def braced(text: str) -> str:
    """Lines of a snippet into which compare has nothing to fill."""
    return text.replace("{", "{{").replace("}", "}}")


def trained(subject: Any, training: Training, model: MLP, x: Tensor, y: Tensor, **more: Any) -> Any:
    """What the subject's fit returns."""
    try:
        with foreign():
            return subject.fit(model, x, y, **{**training.options(), **more})
    except Broken as broken:
        broken.closing = CALL
        raise


def as_many(history: Any, expected: Tensor, what: str, closing: str) -> None:
    """Raises Broken where there are not as many step losses as expected."""
    if history.step_losses.shape != expected.shape:
        got = f"shape {tuple(history.step_losses.shape)}"
        raise Broken(f"{what}step losses", got, f"shape {tuple(expected.shape)}, one a batch", closing=closing)


def within_rounding(
    training: Training, before: MLP, history: Any, after: MLP, x: Tensor, y: Tensor, what: str = "",
    *, rate: Callable[[int], float] | None = None, twin: str = TWIN,
) -> Evidence:  # fmt: skip
    """Hold what a loop did, from the model `before` to `after`, to torch's within what rounding explains. rate: of each
    step; twin: the lines of a snippet that run torch's."""
    assert training.problem.loss is not None
    value, names = training.problem.loss.value, [name for name, _ in after.named_parameters()]
    found = training_envelopes(before, x, y, value, training.twin, training.epochs, training.batch_size, rate)

    def compared(envelope: Envelope) -> Evidence:
        as_many(history, envelope.expected[0], what, twin + LOSSES)
        got = [history.step_losses.double(), *(p.detach().double() for p in after.parameters())]
        three = zip(got, envelope.expected, envelope.silent, strict=True)
        spoken = [torch.where(silent, e, g) for g, e, silent in three]
        one = compare(
            ["loss"], spoken[:1], envelope.expected[:1], envelope.tolerance[:1], what=what,
            closing=braced(twin) + LOSS_ENTRY,
        )  # fmt: skip
        evidence = compare(
            names, spoken[1:], envelope.expected[1:], envelope.tolerance[1:], what=what, closing=braced(twin) + ENTRY
        )  # fmt: skip
        evidence.join(one, silent=int(sum(s.sum() for s in envelope.silent)))  # drowned: they say nothing
        evidence.counted = evidence.entries > 0
        return evidence

    return explained(found, compared)
