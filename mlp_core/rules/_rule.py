"""The definition of an update rule: a frozen dataclass whose fields are hyperparameters and whose `step` is the
formula."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError
from mlp_core.rules import _domains
from mlp_core.rules._optimizer import RuleOptimizer


@dataclass(frozen=True)
class UpdateRule:
    """Base of every rule. A subclass is a frozen dataclass with annotated fields that names its `slots` and defines
    `step`.

    The constructor raises ArgumentError for a hyperparameter outside its annotated domain and for a `conflict()`. The
    base rule itself does nothing.

    >>> from mlp_core import rules
    >>> rules.get("sgd")(lr=-1)
    Traceback (most recent call last):
    mlp_core.base.errors.ArgumentError: lr: got -1, expected a finite number >= 0
    """

    slots: ClassVar[tuple[str, ...]] = ()
    """names of the state tensors kept for every parameter, in the order `step` takes them"""
    per_tensor: ClassVar[bool] = False
    """True if the rule needs the shape of a parameter; otherwise it must treat each coordinate separately"""
    ndims: ClassVar[tuple[int, ...] | None] = None
    """the allowed numbers of dimensions of a parameter; None: any"""
    empty: ClassVar[bool] = True
    """whether a parameter may have no entries"""
    at_start: ClassVar[tuple[str, ...]] = ()
    """hyperparameters that only affect the initial state of a parameter: schedules do not change them"""
    claims: ClassVar[frozenset[str]] = frozenset()
    """properties that the rule has: odd, fixed_point, descends, proportional, compiles"""

    def __post_init__(self) -> None:
        _domains.check(self)
        conflict = self.conflict()
        if conflict:
            field, expected = conflict
            raise ArgumentError(field, getattr(self, field), expected)

    def conflict(self) -> tuple[str, str] | None:
        """If fields contradict each other, the wrong field and the expectation; otherwise None."""
        return None

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        """The state of a parameter before its first gradient: one tensor per slot, or None for a slot that is not
        used."""
        return {name: torch.zeros_like(p) for name in self.slots}

    def step(self, p: Tensor, g: Tensor, t: int, *slots: Tensor | None) -> None:
        """Update `p` and its slots in place, given its gradient `g`; t counts from 1 at p's own first gradient.

        A step with a last parameter `scratch=None` may receive a tensor like p there, for intermediate results.
        """

    def twin(self, params: Iterable[Any]) -> torch.optim.Optimizer | None:
        """The torch optimizer that this rule must equal to the last bit, or None if torch has none."""
        return None

    def textbook(self, p: Tensor, g: Tensor, t: int, *slots: Tensor) -> tuple[Tensor, ...]:
        """For a rule without a twin: the formula of its source, out of place and independent of `step`.

        Returns the new p and the new slots. The battery evaluates it in float64 and compares `step` with it, within
        rounding. A rule with a twin needs none.
        """
        raise NotImplementedError

    def optimizer(self, params: Iterable[Any]) -> RuleOptimizer:
        """The torch.optim.Optimizer that applies this rule to `params` (tensors or group dicts) and owns its state.

        >>> from mlp_core import rules
        >>> p = torch.nn.Parameter(torch.ones(1))
        >>> p.grad = torch.ones(1)
        >>> _ = rules.get("sgd")(lr=0.5).optimizer([p]).step()
        >>> p.item()
        0.5
        """
        return RuleOptimizer(self, params)
