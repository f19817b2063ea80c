"""Training loops as subjects, and the training runs that their laws draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st

from mlp_core import rules
from mlp_core.rules import UpdateRule
from mlp_core.testing.engine.source import import_of
from mlp_core.testing.examples import hyperparameters
from mlp_core.testing.examples.networks import all_activations, all_losses, problems
from mlp_core.testing.examples.training import Training
from mlp_core.testing.subjects.rules import twin_of


@dataclass(frozen=True)
class TrainingSubject:
    """A training loop with the signature of mlp_core.fit."""

    fit: Callable[..., Any]
    name: str
    to_the_bit: bool = False

    def snippet(self, example: Any, closing: str) -> str:
        """A snippet that trains as the example does."""
        head = ["import torch", "from mlp_core import MLP, activations, losses, rules", *import_of(self.fit)]
        closing = closing.replace("fit(", f"{self.fit.__name__}(")
        return "\n".join([*head, *example.setup(), "", closing])


def all_rules() -> st.SearchStrategy[UpdateRule]:
    """Instances of every registered rule that torch has and that accepts both biases and weights."""
    return _instances(tuple(rules.get(name) for name in rules.names()))


@cache  # called for every example
def _instances(types: tuple[type[UpdateRule], ...]) -> st.SearchStrategy[UpdateRule]:
    made = [st.builds(_made, st.just(t), hyperparameters.inside(t)) for t in types if t.ndims is None and twin_of(t)]
    return st.one_of(made)


def _made(rule_type: type[UpdateRule], hyper: dict[str, Any]) -> UpdateRule:
    return rule_type(**hyper)


@st.composite
def trainings(draw: st.DrawFn, *, exact: bool, switches: bool = False) -> Training:
    """Training runs of several steps with a short last batch; `exact`: runs in which the gradients by hand and by
    autograd have the same bits.
    """
    engines = (
        [(g, u) for g in ("manual", "autograd") for u in ("manual", "torch")] if switches else [("manual", "manual")]
    )
    gradients, updates = draw(st.sampled_from(engines), label="gradients and updates")
    batch_size, epochs = draw(st.integers(2, 6), label="batch size"), draw(st.integers(1, 3), label="epochs")
    rule = draw(all_rules(), label="rule")
    functions = [f for f in all_activations() if f.exact or not exact]
    objectives = [loss for loss in all_losses() if loss.exact or not exact]
    width = (2, 6) if exact else (1, 6)  # a last batch of one and a width of one may use another kernel
    problem = draw(problems(batch=(5, 13), depth=(1, 4), width=width, functions=functions, objectives=objectives))
    return Training(problem, rule, batch_size, epochs, gradients, updates)
