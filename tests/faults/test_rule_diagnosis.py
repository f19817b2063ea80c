"""A wrong name is worse than none: known mistakes are named with a number, others never, and right rules never."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import hypothesis
import pytest
import torch
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from mlp_core import rules
from mlp_core.rules._shared import descent
from mlp_core.rules.rmsprop import RMSprop
from mlp_core.rules.sgd import SGD
from mlp_core.testing import faults, subjects
from mlp_core.testing.diagnosis.optimizers import Bench, diagnose
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.faults.optimizers import manners
from mlp_core.testing.faults.optimizers.manners import Adam, adam
from mlp_core.testing.faults.rules.adam import AdamInPieces
from mlp_core.testing.faults.rules.adaptive import RMSpropInPieces
from mlp_core.testing.faults.rules.sgd import Planted
from mlp_core.testing.laws.books import laws_of
from mlp_core.testing.right import rules as differently


def failing(subject: Any, name: str) -> tuple[Any, Broken]:
    """An example on which a law is broken, and how."""
    (law,) = (law for law in laws_of(subject) if law.name == name)
    found: list[tuple[Any, Broken]] = []

    @hypothesis.seed(1)
    @settings(max_examples=60, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
    @hypothesis.given(law.given(subject))
    def look(example: Any) -> None:
        if not found:
            try:
                engine.evaluate(law, example)
            except Broken as broken:
                found.append((example, broken))

    with globals_kept():
        look()
    return found[0]


def named(subject: Any, law: str = "equals its twin") -> str | None:
    with globals_kept():
        return diagnose(subject, *failing(subject, law))


@pytest.mark.parametrize(
    "name",
    ["DecaysTwiceAsMuch", "PutsEpsUnderTheRoot", "ShrinksAfterTheStep", "KeepsTheRateInItsMomentum", "AdamFromTwo",
     "swaps_its_betas", "DecaysTheGradientInPlace", "keeps_the_rate_it_began_with", "ForgetsTheSign",
     "takes_the_rate_of_its_constructor"],
)  # fmt: skip
def test_a_mistake_is_named_with_the_place_and_the_number_that_show_it(name: str) -> None:
    (fault,) = (fault for fault in faults.of_rules() if fault.name == name)
    subject = fault.subject
    example, broken = failing(subject, fault.laws[0])
    text = diagnose(subject, example, broken)
    assert text is not None
    assert text.startswith(fault.words)
    shown = " (step " in text and text.endswith(", as observed)")  # where the example shows it
    assert text == fault.words or shown
    if broken.where in text:
        assert broken.got in text


def test_the_same_update_in_other_words_is_named_in_both() -> None:
    text = named(subjects.rule(next(f.thing for f in faults.of_rules() if f.name == "DampensTheFirstStep")))
    assert text is not None
    assert "the first velocity is (1 - dampening) g" in text
    assert "; or, which gives the same numbers here: steps are counted from 2 instead of from 1" in text
    assert text.count(", as observed)") == 1
    assert text.endswith(", as observed)")


class EpsUnderTheRoot(torch.optim.Optimizer):
    """A wrong AdamW in another style: it uses nothing of ours, and has the operations in another order."""

    def __init__(self, params: Any, **hyper: Any) -> None:
        super().__init__(params, hyper)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            (b1, b2), lr = group["betas"], group["lr"]
            for p in group["params"]:
                if p.grad is not None:
                    s, zero = self.state[p], torch.zeros_like(p)
                    t = s["t"] = s.get("t", 0) + 1
                    m = s["m"] = (1 - b1) * p.grad + b1 * s.get("m", zero)
                    v = s["v"] = (1 - b2) * p.grad**2 + b2 * s.get("v", zero)
                    p.copy_(p - lr * (m / (1 - b1**t) * (group["eps"] + v / (1 - b2**t)) ** -0.5))
                    p.sub_(lr * group["weight_decay"] * (p if group["late"] else 0))


HYPER = {name: value for name, value in manners.HYPERPARAMETERS.items() if name != "weight_decay"}


def test_a_foreign_optimizer_s_mistake_is_named_whatever_the_order_of_its_operations() -> None:
    def mine(params: Any, **hyper: Any) -> torch.optim.Optimizer:
        return EpsUnderTheRoot(params, **hyper, weight_decay=0, late=False)

    def right(params: Any, **hyper: Any) -> torch.optim.Optimizer:
        return torch.optim.AdamW(params, **hyper, weight_decay=0)

    text = named(subjects.optimizer(mine, right, HYPER), "equals its reference")
    assert text is not None
    assert "eps is added under the root instead of after it (step " in text


def test_what_another_optimizer_does_is_named_after_it() -> None:
    subject = subjects.optimizer(torch.optim.Adam, torch.optim.AdamW, manners.HYPERPARAMETERS)
    text = named(subject, "equals its reference")
    assert text is not None
    assert text.startswith("it is equal to torch.optim.Adam instead of torch.optim.AdamW (step ")


class TakesTheCubeRoot(AdamInPieces):
    def denominator(self, v: torch.Tensor, t: int) -> torch.Tensor:
        return (v / self.corrections(t)[1]) ** (1 / 3) + self.eps


class DoublesEps(AdamInPieces):
    def denominator(self, v: torch.Tensor, t: int) -> torch.Tensor:
        return (v / self.corrections(t)[1]).sqrt() + 2 * self.eps


class MakesTwoMistakes(AdamInPieces):
    def denominator(self, v: torch.Tensor, t: int) -> torch.Tensor:
        return (v + self.eps).sqrt()


class StepsALittleFar(Planted):
    def decayed(self, p: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
        return super().decayed(p, g) * 1.001


class DecaysThreeTimes(Planted):
    def decayed(self, p: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
        return descent(p, g, 3 * self.weight_decay, self.maximize)


class SquaresItsMomentum(Planted):
    def move(self, v: torch.Tensor, g: torch.Tensor, t: int) -> None:
        v.mul_(self.momentum**2).add_(g, alpha=1 - self.dampening)


class ErrsInLargeSteps(Planted):
    def decayed(self, p: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
        g = super().decayed(p, g)
        return torch.where(g.abs() > 1, g * 0.9, g)


class AveragesWithWrongWeight(RMSpropInPieces):
    def average(self, v: torch.Tensor, g: torch.Tensor) -> None:
        v.mul_(self.alpha).addcmul_(g, g, value=0.5 - self.alpha / 2)


class Raises(RMSprop):
    def step(self, *args: Any) -> None:
        raise RuntimeError("not written yet")


OUTSIDE = (
    TakesTheCubeRoot, DoublesEps, MakesTwoMistakes, StepsALittleFar, DecaysThreeTimes, SquaresItsMomentum,
    ErrsInLargeSteps, AveragesWithWrongWeight, Raises,
)  # fmt: skip


@pytest.mark.parametrize("rule", OUTSIDE, ids=lambda rule: rule.__name__)
def test_a_mistake_outside_the_catalogue_is_not_named(rule: Any) -> None:
    assert named(subjects.rule(rule)) is None


@pytest.mark.slow
@pytest.mark.parametrize("written", differently.EVERY, ids=lambda cls: cls.__name__)
def test_a_right_rule_would_not_be_named_however_it_is_written(written: type[differently.Written]) -> None:
    subject = replace(
        subjects.rule(rules.get(written.__name__.lower())), make=written, twin=False, exact=False, counts=False
    )
    bench = Bench(subject)
    assert bench.candidates
    assert not [candidate.words for candidate in bench.suspects(written) if bench.shows(candidate)]


def test_nothing_is_said_without_a_reference_or_about_what_is_no_scenario() -> None:
    broken = Broken("somewhere", 1, 2)
    assert diagnose(subjects.optimizer(Adam), None, broken) is None
    assert diagnose(adam(Adam), object(), broken) is None


def test_what_is_found_out_about_a_subject_serves_all_its_laws() -> None:
    subject = subjects.rule(next(f.thing for f in faults.of_rules() if f.name == "DecaysTwiceAsMuch"))
    example, broken = failing(subject, "equals its twin")
    first = diagnose(subject, example, broken)
    kept = subject.memo["bench"]
    assert diagnose(subject, example, broken) == first
    assert subject.memo["bench"] is kept
    assert not replace(subject, make=SGD).memo


class WithoutMaximize(torch.optim.Adam):
    """maximize is accepted and has no effect"""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        meant = [group["maximize"] for group in self.param_groups]
        for group in self.param_groups:
            group["maximize"] = False
        super().step(closure)
        for group, before in zip(self.param_groups, meant, strict=True):
            group["maximize"] = before


def test_a_mistake_in_an_optimizer_that_lacks_the_hyperparameter_does_not_compete() -> None:
    rates = {"lr": st.floats(1e-3, 1), "maximize": st.booleans()}
    text = named(subjects.optimizer(WithoutMaximize, torch.optim.Adam, rates), "equals its reference")
    assert text is not None
    assert text.startswith("maximize has no effect: it acts as False")
