"""NaN or infinity where a reference has a number: a failure, also where rounding lets nothing else be said."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing import laws, subjects
from mlp_core.testing.bounds.envelopes import left_out
from mlp_core.testing.engine import runner
from mlp_core.testing.engine.result import Result
from mlp_core.testing.engine.runner import run
from mlp_core.testing.examples.scenario import function

NAN, INF = float("nan"), float("inf")
RATES = {"lr": st.floats(1e-3, 0.1)}


@pytest.fixture(autouse=True)
def unshrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SHRINKS", 0)  # how small a counterexample gets is not looked at here


def result(subject: Any, examples: int = 20) -> Result:
    (law,) = (law for law in laws(subject) if law.name == "equals its reference")
    return run(law, examples=examples)


@pytest.mark.parametrize(
    ("found", "expected", "tolerance", "silent", "said"),
    [
        (NAN, 1.0, 1e9, True, True), (INF, 1.0, 1e9, True, True), (-INF, 1.0, 1e9, True, True),
        (NAN, 0.0, 0.0, True, True), (NAN, 1.0, 1e-9, False, True),
        (2.0, 1.0, 1e9, True, False), (NAN, 1.0, INF, True, False), (NAN, NAN, INF, True, False),
        (1.0, NAN, INF, True, False), (1.0, INF, INF, True, False), (2.0, 1.0, 1e-9, False, True),
    ],
)  # fmt: skip
def test_what_is_no_number_is_left_out_only_where_a_run_of_the_reference_had_none(
    found: float, expected: float, tolerance: float, silent: bool, said: bool
) -> None:
    got, right, bound = (torch.tensor([number], dtype=torch.float64) for number in (found, expected, tolerance))
    assert bool(left_out(got, right, bound, torch.tensor([silent]))) is not said


def wild(change: Any) -> type[torch.optim.Optimizer]:
    """So ill-conditioned that rounding explains any number; `change` is what else happens to the step, of (step, p)."""

    class Wild(torch.optim.Optimizer):
        def __init__(self, params: Any, lr: float = 1e-2) -> None:
            super().__init__(params, {"lr": lr})

        @torch.no_grad()
        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            for group in self.param_groups:
                for p in (p for p in group["params"] if p.grad is not None):
                    p.sub_(change(group["lr"] * torch.sin(1e14 * (p + p.grad)), p))

    return Wild


RIGHT = wild(lambda step, p: step)

WRONG: dict[str, Any] = {
    "NaN of what is positive": lambda step, p: torch.where(p.grad > 0, NAN, step),
    "infinite": lambda step, p: torch.where(p.grad > 0, INF, step),
    "less than infinite": lambda step, p: torch.where(p.grad > 0, -INF, step),
    "a quotient": lambda step, p: step + 0 * (p.grad / (p.grad - p.grad)),
    "a logarithm": lambda step, p: step + 0 * p.grad.log(),
    "a root": lambda step, p: step * (p.grad.sqrt() / p.grad.sqrt()),
    "an overflow": lambda step, p: step + (p.grad.abs() * 1e308 * 1e308) - (p.grad.abs() * 1e308 * 1e308),
    "the first entry": lambda step, p: torch.where(torch.arange(p.numel()).view(p.shape) == 0, NAN, step),
    "matrices": lambda step, p: step * NAN if p.ndim == 2 else step,
    "of two entries": lambda step, p: step / (p.numel() != 2),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_nan_is_told_where_rounding_explains_any_number(change: Any) -> None:
    found = result(subjects.optimizer(wild(change), RIGHT, RATES))
    assert found.verdict == "FAIL"
    assert found.got.strip("-") in ("nan", "inf"), found.text()


FINE: dict[str, Any] = {
    "the same": lambda step, p: step,
    "another number": lambda step, p: -step,
    "the other way round": lambda step, p: step.flip(0) if p.ndim else step,
}


@pytest.mark.parametrize("change", FINE.values(), ids=FINE)
def test_any_number_is_explained_there(change: Any) -> None:
    found = result(subjects.optimizer(wild(change), RIGHT, RATES))
    assert not (found.verdict == "FAIL" and found.got), found.text()


def test_where_the_reference_itself_has_none_nothing_is_held_against_a_number() -> None:
    class Careful(torch.optim.Optimizer):
        def __init__(self, params: Any, lr: float = 1e-2) -> None:
            super().__init__(params, {"lr": lr})

        def ratio(self, g: Tensor) -> Tensor:
            return g.sign()

        @torch.no_grad()
        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            for group in self.param_groups:
                for p in (p for p in group["params"] if p.grad is not None):
                    p.sub_(group["lr"] * self.ratio(p.grad))

    class Divides(Careful):
        def ratio(self, g: Tensor) -> Tensor:
            return g / g.abs()

    found = result(subjects.optimizer(Careful, Divides, RATES))
    assert not found.got, found.text()  # how much may be left out is another matter
    assert result(subjects.optimizer(Divides, Careful, RATES)).got == "nan"


def test_a_closure_gives_the_same_gradients_at_parameters_that_are_no_longer_finite() -> None:
    exploding = subjects.optimizer(lambda params: torch.optim.SGD(params, lr=1e308, momentum=0.9))
    (law,) = (law for law in laws(exploding) if law.name == "steps with a closure as without")
    assert run(law, examples=20).verdict == "PASS"


@pytest.mark.parametrize("value", [NAN, INF, -INF, 1.0])
def test_the_function_of_a_closure_has_the_given_gradient_where_a_step_begins(value: float) -> None:
    p = torch.nn.Parameter(torch.tensor([value, 2.0]))
    p.grad = torch.tensor([3.0, 4.0])
    function([p], curved=True)()
    assert p.grad.tolist() == [3.0, 4.0]
