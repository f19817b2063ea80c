"""Forwards and gradients that lose digits on the way: squares that overflow, a loss that is what is left of two larger
numbers, sigmoid(z) - y of a sample that is classified for sure. No correct one fails, and no wrong one passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from judging import (
    AUTOGRAD,
    Problem,
    assert_broken,
    assert_lawful,
    assert_not_accused,
    assert_untested,
    entry,
    generator,
    judged,
    normal,
    seeded,
    spoiled,
)  # fmt: skip
from torch import Tensor

F = torch.nn.functional
EXAMPLES = 4


def cosine(params: list[Tensor], y: Tensor) -> Tensor:
    return F.cosine_similarity(params[0], y, dim=0)


def unit(v: Tensor) -> Tensor:
    v = v / v.abs().max()
    return v / v.square().sum().sqrt()


def cosine_gradient(params: list[Tensor], y: Tensor) -> list[Tensor]:
    most = params[0].abs().max()
    a, b = unit(params[0]), unit(y)
    return [(b - (b @ a) * a) / (params[0] / most).square().sum().sqrt() / most]


def vectors(size: float) -> Callable[[int], Problem]:
    return lambda seed: ([size * normal(3, of=generator(seed))], normal(3, of=generator(seed + 1)))


def negated(g: Tensor) -> None:
    g.neg_()


@pytest.mark.parametrize("size", [1e155, 1e300])
@pytest.mark.parametrize("spoil", [None, negated], ids=["right", "wrong"])
def test_a_forward_that_overflows_on_the_way_judges_nobody(size: float, spoil: Any) -> None:
    gradient = cosine_gradient if spoil is None else spoiled(cosine_gradient, spoil)
    assert_untested(judged(cosine, gradient, seeded(vectors(size)), examples=EXAMPLES))


@pytest.mark.parametrize("size", [1e-6, 1e100])
def test_it_judges_where_nothing_overflows(size: float) -> None:
    assert_lawful(judged(cosine, cosine_gradient, seeded(vectors(size)), examples=EXAMPLES))
    assert_broken(judged(cosine, spoiled(cosine_gradient, negated), seeded(vectors(size)), examples=EXAMPLES))


def clamped(params: list[Tensor]) -> Tensor:
    """exp(1000) overflows, and what is made of it is the same as of any large number."""
    return torch.exp(params[0]).clamp(max=5.0).sum() + params[0].sum()


def clamped_gradient(params: list[Tensor]) -> list[Tensor]:
    p = params[0]
    return [1 + torch.where(p.exp() < 5, p.exp(), 0.0)]


def test_an_overflow_that_loses_nothing_excuses_nothing() -> None:
    inputs = seeded(lambda seed: ([1000 * normal(4, of=generator(seed))],))
    assert_lawful(judged(clamped, clamped_gradient, inputs, examples=EXAMPLES))
    assert_broken(judged(clamped, spoiled(clamped_gradient, entry(0, lambda v: -v)), inputs, examples=EXAMPLES))


def signed(y: Tensor) -> Tensor:
    return 2 * y - 1


LOSSES: dict[str, Callable[..., Tensor]] = {
    "bce": lambda p, X, y: F.binary_cross_entropy_with_logits(X @ p[0], y),
    "bce, summed": lambda p, X, y: F.binary_cross_entropy_with_logits(X @ p[0], y, reduction="sum") / len(y),
    "softplus": lambda p, X, y: F.softplus(-signed(y) * (X @ p[0])).mean(),
    "logsigmoid": lambda p, X, y: -F.logsigmoid(signed(y) * (X @ p[0])).mean(),
    "log1p": lambda p, X, y: torch.log1p(torch.exp(-signed(y) * (X @ p[0]))).mean(),
    "cross entropy": lambda p, X, y: F.cross_entropy(torch.stack([0 * y, X @ p[0]], 1), y.long()),
    "logsumexp": lambda p, X, y: (torch.logsumexp(torch.stack([0 * y, X @ p[0]], 1), 1) - y * (X @ p[0])).mean(),
}


def logistic_gradient(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [X.T @ (torch.sigmoid(X @ params[0]) - y) / len(y)]


def classified(n: int, size: float) -> Callable[[int], Problem]:
    def draw(seed: int) -> Problem:
        own = generator(seed)
        X = size * normal(n, 3, of=own)
        return [normal(3, of=own)], X, (normal(n, of=own) > 0).double()

    return draw


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(("n", "size"), [(1, 10.0), (2, 100.0)])
def test_samples_that_are_classified_for_sure_accuse_nobody(name: str, n: int, size: float) -> None:
    inputs = seeded(classified(n, size))
    assert_not_accused(judged(LOSSES[name], logistic_gradient, inputs, examples=5))


@pytest.mark.parametrize(("name", "size"), [("bce", 10.0), ("softplus", 1.0), ("cross entropy", 10.0)])
def test_and_excuse_nothing(name: str, size: float) -> None:
    inputs = seeded(classified(2, size))
    for change in (negated, entry(0, lambda v: 0.0), entry(1, lambda v: v * (1 + 1e-8))):
        assert_broken(judged(LOSSES[name], spoiled(logistic_gradient, change), inputs, examples=5), AUTOGRAD)


def in_float32(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    return [g.double() for g in logistic_gradient([params[0].float()], X.float(), y.float())]


def by_quotients(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
    moves = 1e-6 * torch.eye(3, dtype=torch.float64)
    at = LOSSES["bce"]
    return [torch.stack([(at([params[0] + m], X, y) - at([params[0] - m], X, y)) / 2e-6 for m in moves])]


@pytest.mark.parametrize("wrong", [in_float32, by_quotients])
def test_digits_that_the_gradient_throws_away_are_not_explained(wrong: Any) -> None:
    report = judged(LOSSES["bce"], wrong, seeded(classified(5, 1.0)), examples=10)
    assert not report.ok
    if wrong is in_float32:
        assert_broken(report, AUTOGRAD)


@pytest.mark.parametrize("size", [1e9, 1e12])
def test_one_data_set_with_large_targets_is_judged_by_longer_steps(size: float) -> None:
    own = generator(3)
    X, y = normal(20, 3, of=own), size * normal(20, of=own)
    inputs = seeded(lambda seed: ([normal(3, of=generator(seed))], X, y))

    def loss(params: list[Tensor], X: Tensor, y: Tensor) -> Tensor:
        return ((X @ params[0] - y) ** 2).mean()

    def gradient(params: list[Tensor], X: Tensor, y: Tensor) -> list[Tensor]:
        return [2 * X.T @ (X @ params[0] - y) / len(y)]

    assert_lawful(judged(loss, gradient, inputs))
    assert_broken(judged(loss, spoiled(gradient, entry(0, lambda v: v * 1.001)), inputs))


def test_a_bend_that_drowns_beside_a_large_number_accuses_nobody() -> None:
    def loss(params: list[Tensor]) -> Tensor:
        return (1e15 + 10 * torch.sigmoid(params[0])).sum()

    def gradient(params: list[Tensor]) -> list[Tensor]:
        s = torch.sigmoid(params[0])
        return [10 * s * (1 - s)]

    assert_untested(judged(loss, gradient, seeded(lambda seed: ([normal(2, of=generator(seed))],)), examples=EXAMPLES))
