"""The laws of exactness: on short binary numbers floats do not round, and results must be those of exact arithmetic.

No tolerance, no order of summation to argue about: budget.py says how short numbers have to be, affordable.py draws
them, exact.py computes with fractions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from fractions import Fraction
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing import affordable, exact
from mlp_core.testing.affordable_scenarios import asked, not_exactly_sgd, scenarios
from mlp_core.testing.exact import Hyper, Matrix, Vector, rationals
from mlp_core.testing.failure import compare
from mlp_core.testing.gradient_snippets import VALUE
from mlp_core.testing.law import Evidence, LawBook
from mlp_core.testing.problem import Problem
from mlp_core.testing.rule_laws import same, seen, shown_on
from mlp_core.testing.rule_snippets import LITERAL
from mlp_core.testing.scenario import Scenario
from mlp_core.testing.training_runs import Training, as_many, trained
from mlp_core.testing.training_snippets import LOSS_OF_A_STEP, STEPS, WEIGHT

gradient_book, rule_book, training_book = LawBook(), LawBook(), LawBook()


MANY = 8
"""samples, where the subject does not ask for more: fractions are slow"""


def problems(subject: Any) -> st.SearchStrategy[Problem]:
    low, high = subject.batch_sizes
    batch = low, max(low, min(high, MANY))
    return affordable.problems(batch=batch, dtypes=subject.dtypes, powers=not subject.to_the_bit)


def no_power(subject: Any) -> str | None:
    """What is right may divide by B and multiply by it again, which rounds where B is not a power of two."""
    low, high = subject.batch_sizes
    found = subject.to_the_bit or affordable.power_from(low) <= high
    return None if found else "no power of two is among the batch sizes; batch_sizes=(1, 8) has some"


@gradient_book.law(problems, skip=no_power)
def equals_exact_rational_arithmetic(subject: Any, problem: Problem) -> Evidence:
    """On piecewise linear networks with the squared error and short binary numbers, among them pre-activations on a
    kink, floats are exact, and so must the gradient be.

    Every tolerance hides something. On short binary numbers a float never rounds, so the last bit of the last entry can
    be asked for, with no tolerance at all.
    """
    case, expected = problem.case(), exact_gradient(problem)
    found = compare(case.names, subject.gradient(case), expected, [0.0] * len(expected), closing=VALUE)
    found.counted = any(bool(g.any()) for g in expected)
    return found


@rule_book.law(scenarios, skip=not_exactly_sgd)
def steps_as_exact_rational_arithmetic_does(subject: Any, scenario: Scenario) -> Evidence:
    """What claims to be torch's SGD moves parameters, and their velocity where it keeps it under torch's name, as its
    formulas do in fractions, step by step: on short binary numbers floats are exact.

    It holds the formula itself, in fractions, without trusting torch's implementation or any tolerance.
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


def exact_steps(subject: Any, scenario: Scenario) -> Iterator[list[tuple[Vector, Vector | None]]]:
    """After each step every parameter and its velocity, None without momentum and before the first gradient."""
    group_of = [number for number, group in enumerate(scenario.parameters) for _ in group]
    exactly: list[tuple[Vector, Vector | None]] = [(_vector(p), None) for p in scenario.fresh()]
    for hyper, row in zip(asked(subject, scenario), scenario.gradients, strict=True):
        for index, ((p, v), g) in enumerate(zip(exactly, row, strict=True)):
            if g is not None:
                exactly[index] = exact.descend(p, _vector(g), v, hyper[group_of[index]])
        yield exactly


@training_book.law(lambda subject: affordable.trainings())
def trains_as_exact_rational_arithmetic_does(subject: Any, training: Training) -> Evidence:
    """Gradient descent on such networks, short last batch included, goes as it does in fractions: every step loss, and
    the weights after every epoch.

    The whole loop, gradient, update and loss, in fractions: what it computes is what the formulas say, with nothing
    left to rounding.
    """
    problem = training.problem
    weights, biases, x, y = in_fractions(problem)
    cuts = range(0, len(x), training.batch_size)
    batches = [(x[s : s + training.batch_size], y[s : s + training.batch_size]) for s in cuts]
    hyper, evidence = Hyper(**asdict(training.rule)), Evidence()
    for epochs in range(1, training.epochs + 1):
        one, model = replace(training, epochs=epochs), problem.model()
        losses, W, b = exact.train(weights, biases, problem.activations, batches * epochs, hyper)
        step_losses, end = _tensor(losses, problem.dtype), _tensors(W, b, problem.dtype)
        names = [name for name, _ in model.named_parameters()]
        with shown_on(one):
            history = trained(subject, one, model, problem.inputs(), problem.targets())
            as_many(history, step_losses, "", STEPS.format(steps=len(losses)))
            compare(["step losses"], [history.step_losses], [step_losses], [0.0], closing=LOSS_OF_A_STEP)
            found = compare(
                names, list(model.parameters()), end, [0.0] * len(end), what=f"after epoch {epochs}: ", closing=WEIGHT
            )
        evidence.entries += found.entries + len(losses)
    evidence.counted = any(losses)
    return evidence


def in_fractions(problem: Problem) -> tuple[list[Matrix], list[Vector], Matrix, Matrix]:
    """Weights, biases, x and y in fractions."""
    weights = [rationals(W.tolist()) for W in problem.parameters[0::2]]
    biases = [_vector(b) for b in problem.parameters[1::2]]
    return weights, biases, rationals(problem.x.tolist()), rationals(problem.y.tolist())


def exact_gradient(problem: Problem) -> list[Tensor]:
    """W1, b1, W2, ..., in the problem's dtype."""
    weights, biases, x, y = in_fractions(problem)
    _, dW, db = exact.squared_error(weights, biases, problem.activations, x, y)
    return _tensors(dW, db, problem.dtype)


def _vector(tensor: Tensor) -> Vector:
    return [Fraction(v) for v in tensor.flatten().tolist()]


def _tensor(numbers: Sequence[Any], dtype: torch.dtype) -> Tensor:
    """Fractions, nested as they are, as floats: within the budget that is no rounding."""
    return torch.tensor([_floats(v) for v in numbers], dtype=dtype)


def _floats(nested: Any) -> Any:
    return [_floats(v) for v in nested] if isinstance(nested, list) else float(nested)


def _tensors(weights: Sequence[Matrix], biases: Sequence[Vector], dtype: torch.dtype) -> list[Tensor]:
    """W1, b1, W2, ..."""
    return [_tensor(v, dtype) for pair in zip(weights, biases, strict=True) for v in pair]
