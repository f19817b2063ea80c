"""The law of an optimizer that claims steps in proportion to lr."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from mlp_core.testing.engine.evidence import Evidence
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.driving import from_zero
from mlp_core.testing.laws.optimizers.shared import agree, claimed

HALVED = """\
begun = hyper
*_, (params, optimizer) = run(mine)
got = look(params, optimizer, "{name}")[{index}].item()
hyper = [{{**h, "lr": h["lr"] / 2}} for h in begun]
*_, (params, optimizer) = run(mine)
expected = 2 * look(params, optimizer, "{name}")[{index}].item()
assert abs(got - expected) <= {bound} or got == expected or got != got and expected != expected, (got, expected)"""

book = OptimizerBook()


def first_steps(subject: Any) -> st.SearchStrategy[Scenario]:
    """One step from zero, without decay."""
    made = subject.telling(steps=(1, 1), decay=False, groups=(1, subject.max_groups))
    return made.map(from_zero)


@book.law(
    first_steps, share=FEW, doing="at half its lr",
    skip=lambda subject: claimed("proportional", "its first step is proportional to lr")(subject)
    or (None if subject.has_lr else "it has no lr"),
    beside="it needs no reference: it says that the rate is the cause",
)  # fmt: skip
def steps_in_proportion_to_its_lr(subject: Any, scenario: Scenario) -> Evidence:
    """From zero, the first step with half the lr is half as long, within rounding.

    If the rate enters twice, or a constant is added to it, half the rate is not half the speed, and tuning it is
    misleading.
    """
    half = replace(scenario, groups=tuple({**hyper, "lr": hyper["lr"] / 2} for hyper in scenario.groups))
    got = [p.detach() for p in subject.finished(scenario)[0]]
    expected = [2 * p.detach() for p in subject.finished(half)[0]]
    return agree(subject, scenario, scenario.names(), got, expected, what="compared with half the lr: ", closing=HALVED)
