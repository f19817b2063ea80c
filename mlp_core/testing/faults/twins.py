"""Functions that differ from their references."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

NUMBERS = "gives the numbers of its reference"
LEAVES = "changes only what its reference changes"
AGAIN = "gives the same when called again"


def fisher(w: Tensor, X: Tensor, y: Tensor) -> Tensor:
    """The mean over samples of the squared gradient of (x w - y)^2 / 2."""
    return torch.stack([((x @ w - t) * x) ** 2 for x, t in zip(X, y, strict=True)]).mean(0)


def average(shadow: Any, weights: Any, decay: float) -> None:
    """shadow <- decay shadow + (1 - decay) weights, in place."""
    shadow *= decay
    shadow += (1 - decay) * weights


def caught_by(right: Any, inputs: Any, *laws: str, origin: str) -> Callable[[Any], Any]:
    return CATALOGUE.caught_by(
        *laws, right=right, origin=origin, examples=30, subject=lambda f: subjects.twin(f, right, inputs),
        **{right.__name__: right},
    )  # fmt: skip


wrong_fisher = partial(caught_by, fisher, subjects.arrays("(d),(n,d),(n)", lib="torch"))
wrong_average = partial(caught_by, average, subjects.arrays("(n),(n)", decay=0.75))


@wrong_fisher(NUMBERS, origin="site: the order of mean and square, in elastic weight consolidation")
def squares_the_mean(w: Tensor, X: Tensor, y: Tensor) -> Tensor:
    """the mean of the gradients is squared instead of the mean of their squares"""
    return (((X @ w - y)[:, None] * X).mean(0)) ** 2


@wrong_fisher(NUMBERS, origin="site: the mean over samples")
def sums_over_samples(w: Tensor, X: Tensor, y: Tensor) -> Tensor:
    """it is n times the reference: a sum over the samples instead of a mean"""
    return fisher(w, X, y) * len(y)


@wrong_fisher(LEAVES, origin="site: X -= mean, in the caller's array X")
def centres_what_it_is_handed(w: Tensor, X: Tensor, y: Tensor) -> Tensor:
    """the data are centred in place, which changes the caller's array"""
    found = fisher(w, X, y)
    X -= X.mean(0) + 1
    return found


@wrong_average(NUMBERS, origin="site: decay and 1 - decay, exchanged")
def keeps_what_it_should_forget(shadow: Any, weights: Any, decay: float) -> None:
    """the average moves by decay instead of 1 - decay"""
    average(shadow, weights, 1 - decay)


@wrong_fisher(AGAIN, origin="site: a running mean, kept in a default argument")
def keeps_a_running_mean(w: Tensor, X: Tensor, y: Tensor, kept: list[float] = []) -> Tensor:  # noqa: B006
    """the result depends on the number of earlier calls"""
    kept.append(1.0)
    return fisher(w, X, y) * (1 + len(kept) % 2)
