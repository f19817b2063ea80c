"""Shared by these laws: single samples, batches, the comparison with autograd."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from mlp_core.testing.bounds import formulas
from mlp_core.testing.engine.compare import compare
from mlp_core.testing.engine.evidence import Evidence
from mlp_core.testing.examples.problem import Case, Problem
from mlp_core.testing.oracles import gradients as oracles

VALUE = """\
got = gradient()["{name}"][{index}].item()
assert abs(got - {expected}) <= {bound}, got"""
"""the end of a snippet: compares the wrong entry with the expected value"""

AUTOGRAD = """\
got = gradient()["{name}"][{index}].item()
expected = torch.autograd.grad(model(x), dict(model.named_parameters())["{name}"], dL_dy)[0][{index}].item()
assert abs(got - expected) <= {bound}, (got, expected)"""


def one_sample(subject: Any, **options: Any) -> st.SearchStrategy[Problem]:
    return subject.problems(one=True, **options)


def a_batch(subject: Any, **options: Any) -> st.SearchStrategy[Problem]:
    return subject.problems(one=False, **options)


def needs_batches(subject: Any) -> str | None:
    return None if subject.batch_sizes[1] > 1 else "batch sizes above 1 are excluded; pass batch_sizes=(1, 8)"


def needs_one(subject: Any) -> str | None:
    return None if subject.batch_sizes[0] == 1 else "single samples are excluded; pass batch_sizes=(1, 8)"


def unspoilt(problem: Problem) -> Case:
    """A copy of the problem's case that no earlier call can have changed."""
    return copy.deepcopy(problem).case()


def against_autograd(subject: Any, problem: Problem) -> Evidence:
    case = problem.case()
    expected = oracles.autograd(case)
    to_the_bit = subject.to_the_bit and problem.exact
    limits: list[Any] = [0.0] * len(expected) if to_the_bit else formulas.backprop(case)
    return compare(case.names, subject.gradient(case), expected, limits, closing=AUTOGRAD)
