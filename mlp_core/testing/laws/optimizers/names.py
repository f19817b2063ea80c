"""The law of an optimizer about names: the name of a parameter has no effect."""

from __future__ import annotations

from typing import Any

from mlp_core.testing.engine.evidence import Broken, Evidence, Rejected
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Make, Scenario
from mlp_core.testing.laws.optimizers.book import FEW, OptimizerBook
from mlp_core.testing.laws.optimizers.shared import SAME, look, same

NAMES = ("layers.{}.weight", "network.{}.monkeys.weight")
"""the second name happens to contain names that other code uses for kinds of layers: wo, key, net"""

NAMED = (
    """\
def called(name):
    def named(params, **own):
        count = iter(range(99))
        return mine([{{**g, "params": [(name.format(next(count)), p) for p in g["params"]]}} for g in params], **own)
    return named
*_, (params, optimizer) = run(called("PLAIN"))
expected = look(params, optimizer, "{name}")[{index}].item()
*_, (params, optimizer) = run(called("OTHER"))
got = look(params, optimizer, "{name}")[{index}].item()
"""
    + SAME
).replace("PLAIN", NAMES[0].replace("{}", "{{}}")).replace("OTHER", NAMES[1].replace("{}", "{{}}"))  # fmt: skip

book = OptimizerBook(waivable=True)


def called(make: Make, name: str) -> Make:
    """`make`, with named parameters."""

    def named(groups: Any, **hyper: Any) -> Any:
        count = iter(range(len([p for group in groups for p in group["params"]])))
        return make(
            [{**group, "params": [(name.format(next(count)), p) for p in group["params"]]} for group in groups], **hyper
        )  # fmt: skip

    return named


def needs_names(subject: Any) -> str | None:
    if "names" not in subject.memo:
        subject.memo["names"] = _takes_names(subject)
    return None if subject.memo["names"] else "it takes no parameter names"


def _takes_names(subject: Any) -> bool:
    (scenario,) = sample(subject.telling(steps=(1, 1)), 1)
    with globals_kept():
        try:
            _end(subject, scenario, NAMES[0])
        except (Broken, Rejected):
            return False
    return True


def _end(subject: Any, scenario: Scenario, name: str) -> Any:
    params = scenario.fresh()
    optimizer = subject.optimizer(scenario, params, called(subject.make, name))
    for _ in subject.run(scenario, optimizer, params):
        pass
    return look(scenario, params, optimizer)


@book.law(
    lambda s: s.telling(), skip=needs_names, share=FEW, closing=NAMED, doing="with other parameter names",
    beside="it needs no reference: it says that the result depends on a name",
)  # fmt: skip
def ignores_the_names_of_parameters(subject: Any, scenario: Scenario) -> Evidence:
    """Parameters move the same if they have other names. A name must not select a layer because it happens to contain
    some text.

    Code that treats some layers differently often finds them by a part of their name, and "wo" is a part of "network".
    """
    expected = _end(subject, scenario, NAMES[0])
    return same(_end(subject, scenario, NAMES[1]), expected, f"called {NAMES[1].format(0)}: ", NAMED)
