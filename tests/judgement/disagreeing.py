"""Functions of torch, with a right gradient by hand, at points where autograd is wrong or coarse."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from judging import Problem, generator, normal
from torch import Tensor

F = torch.nn.functional
PLACES = torch.tensor([0, 1, 0])
WEIGHTS = torch.tensor([2.0, 3.0], dtype=torch.float64)


def whole(*shape: int, of: torch.Generator) -> Tensor:
    return torch.randint(-3, 4, shape, generator=of).double()


def singular(seed: int) -> Problem:
    """Whole numbers, the last row the sum of the others: of rank 2."""
    own = generator(seed)
    rows = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]], dtype=torch.float64) + whole(2, 3, of=own) * 4
    return ([torch.cat([rows, rows.sum(0, keepdim=True)])],)


def det(params: list[Tensor]) -> Tensor:
    return torch.linalg.det(params[0])


def cofactors(params: list[Tensor]) -> list[Tensor]:
    a, b, c = params[0]
    return [torch.stack([torch.linalg.cross(b, c), torch.linalg.cross(c, a), torch.linalg.cross(a, b)])]


def of_zeros(seed: int) -> Problem:
    """A column of zeros."""
    A = singular(seed)[0][0] + torch.eye(3, dtype=torch.float64)
    A[:, seed % 3] = 0
    return ([A],)


def inside(seed: int) -> Problem:
    return ([torch.rand(4, generator=generator(seed), dtype=torch.float64) * 5 - 2.5],)


def radius_0(seed: int) -> Problem:
    own = generator(seed)
    return [torch.zeros(3, dtype=torch.float64), normal(3, of=own)], normal(3, of=own)


def polar(params: list[Tensor], c: Tensor) -> Tensor:
    return (torch.polar(params[0], params[1]).real * c).sum()


def polar_gradient(params: list[Tensor], c: Tensor) -> list[Tensor]:
    r, phi = params
    return [phi.cos() * c, -r * phi.sin() * c]


def put(params: list[Tensor]) -> Tensor:
    return (torch.zeros(2, dtype=torch.float64).index_put((PLACES,), params[0]) * WEIGHTS).sum()


def scattered(params: list[Tensor]) -> Tensor:
    return (torch.zeros(2, dtype=torch.float64).scatter(0, PLACES, params[0]) * WEIGHTS).square().sum()


def last_wins(params: list[Tensor]) -> list[Tensor]:
    return [torch.tensor([0.0, 3.0, 2.0], dtype=torch.float64)]


def last_wins_squared(params: list[Tensor]) -> list[Tensor]:
    return [2 * torch.stack([0 * params[0][0], 9 * params[0][1], 4 * params[0][2]])]


def three(seed: int) -> Problem:
    return ([1 + torch.rand(3, generator=generator(seed), dtype=torch.float64)],)


def overwritten(seed: int) -> Problem:
    """The value that is written there last is 0: in the entry that it overwrites the function is 0, and flat."""
    return ([three(seed)[0][0] * torch.tensor([1, 0, 0])],)


def definite(seed: int) -> Problem:
    A = normal(3, 3, of=generator(seed))
    return ([A @ A.T + 3 * torch.eye(3, dtype=torch.float64)],)


def lower(G: Tensor) -> Tensor:
    """The part of a gradient by all entries that belongs to the entries below the diagonal; only those are read."""
    return (G + G.mT).tril() - torch.diag(G.diagonal())


def cholesky(params: list[Tensor]) -> Tensor:
    return torch.linalg.cholesky(params[0]).sum()


def cholesky_gradient(params: list[Tensor]) -> list[Tensor]:
    L = torch.linalg.cholesky(params[0])
    P = (L.mT @ torch.ones_like(L).tril()).tril()
    P = P - torch.diag(P.diagonal()) / 2
    inverse = torch.linalg.inv(L)
    S = inverse.mT @ P @ inverse
    return [lower((S + S.mT) / 2)]


def eigenvalues(params: list[Tensor]) -> Tensor:
    return torch.linalg.eigvalsh(params[0]).square().sum()


def eigenvalues_gradient(params: list[Tensor]) -> list[Tensor]:
    return [lower(2 * (params[0].tril() + params[0].tril(-1).mT))]


def trigamma(params: list[Tensor]) -> list[Tensor]:
    x, total = params[0], torch.zeros_like(params[0])
    for _ in range(30):
        total, x = total + 1 / x**2, x + 1
    tail = 1 / x + 1 / (2 * x**2) + 1 / (6 * x**3) - 1 / (30 * x**5) + 1 / (42 * x**7) - 1 / (30 * x**9)
    return [total + tail]


def one_below(seed: int) -> Problem:
    p = 1 + torch.rand(4, generator=generator(seed), dtype=torch.float64)
    p[seed % 4] *= -1
    return ([p],)


def rooted(params: list[Tensor]) -> Tensor:
    return torch.where(params[0] > 0, params[0].sqrt(), params[0]).sum()


def rooted_gradient(params: list[Tensor]) -> list[Tensor]:
    p = params[0]
    return [torch.where(p > 0, 0.5 / p.abs().sqrt(), 1.0)]


def zeros(seed: int) -> Problem:
    return ([torch.zeros(1 + seed % 3, dtype=torch.float64)],)


Case = tuple[Callable[..., Tensor], Callable[..., Sequence[Tensor]], Callable[[int], Problem]]

CASES: dict[str, Case] = {
    "det, rank 2": (det, cofactors, singular), "det, a column of zeros": (det, cofactors, of_zeros),
    "hardsigmoid": (lambda p: F.hardsigmoid(p[0]).sum(), lambda p: [torch.full_like(p[0], 1 / 6)], inside),
    "polar at radius 0": (polar, polar_gradient, radius_0), "index_put": (put, last_wins, three),
    "index_put, 0 to the bit": (put, last_wins, overwritten),
    "scatter": (scattered, last_wins_squared, three), "cholesky": (cholesky, cholesky_gradient, definite),
    "eigvalsh": (eigenvalues, eigenvalues_gradient, definite),
    "digamma": (lambda p: torch.digamma(p[0]).sum(), trigamma, three),
    "where of a root": (rooted, rooted_gradient, one_below),
    "squared norm at 0": (lambda p: p[0].square().sum().sqrt() ** 2, lambda p: [2 * p[0]], zeros),
}  # fmt: skip
