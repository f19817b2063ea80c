"""The common behaviour of all laws of optimizers: they skip an optimizer that does not repeat itself, and can be
waived."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy
from torch.utils._python_dispatch import TorchDispatchMode

from mlp_core.equality import same_bits
from mlp_core.testing.engine.evidence import Broken, Evidence, Rejected
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.engine.law import Check, LawBook
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.shared import look
from mlp_core.testing.laws.optimizers.words import measured

RUN_TWICE = 4
"""scenarios that decide whether an optimizer repeats itself"""

REPEATS = "repeats and touches nothing else"
"""the law that reports that an optimizer is random; the others are skipped for it"""

RANDOM = f"its steps differ between two identical runs: see the law '{REPEATS}'"

DRAWS = "it draws random numbers, and torch draws other numbers for another dtype or shape, even from the same seed"

FEW = 0.04
"""the share of the examples for laws about side effects: a single example shows a mistake"""


class OptimizerBook(LawBook):
    """Laws of optimizers. All laws with `repeating` are skipped for an optimizer that does not repeat itself, because
    they compare two runs of the same steps. Those with `reshaped`, which compare runs in two dtypes or shapes, are
    skipped for one that draws random numbers."""

    def law(
        self, given: Callable[[Any], SearchStrategy[Any]], name: str = "", *, repeating: bool = True,
        reshaped: bool = False, skip: Callable[[Any], str | None] = lambda subject: None, doing: str = "",
        **options: Any,
    ) -> Callable[[Check], Check]:  # fmt: skip
        """`doing`: what was done where the law fails, for words that name the failure by what was measured."""

        def skipped(subject: Any) -> str | None:
            why = skip(subject)
            if why is None and repeating and is_random(subject):
                why = RANDOM
            return DRAWS if why is None and reshaped and draws(subject) else why

        known = super().law(given, name, skip=skipped, **options)
        return lambda function: known(_telling(function, doing))


def _telling(function: Check, doing: str) -> Check:
    @wraps(function)
    def told(subject: Any, example: Any) -> Evidence:
        try:
            return function(subject, example)
        except Broken as broken:
            broken.measured = broken.measured or measured(broken, doing)
            raise

    return told


def is_random(subject: Any) -> bool:
    """Whether the same run, done twice from the same parameters, ends in different bits. An optimizer that raises
    counts as not random."""
    if "random" not in subject.memo:
        with globals_kept():
            drawn = sample(subject.scenarios(steps=(4, 6)), RUN_TWICE)
            subject.memo["random"] = any(_differs(subject, scenario) for scenario in drawn)
    return bool(subject.memo["random"])


class _Drawn(TorchDispatchMode):
    """Whether a random number is drawn by torch, from whichever generator."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.seen |= torch.Tag.nondeterministic_seeded in func.tags
        return func(*args, **(kwargs or {}))


def draws(subject: Any) -> bool:
    """Whether its steps draw random numbers. A generator with a fixed seed counts too."""
    if "draws" not in subject.memo:
        scenarios = sample(subject.scenarios(steps=(4, 6)), RUN_TWICE)
        with globals_kept(), suppress(Broken, Rejected), _Drawn() as drawn:
            for scenario in scenarios:
                subject.finished(scenario)
        subject.memo["draws"] = drawn.seen
    return bool(subject.memo["draws"])


def _differs(subject: Any, scenario: Scenario) -> bool:
    try:
        one, other = (look(scenario, *subject.finished(scenario)) for _ in range(2))
    except (Broken, Rejected):
        return False
    return one.keys() != other.keys() or not all(same_bits(one[name], other[name]) for name in one)
