"""A tensor that does not require grad is no parameter: None is its gradient. One that does must have a gradient."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import strategies as st

from mlp_core.testing import subjects, verify


def loss(params: Any, x: Any) -> Any:
    w, mask, b = params
    return (((x * mask) @ w + b) ** 2).sum()


def right(params: Any, x: Any) -> Any:
    w, mask, b = params
    dz = 2 * ((x * mask) @ w + b)
    return [(x * mask).T @ dz, None, dz.sum()]


def wrong(params: Any, x: Any) -> Any:
    dw, _, db = right(params, x)
    return [2 * dw, None, db]


def forgets(params: Any, x: Any) -> Any:
    return [right(params, x)[0], None, None]


def drawn(*, asked: bool = True) -> Any:
    def made(seed: int) -> Any:
        of = torch.Generator().manual_seed(seed)
        w, mask, x = (torch.randn(*shape, generator=of, dtype=torch.float64) for shape in ((3,), (3,), (4, 3)))
        b = torch.randn((), generator=of, dtype=torch.float64)
        return [w.requires_grad_(asked), mask, b.requires_grad_(asked)], x

    return st.integers(0, 2**32 - 1).map(made)


def test_none_beside_others_is_told_and_not_accused() -> None:
    verdict = verify(subjects.gradient(loss, right, drawn()), examples=20)
    assert verdict.ok, str(verdict)
    assert "params[1] does not require grad and gets no gradient: taken as data" in " ".join(str(verdict).split())


@pytest.mark.parametrize(("gradient", "asked"), [(wrong, True), (forgets, True), (right, False)])
def test_a_wrong_gradient_a_forgotten_one_and_none_without_any_mark_are_broken(gradient: Any, asked: bool) -> None:
    verdict = verify(subjects.gradient(loss, gradient, drawn(asked=asked)), examples=20)
    failed = next(r for r in verdict.results if r.verdict == "FAIL")
    with pytest.raises(AssertionError):
        exec(failed.snippet, {"__name__": "pasted"})  # noqa: S102  (what it is for)
