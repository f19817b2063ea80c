"""Correct code never fails, however it is written; and code that is written differently does round differently."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings

from mlp_core import MLP, Trace, activations, losses, rules
from mlp_core.backprop import backprop
from mlp_core.equality import same_bits
from mlp_core.testing import subjects
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.problem import Problem
from mlp_core.testing.laws.books import laws_of
from mlp_core.testing.laws.gradients import equality
from mlp_core.testing.laws.gradients import shared as asked
from mlp_core.testing.right import backprops, course
from mlp_core.testing.right import subjects as written_differently

SUBJECTS = written_differently()
CORE = subjects.backprop(backprop)


DEAR = ("torch:", "training:")
"""how the names of subjects begin that nox -s power and nox -s soak ask alone"""


@pytest.mark.parametrize("subject", [
    pytest.param(subject, id=name, marks=[pytest.mark.slow] * name.startswith(DEAR))
    for name, subject in SUBJECTS.items()
])  # fmt: skip
def test_a_right_implementation_written_differently_is_lawful(subject: Any) -> None:
    first, *others = laws_of(subject)  # the first law of each holds it to its reference; nox -s soak asks all at length
    most = settings().max_examples
    results = [engine.run(first, examples=most), *(engine.run(law, examples=most // 12) for law in others)]
    assert not [result.text() for result in results if result.verdict == "FAIL"]
    assert "PASS" in {result.verdict for result in results}


@pytest.mark.parametrize(
    "subject", [*map(subjects.backprop, backprops.EVERY), *map(subjects.course, course.EVERY)], ids=lambda s: s.name
)
def test_it_rounds_differently_than_the_core(subject: Any) -> None:
    differs = []

    @settings(max_examples=60, database=None, derandomize=True)
    @given(subject.problems(one=False))
    def compared(problem: Problem) -> None:
        ours, theirs = CORE.gradient(problem.case()), subject.gradient(problem.case())
        differs.append(not all(map(same_bits, ours, theirs)))

    compared()
    assert any(differs)


@pytest.mark.parametrize("name", ["rule: Adam", "torch: adam, foreach"])
def test_a_snippet_runs_what_was_written_differently(name: str) -> None:
    subject = SUBJECTS[name]
    lines: dict[str, Any] = {}
    exec("\n".join(["import torch", *subject.source]), lines)  # noqa: S102  (what a user would paste)
    p = torch.ones(2, requires_grad=True)
    hyper = asdict(rules.get("adam")())
    mine, made = lines["mine"]([{"params": [p]}], **hyper), subject.make([{"params": [p]}], **hyper)
    assert type(mine) is type(made)
    assert [{**g, "params": None} for g in mine.param_groups] == [{**g, "params": None} for g in made.param_groups]


def of_a_sigmoid_at(z: float, factor: float) -> None:
    """The law of autograd on one sigmoid of z, in float32, for own_derivatives times a factor."""
    zero, b = torch.zeros(1, 1, dtype=torch.float64), torch.tensor([z], dtype=torch.float64)
    sigmoid, loss = activations.get("sigmoid"), losses.get("squared_error")
    problem = Problem((1, 1), (sigmoid,), (zero, b), zero, zero + 1, loss, torch.float32)

    def scaled(model: MLP, trace: Trace, dL_dy: torch.Tensor) -> None:
        backprops.own_derivatives(model, trace, dL_dy)
        model.flat_grad.mul_(factor)

    asked.against_autograd(subjects.backprop(scaled), problem)


def test_a_derivative_that_torch_flushes_to_zero_is_no_mistake() -> None:
    of_a_sigmoid_at(-92, 1)
    with pytest.raises(Broken, match=r"expected -?0\.0 "):
        of_a_sigmoid_at(-92, 1e4)
    of_a_sigmoid_at(-60, 1)
    with pytest.raises(Broken):
        of_a_sigmoid_at(-60, 1 + 1e-4)


def test_a_remainder_across_a_jump_of_the_second_derivative_is_no_mistake() -> None:
    z, y = torch.tensor([2.0**-9], dtype=torch.float64), torch.tensor([[0.375]], dtype=torch.float64)
    softsign, loss, one = activations.get("softsign"), losses.get("squared_error"), torch.ones_like(y)
    problem = Problem((1, 1), (softsign,), (0 * one, z), one, y, loss)  # the step takes z below 0, where f'' jumps
    assert not equality.quarters_its_taylor_remainder(CORE, problem).counted
    beyond = replace(problem, parameters=(0 * one, z + 1))
    assert equality.quarters_its_taylor_remainder(CORE, beyond).counted
