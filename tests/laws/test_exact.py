"""Exact arithmetic against numbers worked out by hand and against autograd; the budget against what numbers do."""

from __future__ import annotations

from fractions import Fraction
from typing import Any
from unittest.mock import patch

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from planted import UNSHRUNK

from mlp_core import activations, backprop, rules
from mlp_core.testing import laws, subjects
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.exact import bits as budget
from mlp_core.testing.exact import fractions as exact
from mlp_core.testing.exact import networks as affordable
from mlp_core.testing.exact import scenarios as affordable_scenarios
from mlp_core.testing.exact.bits import Grid
from mlp_core.testing.exact.fractions import Hyper
from mlp_core.testing.examples.problem import Problem
from mlp_core.testing.examples.scenario import Scenario
from mlp_core.testing.examples.training import Training
from mlp_core.testing.oracles import gradients as oracles

F = Fraction
RELU, IDENTITY, HARDTANH = (activations.get(name) for name in ("relu", "identity", "hardtanh"))


def of(problem: Problem) -> tuple[Any, ...]:
    weights = [exact.rationals(W.tolist()) for W in problem.parameters[0::2]]
    biases = [[F(v) for v in b.tolist()] for b in problem.parameters[1::2]]
    return (
        weights,
        biases,
        problem.activations,
        exact.rationals(problem.x.tolist()),
        exact.rationals(problem.y.tolist()),
    )


def test_the_gradient_worked_out_by_hand() -> None:
    # x = (1, 2): z1 = (1/2 - 2 + 1, -1 + 1 + 0) = (-1/2, 0), a1 = (0, 0); x = (2, 0): z1 = (2, -2), a1 = (2, 0)
    # y_hat = (1/4, 1 + 1/4), y = (0, 1): dL/dy_hat = 2 (1/4, 1/4), L = 1/16 + 1/16; delta1 of the second = (1/4, 0)
    weights = [exact.rationals([[0.5, -1], [-1, 0.5]]), exact.rationals([[0.5, 3]])]
    biases = [[F(1), F(0)], [F(1, 4)]]
    x, y = exact.rationals([[1, 2], [2, 0]]), exact.rationals([[0], [1]])
    loss, dW, db = exact.squared_error(weights, biases, (RELU, IDENTITY), x, y)
    assert loss == F(1, 8)
    assert dW == [[[F(1, 2), 0], [0, 0]], [[F(1), 0]]]
    assert db == [[F(1, 4), 0], [F(1)]]


def test_two_steps_of_gradient_descent_worked_out_by_hand() -> None:
    h = Hyper(lr=0.5, momentum=0.5, dampening=0.25, weight_decay=0.25)
    p, v = exact.descend([F(4)], [F(1)], None, h)  # g = 1 + 4/4 = 2, v = 2, p = 4 - 1
    assert (p, v) == ([F(3)], [F(2)])
    assert exact.descend(p, [F(1, 4)], v, h) == ([F(17, 8)], [F(7, 4)])  # g = 1, v = 1 + 3/4, p = 3 - 7/8
    ahead = Hyper(lr=0.5, momentum=0.5, nesterov=True, maximize=True)
    assert exact.descend([F(0)], [F(1)], [F(2)], ahead) == ([F(1, 2)], [F(0)])  # g = -1, v = 1 - 1, p = -(g + v/2)/2
    assert exact.descend([F(1)], [F(1)], None, Hyper(lr=0.5)) == ([F(1, 2)], None)


def test_hardtanh_and_a_slope_are_read_off_their_kinks() -> None:
    assert [exact.value(HARDTANH, F(z, 2)) for z in (-5, -2, -1, 0, 1, 2, 5)] == [-1, -1, F(-1, 2), 0, F(1, 2), 1, 1]
    assert [exact.derivative(HARDTANH, F(z)) for z in (-2, -1, 0, 1, 2)] == [0, 0, 1, 0, 0]
    assert exact.value(affordable.HALF, F(-3)) == F(-3, 2)
    assert exact.derivative(affordable.HALF, F(0)) == F(1, 2)


@given(affordable.problems())
def test_exact_arithmetic_agrees_with_autograd(problem: Problem) -> None:
    _, dW, db = exact.squared_error(*of(problem))
    expected = [v for pair in zip(dW, db, strict=True) for v in pair]
    for got, wanted in zip(oracles.autograd(problem.case()), expected, strict=True):
        rows = wanted if got.ndim == 2 else [wanted]
        assert exact.rationals(got.view(-1, got.shape[-1]).tolist()) == rows


