"""Gradient descent equals exact arithmetic, on numbers so short that floats do not round."""

from __future__ import annotations

from typing import Any

from mlp_core.testing.engine.evidence import Evidence
from mlp_core.testing.exact.scenarios import not_exactly_sgd, scenarios
from mlp_core.testing.exact.tensors import _tensor, _vector, exact_steps
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.laws.optimizers.book import OptimizerBook
from mlp_core.testing.laws.optimizers.shared import LITERAL, same, seen

book = OptimizerBook(judges=True)


@book.law(scenarios, skip=not_exactly_sgd, beside="it relies on no implementation of torch and on no tolerance")
def steps_as_exact_rational_arithmetic_does(subject: Any, scenario: Scenario) -> Evidence:
    """An optimizer that claims to be torch's SGD moves its parameters as the formulas do in exact fractions, in every
    step. Floats are exact on short binary numbers. The velocity is compared too, if it has torch's name.

    This checks the formula itself. It relies neither on torch's implementation nor on a tolerance.
    """
    params, names, evidence = scenario.fresh(), scenario.names(), Evidence()
    optimizer, kept = subject.optimizer(scenario, params), "momentum_buffer" in subject.shared_state
    start, evidence.counted = [_vector(p) for p in params], False
    for step, exactly in zip(subject.run(scenario, optimizer, params), exact_steps(subject, scenario), strict=True):
        expected = {}
        for name, p, (moved, v) in zip(names, params, exactly, strict=True):
            expected[name] = _tensor(moved, scenario.dtype).view(p.shape)
            if v is not None and kept:
                expected[f"momentum_buffer of {name}"] = _tensor(v, scenario.dtype).view(p.shape)
        got = {name: value for name, value in seen(scenario, params, optimizer).items() if name in expected}
        closing = LITERAL.replace("run(mine)", f"run(mine, stop={step + 1})")
        evidence.entries += same(got, expected, f"step {step + 1}: ", closing).entries
        evidence.counted |= any(p != moved for p, (moved, _) in zip(start, exactly, strict=True))
    return evidence
