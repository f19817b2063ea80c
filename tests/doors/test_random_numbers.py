"""A forward that draws from a generator of its own draws the same numbers in every call, and is reported as random."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch

from mlp_core.testing import subjects, verify
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.laws.doors.shared import SEEDED
from mlp_core.testing.subjects import arrays
from mlp_core.testing.subjects.doors.generators import generators_of, is_generator

RNG = np.random.default_rng(5)
TORCH = torch.Generator().manual_seed(5)
OLD = np.random.RandomState(5)
draw = RNG.random


def by_default(x: Any, rng: Any = np.random.default_rng(7)) -> Any:  # noqa: B008  (as people write it)
    mask = rng.random(x.shape) < 0.5
    return x * mask * 2, mask


def by_global(x: Any) -> Any:
    mask = RNG.random(x.shape) < 0.5
    return x * mask * 2, mask


def by_method_of_a_global(x: Any) -> Any:
    mask = draw(x.shape) < 0.5
    return x * mask * 2, mask


def by_an_old_one(x: Any) -> Any:
    mask = OLD.rand(*x.shape) < 0.5
    return x * mask * 2, mask


def by_a_fresh_one(x: Any) -> Any:
    mask = np.random.default_rng().random(x.shape) < 0.5
    return x * mask * 2, mask


def by_closure() -> Callable[..., Any]:
    rng = random.Random(3)  # noqa: S311

    def forward(x: Any) -> Any:
        mask = np.reshape([rng.random() < 0.5 for _ in range(x.size)], x.shape)
        return x * mask * 2, mask

    return forward


class Dropout:
    def __init__(self) -> None:
        self.rng = np.random.default_rng(1)

    def forward(self, x: Any) -> Any:
        mask = self.rng.random(x.shape) < 0.5
        return x * mask * 2, mask


def drops(x: Any, rng: Any) -> Any:
    return by_default(x, rng)


FORWARDS: dict[str, Any] = {
    "a default": by_default, "a global": by_global, "a method of a global": by_method_of_a_global,
    "an old one": by_an_old_one, "a fresh one": by_a_fresh_one, "a closure": by_closure(),
    "an attribute": Dropout().forward, "a partial": partial(drops, rng=np.random.default_rng(2)),
}  # fmt: skip


def back(dout: Any, mask: Any) -> Any:
    return dout * mask * 2


@pytest.mark.parametrize("forward", FORWARDS.values(), ids=FORWARDS)
def test_a_right_pair_with_a_generator_of_its_own_is_lawful_and_told_to_be_random(forward: Any) -> None:
    report = verify(subjects.pair(forward, back, arrays("(n,d)")), examples=10)
    assert report.ok, [r.text() for r in report.results if r.verdict != "PASS"]
    assert any(SEEDED in r.reason for r in report.results)


class TorchDropout(torch.autograd.Function):
    generator = torch.Generator().manual_seed(2)

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.mask = (torch.rand(x.shape, generator=TorchDropout.generator) < 0.5).to(x.dtype) * 2
        return x * ctx.mask

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return grad * ctx.mask


class Layer:
    rng = np.random.default_rng(4)

    def forward(self, x: Any) -> Any:
        self.mask = self.rng.random(x.shape) < 0.5
        return x * self.mask

    def backward(self, dout: Any) -> Any:
        return dout * self.mask


def test_functions_layers_values_and_twins_too() -> None:
    def noisy(x: Any, generator: Any = TORCH) -> Any:
        return x * torch.rand(x.shape, generator=generator)

    def value(w: Any) -> Any:
        noise = RNG.random(w.shape)
        return (w**2 * noise).sum(), 2 * w * noise

    tensors = arrays("(n)", lib="torch")
    for subject in (
        subjects.function(TorchDropout, tensors), subjects.layer(Layer, arrays("(n,d)")),
        subjects.value_and_gradient(value, arrays("(n)")), subjects.twin(noisy, noisy, tensors),
    ):  # fmt: skip
        report = verify(subject, examples=8)
        assert report.ok, [r.text() for r in report.results if r.verdict not in ("PASS", "SKIP")]


def test_a_wrong_one_is_broken_and_its_lines_fail_again() -> None:
    with patch.object(engine, "SHRINKS", 3):
        report = verify(subjects.pair(by_global, lambda dout, mask: dout * mask, arrays("(n,d)")), examples=8)
    broken = next(r for r in report.results if r.verdict == "FAIL")
    lines = broken.snippet.replace("yours = ...", "yours = lambda dout, mask: dout * mask")
    with pytest.raises(AssertionError):
        exec(lines, {"__name__": "pasted", "by_global": by_global})  # noqa: S102  (what it is for)


def test_the_generators_stand_where_they_stood() -> None:
    before = RNG.bit_generator.state, TORCH.get_state().tolist(), np.random.default_rng
    verify(subjects.pair(by_global, back, arrays("(n)")), examples=3)
    assert (RNG.bit_generator.state, TORCH.get_state().tolist(), np.random.default_rng) == before


def test_shared_ones_are_none_of_its_own() -> None:
    assert generators_of(lambda: (random.random(), np.random.rand(), torch.rand(1))) == []  # noqa: S311, NPY002
    assert not is_generator(3)
