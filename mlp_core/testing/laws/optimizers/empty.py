"""The law of an optimizer about empty parameter groups."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor

from mlp_core.testing.engine.evidence import Evidence
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import OptimizerBook
from mlp_core.testing.laws.optimizers.shared import ONCE, SAME, look, same, shown_on

EMPTY = (
    ONCE.replace("expected =", "got =")
    + """\
hyper, counts = [h for h, n in zip(hyper, counts) if n], [n for n in counts if n]
*_, (params, optimizer) = run(mine)
expected = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
)

book = OptimizerBook(waivable=True)


def with_empty_groups(scenario: Scenario) -> Scenario:
    """The scenario with an empty group first and after each of its groups."""
    every: list[tuple[Tensor, ...]] = [()]
    for own in scenario.parameters:
        every += [own, ()]
    twice = tuple(hyper for hyper in scenario.groups for _ in range(2))
    return replace(scenario, groups=(scenario.groups[0], *twice), parameters=tuple(every))


def needs_empty_groups(subject: Any) -> str | None:
    if subject.max_groups < 2:
        return "it accepts only one parameter group"
    if "refuses empty groups" not in subject.memo:
        subject.memo["refuses empty groups"] = _refuses_empty_groups(subject)
    return "it refuses an empty group" if subject.memo["refuses empty groups"] else None


def _refuses_empty_groups(subject: Any) -> bool:
    """Whether it refuses empty groups with a ValueError, and takes the same groups without them."""
    (scenario,) = sample(subject.scenarios(groups=(2, 2), steps=(1, 1)), 1)
    with globals_kept():
        for one, raises in ((scenario, False), (with_empty_groups(scenario), True)):
            try:
                one.optimizer(subject.make, one.fresh())
            except ValueError:
                return raises
            except Exception:
                return False
    return False


@book.law(
    lambda subject: subject.scenarios(steps=(2, 3)), skip=needs_empty_groups, doing="beside an empty group"
)  # fmt: skip
def takes_an_empty_group(subject: Any, scenario: Scenario) -> Evidence:
    """With empty groups first, in the middle and last, all parameters move as they do without them.

    A model without biases, or with every layer of one kind frozen, leaves a group empty. Code that reads the first
    parameter of each group raises there, although the run is set up correctly.
    """
    expected, between = look(scenario, *subject.finished(scenario)), with_empty_groups(scenario)
    with shown_on(between):
        return same(look(between, *subject.finished(between)), expected, "beside empty groups: ", EMPTY)
