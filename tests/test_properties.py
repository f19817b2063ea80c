"""The mission in four properties. Whoever opens tests/ starts here.

Each is one law of the battery in plain words; the battery itself (mlp_core.testing) has many more of them.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlp_core import backprop, fit, rules
from mlp_core.equality import same_bits
from mlp_core.testing import subjects
from mlp_core.testing.bounds import formulas
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.examples.networks import problems
from mlp_core.testing.examples.problem import Problem
from mlp_core.testing.laws.gradients import equality as gradient_laws
from mlp_core.testing.laws.optimizers import equality as reference_laws
from mlp_core.testing.laws.training.equality import Training, trainings
from mlp_core.testing.oracles import gradients as oracles
from mlp_core.testing.oracles.training import train


@given(problems())
def test_backpropagation_equals_autograd(problem: Problem) -> None:
    case = problem.case()
    backprop(case.model, case.trace, case.dL_dy)
    by_hand = [p.grad.clone() for p in case.model.parameters()]
    limits = [0.0] * len(by_hand) if problem.exact else formulas.backprop(case)
    compare(case.names, by_hand, oracles.autograd(case), limits)


@given(problems())
def test_central_differences_confirm_backpropagation_by_the_relative_error(problem: Problem) -> None:
    evidence = gradient_laws.against_differences(subjects.backprop(backprop), problem)
    assert evidence.entries > 0


@given(trainings(exact=True))
def test_training_by_hand_equals_torch_over_several_steps(training: Training) -> None:
    by_hand, by_torch = training.problem.model(), training.problem.model()
    x, y, loss = training.problem.inputs(), training.problem.targets(), training.problem.loss
    history = fit(by_hand, x, y, **training.options())
    twin = training.rule.twin(by_torch.parameters())
    step_losses = train(by_torch, x, y, loss.value, twin, training.epochs, training.batch_size)
    assert same_bits(history.step_losses, step_losses)
    assert same_bits(by_hand.flat, by_torch.flat)


@pytest.mark.parametrize("name", rules.names())
@given(data=st.data())
def test_every_rule_equals_torch_or_the_textbook(name: str, data: st.DataObject) -> None:
    subject = subjects.rule(rules.get(name))
    scenario = data.draw(subject.scenarios(missing=True), label="scenario")
    law = reference_laws.equals_its_twin if subject.twin else reference_laws.equals_its_reference
    law(subject, scenario)
