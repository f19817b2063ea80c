"""An output that autograd does not differentiate is untested if it depends on the arguments. The report
names a marked one."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor
from torch.autograd import Function

from mlp_core.testing import Report, subjects, verify
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.subjects import arrays

ONE, TWO = arrays("(3)", lib="torch"), arrays("(3),(3)", lib="torch")

OWN = "is the derivative of its own forward"


class WithStatistics(Function):
    """x^3, and the mean, which is kept for another use and gets no gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Any:
        ctx.save_for_backward(x)
        mean = x.mean()
        ctx.mark_non_differentiable(mean)
        return x**3, mean

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> Tensor:
        return 3 * grad * ctx.saved_tensors[0] ** 2


class WithIndex(WithStatistics):
    """x^3, and the index of the largest entry."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Any:
        ctx.save_for_backward(x)
        index = x.argmax()
        ctx.mark_non_differentiable(index)
        return x**3, index


def by_hand(factor: float) -> Any:
    class Wrong(WithStatistics):
        @staticmethod
        def backward(ctx: Any, grad: Tensor, _: Tensor) -> Tensor:
            return factor * 3 * grad * ctx.saved_tensors[0] ** 2

    return Wrong


LEFT_OUT = {
    "detached": (lambda x: (x * 2, (x**2).detach()), "output 1"),
    "first": (lambda x: (x.detach() * 3, x * 2), "output 0"),
    "data": (lambda x: (x * 2, x.data.sum()), "output 1"),
    "a number": (lambda x: (x * 2, (x**2).sum().item()), "output 1"),
    "inside a list": (lambda x: (x * 2, [x**2, x**3]), "output 1[0]"),
    "in a dict": (lambda x: (x * 2, {"square": x**2}), "output 1['square']"),
    "no_grad": (lambda x: (x * 2, torch.no_grad()(torch.exp)(x)), "output 1"),
    "an array": (lambda x: (x * 2, x.detach().numpy() ** 2), "output 1"),
}

NONE_TO_TEST = {
    "constant": lambda x: (x * 2, torch.ones(3)),
    "mask": lambda x: (x.clamp(min=0), (x > 0).to(x.dtype)),
    "sign": lambda x: (x * 2, x.detach().sign()),
    "index": lambda x: (x * 2, x.argmax()),
    "words": lambda x: (x * 2, "words", None),
}


def judged(function: Any, inputs: Any = ONE, **options: Any) -> Report:
    with patch.object(engine, "SHRINKS", 2):
        return verify(subjects.function(function, inputs, **options), examples=6)


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_an_output_that_is_detached_is_untested_by_its_number(kind: str) -> None:
    function, words = LEFT_OUT[kind]
    report = judged(function)
    assert not report.ok
    (own,) = (r for r in report.results if r.law == OWN)
    assert own.verdict == "UNTESTED", own.text()
    assert own.reason.startswith(f"{words} was not tested"), own.reason
    assert {r.verdict for r in report.results if r is not own} == {"PASS", "SKIP"}


@pytest.mark.parametrize("kind", NONE_TO_TEST)
def test_an_output_that_does_not_depend_on_the_arguments_is_no_reason(kind: str) -> None:
    report = judged(NONE_TO_TEST[kind])
    assert report.ok, [r.text() for r in report.results if r.verdict not in ("PASS", "SKIP")]


def test_an_output_that_depends_on_other_arguments_only_is_no_reason() -> None:
    assert judged(lambda x, y: (x * 2, y * 3), TWO, wrt=["x"]).ok
    assert not judged(lambda x, y: (x * 2, (x * y).detach()), TWO, wrt=["x"]).ok


@pytest.mark.parametrize("function", [WithStatistics, WithIndex])
def test_a_marked_output_is_told_and_not_held_against_it(function: Any) -> None:
    report = judged(function)
    assert report.ok, [r.text() for r in report.results if r.verdict not in ("PASS", "SKIP")]
    (own,) = (r for r in report.results if r.law == OWN)
    assert own.reason == "output 1 is marked as not differentiable, and has no gradient to test"
    assert own.reason in " ".join(str(report).split())


def test_a_wrong_gradient_beside_it_is_still_broken() -> None:
    assert [judged(by_hand(factor)).ok for factor in (1.0, 1.5)] == [True, False]
    wrong = by_hand(1.5)
    (own,) = (r for r in judged(lambda x: (wrong.apply(x)[0], (x**2).detach())).results if r.law == OWN)
    assert own.verdict == "FAIL"
