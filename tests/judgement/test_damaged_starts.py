"""A checkpoint that is damaged is refused by name, before anything is touched; so are numbers that a relative error is
not defined for, where it does not take them as they are.

NaN in the weights or in the state is no damage: a training that has diverged leaves them, and goes on as it was. Nor is
a parameter without state: it may have been frozen so far."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from networks import data, made

from mlp_core import ArgumentError, fit, gradcheck, rules
from mlp_core.testing.bounds import quotients

DAMAGE: dict[str, Callable[[dict[str, Any]], object]] = {
    "flat cut short": lambda c: c.update(flat=c["flat"][:-8]),
    "flat a list": lambda c: c.update(flat=c["flat"].tolist()), "no flat": lambda c: c.pop("flat"),
    "flat in one row": lambda c: c.update(flat=c["flat"][None]), "negative step": lambda c: c.update(step=-1),
    "epoch of text": lambda c: c.update(epoch="3"), "another rule": lambda c: c.update(rule=repr(rules.get("adam")())),
    "state of a parameter too many": lambda c: c["state"].update({99: c["state"][0]}),
    "state none": lambda c: c.update(state=None),
    "state of another shape": lambda c: c["state"][0].update(momentum_buffer=torch.ones(2, dtype=torch.float64)),
    "generator cut short": lambda c: c.update(generator=c["generator"][:-5]),
    "generator none": lambda c: c.update(generator=None),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_start_is_refused_by_name_and_the_model_is_untouched(name: str) -> None:
    model = made()
    x, y = data(model)
    rule = rules.get("sgd")(lr=0.05, momentum=0.9)
    options: dict[str, Any] = {"loss": "mse", "rule": rule, "epochs": 1, "batch_size": 3}
    start = copy.deepcopy(fit(made(), x, y, **options).checkpoint)
    DAMAGE[name](start)
    before = model.flat.clone()
    with pytest.raises(ArgumentError, match="start"):
        fit(model, x, y, start=start, **options)
    assert torch.equal(model.flat, before)


COMPLEX = [(1 + 2j, 1 - 2j), (1j, 2j), (3 + 4j, 3 + 0j), (0j, 1j), (1 + 1e-9j, 1 + 0j), (-2j, 2j)]


@pytest.mark.parametrize(("a", "d"), COMPLEX)
def test_the_relative_error_of_complex_numbers_is_that_of_their_parts_or_refused(a: complex, d: complex) -> None:
    approx, exact = torch.tensor([a, 1 + 1j], dtype=torch.complex128), torch.tensor([d, 1 + 1j], dtype=torch.complex128)
    expected = ((approx - exact).norm() / (approx.norm() + exact.norm())).item()
    try:
        got = gradcheck.relative_error(approx, exact)
    except ArgumentError:
        return
    assert abs(got - expected) <= 2 * quotients.relative_error(0.0, 1.0)  # the norms of both are rounded
