"""The settings of a search: everything that affects its figures, and nothing else."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from mlp_core import rules
from mlp_core.base.errors import ArgumentError, Described
from mlp_core.experiment.draws import Range, draw, range_of
from mlp_core.experiment.train import check_choices, check_common, check_whole
from mlp_core.rules import UpdateRule
from mlp_core.training import Gradients, Updates

Keep = Literal["best", "last"]
Schedule = Literal["constant", "linear", "cosine"]


@dataclass(frozen=True)
class Plan:
    """A search. The constructor raises ArgumentError for an invalid value.

    keep: the weights after the epoch with the best validation accuracy, or after the last epoch. schedule: whether and
    how the learning rate falls to 0 during a trial. mirror: each image is mirrored in half of the epochs, chosen at
    random in each epoch.

    >>> Plan(ranges={"lr": Range(0.01, 0.1)}).drawn(3).keys()
    dict_keys(['lr'])
    """

    ranges: dict[str, Range] = field(default_factory=dict)
    trials: int = 20
    epochs: int = 10
    batch_size: int = 256
    seed: int = 0
    rule: str = "sgd"
    gradients: Gradients = "manual"
    updates: Updates = "manual"
    keep: Keep = "best"
    schedule: Schedule = "constant"
    mirror: bool = False
    hidden: tuple[int, ...] = (512, 128, 32)
    activation: str = "relu"
    loss: str = "cross_entropy"
    dtype: str = "float32"

    def __post_init__(self) -> None:
        check_common(self)
        check_choices(self, keep=("best", "last"), schedule=("constant", "linear", "cosine"))
        check_whole("trials", self.trials, 1)
        unsearched = set(self.ranges) - {f.name for f in dataclasses.fields(rules.get(self.rule))}
        if unsearched:
            value = Described(", ".join(sorted(unsearched)))
            raise ArgumentError("ranges", value, f"hyperparameters of {self.rule}")
        if self.schedule != "constant" and "lr" not in self.ranges:
            raise ArgumentError("schedule", self.schedule, "constant, or a rule with a learning rate in the ranges")
        for share in (0.0, 1.0):  # a domain is an interval: if its ends are valid, so are the values between
            rule = self._made({name: range_.at(share) for name, range_ in self.ranges.items()})
        if rule.ndims is not None and 1 not in rule.ndims:
            raise ArgumentError("rule", self.rule, "a rule that also updates biases")
        if self.updates == "torch" and not self.has_twin:
            raise ArgumentError("updates", self.updates, f"manual: torch has no {self.rule}")

    @property
    def has_twin(self) -> bool:
        """Whether torch has the rule."""
        return self._made({}).twin([torch.zeros(1, requires_grad=True)]) is not None

    def drawn(self, number: int) -> dict[str, float]:
        """The hyperparameters of a trial."""
        return draw(self.ranges, self.seed, number)

    def rule_at(self, drawn: dict[str, float], share: float) -> UpdateRule:
        """The rule with these hyperparameters after a fraction (0..1) of a trial's steps.

        >>> Plan(schedule="linear", ranges={"lr": Range(0.5, 0.5)}).rule_at({"lr": 0.5}, 0.25).lr
        0.375
        """
        if self.schedule == "constant":
            return self._made(drawn)
        left = 1 - share if self.schedule == "linear" else (1 + math.cos(math.pi * share)) / 2
        return self._made({**drawn, "lr": drawn["lr"] * left})

    def _made(self, drawn: dict[str, float]) -> UpdateRule:
        return rules.get(self.rule)(**drawn)

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON."""
        return {**dataclasses.asdict(self), "hidden": list(self.hidden)}


def ranges_of(rule: str, texts: dict[str, str]) -> dict[str, Range]:
    """The ranges of the hyperparameters that the rule has, from their texts.

    >>> ranges_of("adam", {"lr": "0.001:0.1", "momentum": "0.9"}).keys()
    dict_keys(['lr'])
    """
    known = {f.name for f in dataclasses.fields(rules.get(rule))}
    ranges = {name: range_of(name, text, below_one=name == "momentum") for name, text in texts.items()}
    return {name: range_ for name, range_ in ranges.items() if name in known}
