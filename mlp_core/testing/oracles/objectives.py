"""The known values for an objective of gradient boosting: derivatives of its loss and of its gradient."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.bounds.noise import noise
from mlp_core.testing.examples.rows import Rows
from mlp_core.testing.oracles.entries import Derivatives, Entries, derivatives


def own_noise(subject: Any, at: Rows, which: int, *, weighted: bool = False) -> Tensor:
    """The rounding error of the subject's own gradient (0) or hessian (1)."""
    return noise(lambda scores: subject.both(at.at(scores), weighted=weighted)[which], at.scores, subject.u(at))


def places(at: Rows) -> list[tuple[int, ...]]:
    """The index of every score."""
    return [tuple(place) for place in torch.ones(at.scores.shape).nonzero().tolist()]


def _moved(at: Rows, moves: list[tuple[tuple[int, ...], float]]) -> Rows:
    """One row per move: the row of the place, with another score there."""
    rows = at.some([place[0] for place, _ in moves])
    scores = rows.scores.clone()
    for k, (place, score) in enumerate(moves):
        scores[(k, *place[1:])] = score
    return rows.at(scores)


def _beside(at: Rows, place: tuple[int, ...], score: float) -> Rows:
    """All rows, with another score in one place."""
    scores = at.scores.clone()
    scores[place] = score
    return at.at(scores)


def gradient_of_the_loss(subject: Any, at: Rows, got: Tensor | None = None, own: Tensor | None = None) -> Derivatives:
    """The gradient according to the loss: the derivatives of each row's loss by its raw scores; of the loss of all
    rows, if they depend on each other by design."""
    where = places(at)

    def one(k: int, score: float) -> float:
        row = _beside(at, where[k], score) if subject.meets else _moved(at, [(where[k], score)])
        return float(subject.value(row.labels, row.scores))

    return derivatives(Entries(one), at.scores, got, own)


def own_derivative(
    subject: Any, at: Rows, got: Tensor | None = None, own: Tensor | None = None, *, quick: bool = False
) -> Derivatives:
    """The derivative of the gradient by each row's own score; for matrix hessians, by all scores of the row."""
    whole = subject.call.order == "derivatives of a row"
    k = at.scores.shape[-1]
    pairs = [(place, place) for place in places(at)]
    if whole:
        pairs = [(place, (place[0], by)) for place in places(at) for by in range(k)]

    def several(x: Tensor) -> Tensor:
        moves = [(by, score) for (_, by), score in zip(pairs, x.tolist(), strict=True)]
        gradient = subject.both(_moved(at, moves))[0]
        return torch.stack([gradient[(row, *place[1:])] for row, (place, _) in enumerate(pairs)])

    def one(which: int, score: float) -> float:
        place, by = pairs[which]
        if subject.meets:
            return float(subject.both(_beside(at, by, score))[0][place])
        return float(subject.both(_moved(at, [(by, score)]))[0][(0, *place[1:])])

    spread = at.scores[:, None, :].expand(*at.scores.shape, k).contiguous() if whole else at.scores
    alike = None if subject.meets else several
    return derivatives(Entries(one, alike, subject.u(at)), spread, got, own, quick=quick)
