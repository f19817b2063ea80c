"""What an update rule is: a frozen dataclass whose fields are hyperparameters and whose `step` is the formula."""

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
    """Base of every rule. A subclass is a frozen dataclass with annotated fields, names its `slots`, writes `step`.

    Construction raises ArgumentError for a hyperparameter outside its annotated domain and for a `conflict()`.
    The base rule is plain enough to run: it does nothing.

    >>> from mlp_core import rules
    >>> rules.get("sgd")(lr=-1)
    Traceback (most recent call last):
    mlp_core.base.errors.ArgumentError: lr: got -1, expected a finite number >= 0
    """

    slots: ClassVar[tuple[str, ...]] = ()
    """names of the state tensors kept for every parameter, in the order `step` takes them"""
    per_tensor: ClassVar[bool] = False
    """True for a rule that needs the shape of a parameter; otherwise it must act on each coordinate alone"""
    ndims: ClassVar[tuple[int, ...] | None] = None
    """how many dimensions a parameter may have; None: any"""
    empty: ClassVar[bool] = True
    """whether a parameter may have no entries"""
    at_start: ClassVar[tuple[str, ...]] = ()
    """hyperparameters that only the state of a new parameter depends on: no schedule moves them"""
    claims: ClassVar[frozenset[str]] = frozenset()
    """what holds for the rule, of: odd, fixed_point, descends"""

    def __post_init__(self) -> None:
        _domains.check(self)
        conflict = self.conflict()
        if conflict:
            field, expected = conflict
            raise ArgumentError(field, getattr(self, field), expected)

    def conflict(self) -> tuple[str, str] | None:
        """Where fields do not fit each other: the field at fault and what is expected of it; None where they do."""
        return None

    def init(self, p: Tensor) -> dict[str, Tensor | None]:
        """The state of a parameter before its first gradient: a tensor a slot, None for one that is switched off."""
        return {name: torch.zeros_like(p) for name in self.slots}

    def step(self, p: Tensor, g: Tensor, t: int, *slots: Tensor | None) -> None:
        """Update `p` and its slots in place, given its gradient `g`; t counts from 1 at p's own first gradient.

        A step with a last parameter `scratch=None` may be given a tensor like p there, for what it computes on the way.
        """

    def twin(self, params: Iterable[Any]) -> torch.optim.Optimizer | None:
        """The torch optimizer that must agree to the last bit, or None where torch has none."""
        return None

    def textbook(self, p: Tensor, g: Tensor, t: int, *slots: Tensor) -> tuple[Tensor, ...]:
        """Where torch has no twin: the source's formula, out of place, written apart from `step`.

        Returns the new p and the new slots. The battery evaluates it in float64 and holds `step` to it within
        rounding; a rule with a twin needs none.
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
