"""What all laws of optimizers have in common: they say nothing of one that does not repeat itself, and how to waive
them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from mlp_core.equality import same_bits
from mlp_core.testing.engine.evidence import Broken, Evidence, Raised, Rejected
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.engine.law import Check, LawBook
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.shared import look

RUN_TWICE = 4
"""scenarios on which it is found out whether an optimizer repeats itself"""

REPEATS = "repeats and touches nothing else"
"""the law that says of a random optimizer that it is; the others say nothing of it"""

RANDOM = f"it is random, or remembers other runs: see '{REPEATS}'"


FEW = 0.04
"""of the examples asked for, those of laws about conduct, each of which shows a mistake by itself"""


class OptimizerBook(LawBook):
    """Laws of optimizers. Of one that does not repeat itself those say nothing that are about one `repeating` itself:
    the same step twice is the least that they compare."""

    def law(
        self, given: Callable[[Any], SearchStrategy[Any]], name: str = "", *, repeating: bool = True,
        skip: Callable[[Any], str | None] = lambda subject: None, doing: str = "", **options: Any,
    ) -> Callable[[Check], Check]:  # fmt: skip
        """`doing`: what was done where the law fails, for words that name the failure by what was measured."""

        def skipped(subject: Any) -> str | None:
            return skip(subject) or (RANDOM if repeating and is_random(subject) else None)

        known = super().law(given, name, skip=skipped, **options)
        return lambda function: known(_telling(function, doing))


@cache
def made_by_torch() -> frozenset[str]:
    """What every optimizer has from the constructor of torch.optim.Optimizer."""
    return frozenset(vars(torch.optim.SGD([torch.zeros(1)])))


def measured(broken: Broken, doing: str) -> str:
    """A failure in words: what was done, and what was measured."""
    if isinstance(broken, Raised):
        lost = getattr(broken.__cause__, "name", None)
        if isinstance(broken.__cause__, AttributeError) and lost in made_by_torch():
            return f"its constructor does not call torch.optim.Optimizer.__init__, which makes {lost}"
        return f"{doing or 'in a step'}, it raises {broken.got}"
    return f"{doing}: {broken.where} is {broken.got}, not {broken.expected}"


def _telling(function: Check, doing: str) -> Check:
    @wraps(function)
    def told(subject: Any, example: Any) -> Evidence:
        try:
            return function(subject, example)
        except Broken as broken:
            if (doing or isinstance(broken, Raised)) and not broken.measured:
                broken.measured = measured(broken, doing)
            raise

    return told


def is_random(subject: Any) -> bool:
    """Whether the same run, twice from the same parameters, does not end in the same bits. What raises says nothing."""
    if "random" not in subject.memo:
        with globals_kept():
            drawn = sample(subject.scenarios(steps=(4, 6)), RUN_TWICE)
            subject.memo["random"] = any(_differs(subject, scenario) for scenario in drawn)
    return bool(subject.memo["random"])


def _differs(subject: Any, scenario: Scenario) -> bool:
    try:
        one, other = (look(scenario, *subject.finished(scenario)) for _ in range(2))
    except (Broken, Rejected):
        return False
    return one.keys() != other.keys() or not all(same_bits(one[name], other[name]) for name in one)
