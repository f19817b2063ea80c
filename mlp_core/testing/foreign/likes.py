"""The reference of an update rule in a file: the core's rule in the version that its numbers show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import torch

from mlp_core.rules import UpdateRule
from mlp_core.rules.adadelta import Adadelta
from mlp_core.rules.adagrad import Adagrad
from mlp_core.rules.adam import Adam
from mlp_core.rules.adamax import Adamax
from mlp_core.rules.adamw import AdamW
from mlp_core.rules.rmsprop import RMSprop
from mlp_core.rules.sgd import SGD
from mlp_core.testing.examples.scenario import Make, grouped
from mlp_core.testing.foreign.named_rules import DEFAULTS, OFF, Named

CORE = frozenset({Adamax, AdamW, Adam, RMSprop, Adagrad, Adadelta, SGD})
"""rules of which torch has the same"""


class Like:
    """The constructor of a core rule's optimizer, with the hyperparameters under other names."""

    def __init__(self, rule: type[UpdateRule], names: Mapping[str, str], given: Mapping[str, Any]) -> None:
        self.rule, self.names, self.given = rule, dict(names), dict(given)

    def __call__(self, params: Any, **hyper: Any) -> torch.optim.Optimizer:
        values = {**self.given, **{own: hyper[theirs] for own, theirs in self.names.items()}}
        if "beta1" in values or "beta2" in values:
            values["betas"] = (values.pop("beta1", 0.9), values.pop("beta2", 0.999))
        rule = self.rule(**values)
        plain = self.rule in CORE  # torch's own, in which known mistakes are looked for
        return (rule.twin(params) if plain else None) or rule.optimizer(params)

    def lines(self) -> list[str]:
        """The lines that define it."""
        return [
            f"from {self.rule.__module__} import {self.rule.__name__}",
            f"from {__name__} import Like", "from mlp_core.testing.examples.scenario import grouped",
            f"reference = grouped(Like({self.rule.__name__}, {self.names!r}, {self.given!r}))",
        ]  # fmt: skip

    def make(self) -> Make:
        return grouped(self)


def likes(rule: Named, names: Mapping[str, str], literals: Sequence[float]) -> Iterator[tuple[Like, str]]:
    """The possible references with their words. literals: the numbers in the code, of which hyperparameters that no
    caller passes are taken.
    """
    absent = [own for own in rule.names if own not in names and (own not in OFF or own in rule.needs)]
    choices = [[*dict.fromkeys([*_among(own, literals), DEFAULTS[own][0]])][:3] for own in absent]
    if "eps" in absent and rule.versions[0].rule is Adamax:
        choices[absent.index("eps")].append(0.0)  # Kingma and Ba (2015) have none in Adamax
    for version in rule.versions:
        if version.decays and "weight_decay" not in names:
            continue
        for values in product(*choices):
            yield Like(version.rule, names, {**rule.fixed, **dict(zip(absent, values, strict=True))}), version.words


def _among(name: str, literals: Sequence[float]) -> list[float]:
    """The numbers in code that may be a hyperparameter."""
    low, high = {"eps": (0.0, 1e-3), "lr": (0.0, 1.0), "weight_decay": (0.0, 0.5)}.get(name, (0.5, 1.0))
    return [value for value in literals if low < value < high]
