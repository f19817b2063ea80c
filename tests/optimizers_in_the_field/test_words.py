"""The words of a failure that no known mistake explains, and words that no law may use for the right ones."""

from __future__ import annotations

from typing import Any

import more_company
import more_numbers
import pytest
import torch
from field import PAIRS
from test_pairs import result

from mlp_core.testing import subjects
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.scenario import curved, function
from mlp_core.testing.laws.optimizers.words import measured

SAID = [
    ("frozen: params[0], entry ()", 1.1874643, "1.1875 (the same bits)",
     "a step changes a frozen parameter: params[0], entry () is 1.187, not 1.188"),
    ("defaults['lr'] of the copy", 0.01, 0.001, "copy.deepcopy changes defaults['lr']: 0.001 became 0.01"),
    ("the added group: v of params[1]", "missing", "there",
     "a group that is added after two steps does not move as in an optimizer of its own: v of params[1] is missing"),
    ("step 4: gradient of params[0], entry (0,)", 5.5, "6.0 (the same bits)",
     "a step changes the gradient: p.grad of params[0], entry (0,) was 6, and became 5.5"),
    ("step 1: params[0], entry ()", 0.5, "1.0 (within 1e-16)",
     "its first step differs from the reference: params[0], entry () is 0.5, not 1"),
    ("step 3: params[0], entry ()", 0.1, "0.1000000001 (within 1e-16)",
     "step 3 is its first that differs from the reference: params[0], entry () is 0.1, not 0.1000000001"),
    ("under StepLR: params[0], entry ()", 1.0, 2.0,
     "under StepLR its steps do not have the rates that the scheduler gives: params[0], entry () is 1, not 2"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "got", "expected", "said"), SAID)
def test_a_failure_says_what_a_step_does_and_two_numbers(where: str, got: Any, expected: Any, said: str) -> None:
    assert measured(Broken(where, got, expected), "") == said


def test_a_hyperparameter_that_is_never_read_is_told_of_a_class_by_its_name_alone() -> None:
    found = result(subjects.optimizer(more_numbers.IgnoresItsDecay), "uses every hyperparameter")
    assert found.verdict == "FAIL"
    assert found.diagnosis.startswith("weight_decay has no effect")
    assert 'waives=["uses every hyperparameter"]' in found.reason
    found = result(subjects.optimizer(more_numbers.Decays), "uses every hyperparameter")
    assert found.verdict == "PASS", found.text()


@pytest.mark.parametrize(
    ("pair", "right", "law"),
    [
        ("StaysWhereItClimbed", more_company.Sharp, "uses every hyperparameter"),
        ("KeepsZeroAtZero", more_numbers.Trust, "keeps descending in a long run"),
    ],
)
def test_right_ones_that_were_accused_once_are_not(pair: str, right: Any, law: str) -> None:
    found = result(PAIRS[pair].subject(right, referenced=False), law)
    assert found.verdict == "PASS", found.text()


def test_a_closure_is_curved_but_for_what_iterates_in_its_step() -> None:
    p = torch.tensor([1.0, 2.0], requires_grad=True)
    p.grad = torch.tensor([3.0, -1.0])
    given = p.grad
    closure = function([p], curved=True)
    assert closure() == 1.0
    assert p.grad is given
    p.data.add_(1)
    assert closure() == 2 * 3 - 3 + 1
    assert p.grad.tolist() == [4.0, 0.0]
    assert curved(torch.optim.SGD([p]))
    assert not curved(torch.optim.LBFGS([p]))