def grid(tensor: torch.Tensor) -> Grid:
    return Grid.of(*tensor.flatten().tolist())


def grids(problem: Problem) -> Any:
    layers = [(grid(W), grid(b)) for W, b in zip(problem.parameters[0::2], problem.parameters[1::2], strict=True)]
    return layers, grid(problem.x), grid(problem.y), problem.activations, problem.sizes


@given(affordable.problems())
def test_every_quantity_of_a_problem_lies_on_its_grid_and_fits(problem: Problem) -> None:
    found = budget.gradient(*grids(problem), len(problem.x))
    assert all(one.fits(problem.dtype) for one in found.values())
    weights, biases, functions, x, y = of(problem)
    loss, dW, db = exact.squared_error(weights, biases, functions, x, y)
    assert loss in found["loss"]
    for sample in x:
        zs, a = exact.forward(weights, biases, functions, sample)
        for l, z in enumerate(zs, start=1):  # noqa: E741
            assert all(v in found[f"z{l}"] for v in z)
            assert all(v in found[f"a{l}"] for v in a[l])
    for l in range(1, len(weights) + 1):  # noqa: E741
        assert all(v in found[f"dW{l}"] for row in dW[l - 1] for v in row)
        assert all(v in found[f"db{l}"] for v in db[l - 1])


@given(affordable.trainings())
def test_every_quantity_of_a_training_run_fits_and_its_last_batch_is_short(training: Training) -> None:
    problem = training.problem
    batches = -(-len(problem.x) // training.batch_size)
    assert batches > 1
    assert len(problem.x) % training.batch_size
    found = budget.training(
        *grids(problem), training.batch_size, batches * training.epochs, Hyper(**vars(training.rule))
    )
    assert all(one.fits(problem.dtype) for _, one in found)


SGD = subjects.rule(rules.get("sgd"))


@given(affordable_scenarios.scenarios(SGD))
def test_scenarios_have_steps_and_every_quantity_fits(scenario: Scenario) -> None:
    assert scenario.gradients
    p = grid(torch.cat([p.flatten() for group in scenario.parameters for p in group]))
    g = grid(torch.cat([g.flatten() for row in scenario.gradients for g in row if g is not None] or [torch.zeros(1)]))
    for group in zip(*affordable_scenarios.asked(SGD, scenario), strict=True):
        at, v = p, None
        for h in group:
            found = budget.descent(at, g, v, h)
            assert all(one.fits(scenario.dtype) for one in found.values())
            at, v = found["p"], found.get("v")


@given(st.integers(-40, 40), st.integers(-40, 40), st.integers(0, 5), st.integers(0, 5))
def test_grids_add_and_multiply_as_their_numbers_do(n: int, m: int, e: int, f: int) -> None:
    p, q = F(n, 2**e), F(m, 2**f)
    a, b = Grid.of(p), Grid.of(q)
    assert p in a
    assert p + q in a + b
    assert p - q in a + b
    assert p * q in a * b
    assert p in a | b
    assert q in a | b
    assert 3 * p in a.times(3)


def test_a_float_holds_what_fits_and_not_a_number_more() -> None:
    for dtype, digits in ((torch.float64, 53), (torch.float32, 24)):
        assert Grid(0, 2**digits).fits(dtype)
        assert not Grid(0, 2**digits + 1).fits(dtype)
        assert torch.tensor(2**digits, dtype=dtype).item() == 2**digits
        assert torch.tensor(2**digits + 1, dtype=dtype).item() != 2**digits + 1
        assert not Grid(2000, 1).fits(dtype)


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("backprop", "equals exact rational arithmetic"),
        ("sgd", "steps as exact rational arithmetic does"),
        ("fit", "trains as exact rational arithmetic does"),
    ],
)
def test_a_budget_overdrawn_turns_a_law_red(subject: str, name: str) -> None:
    (law,) = (law for law in laws(subject) if law.name == name)
    digits = budget.digits
    with patch.object(budget, "digits", lambda dtype: digits(dtype) + 12), patch.object(engine, "Phase", UNSHRUNK):
        assert engine.run(law, examples=50).verdict == "FAIL"


@given(affordable.problems(batch=(2, 8)))
def test_the_order_of_a_sum_does_not_matter(problem: Problem) -> None:
    case = problem.case()
    turned = case.rows(torch.arange(len(problem.x) - 1, -1, -1))
    backprop(case.model, case.trace, case.dL_dy)
    before = case.model.flat_grad.clone()
    backprop(turned.model, turned.trace, turned.dL_dy)
    assert torch.equal(before, turned.model.flat_grad)
