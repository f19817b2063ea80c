"""Where torch's own reverse mode is wrong, in float64 on the CPU: one test for each row of the first table in
docs/gradient-checking.md. A test that fails here says that torch has changed, and that the table has to.

The true numbers are exact, or come from math, or are literals with their derivation: what mpmath 1.3.0 gives with 60
digits at the very float64 that is written, rounded to float64 at the end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import pytest
import torch
from derivatives_of_torch import VERSION, Loss, autograd, float64, quotients, relative_error, same
from torch import Tensor
from torch.nn import functional as F

NAN, INF = math.nan, math.inf


@dataclass(frozen=True)
class Wrong:
    """A derivative that has no right digit: what torch says, to the bit, and what is true.

    step: of the central difference that confirms the truth to three digits; None if the value of the loss is rounded
    too coarsely for one; then the comment above the row may name another function of that value, which a test compares.
    """

    name: str
    loss: Loss
    at: object
    says: tuple[float, ...]
    true: tuple[float, ...]
    step: float | None = 2.0**-17


def largest_without_self(x: Tensor) -> Tensor:
    start = float64([5.0])
    return start.scatter_reduce(0, torch.zeros(x.numel(), dtype=torch.long), x, "amax", include_self=False)


def through_eigh(diagonal: Tensor) -> Tensor:
    eigenvalues, vectors = torch.linalg.eigh(torch.diag(diagonal))
    return (vectors * eigenvalues**2) @ vectors.T


def through_svd(diagonal: Tensor) -> Tensor:
    U, S, Vh = torch.linalg.svd(torch.diag(diagonal))
    return (U * S) @ Vh


def solved(factor: Tensor) -> Tensor:
    return torch.cholesky_solve(float64([[1.0], [2.0]]), factor)


def ctc_of_one_frame(log_probs: Tensor) -> Tensor:
    one = torch.tensor([1])
    return F.ctc_loss(log_probs.reshape(1, 1, 2), one.reshape(1, 1), one, one, reduction="sum")


def last_wins(values: Tensor) -> Tensor:
    return torch.zeros(1, dtype=torch.float64).index_put((torch.tensor([0, 0]),), values)


def renormalised(row: Tensor) -> Tensor:
    # row * 1: max_norm writes into the table in place, which a leaf would refuse
    return F.embedding(torch.tensor([0]), row.reshape(1, 2) * 1, max_norm=1.0)


# n = |(3, 4)| = 5; torch scales by s = 1 / (n + 1e-7), so that the loss is (a + b) s, and its derivative in a is
# s - (a + b) s^2 a / n
_S = 1 / (5 + 1e-7)
RENORMALISED = (_S - 7 * _S * _S * 3 / 5, _S - 7 * _S * _S * 4 / 5)

WRONG = [
    # cofactors: det [[a, b], [c, d]] = a d - b c, so (d, -c, -b, a)
    Wrong("det of a singular matrix", torch.linalg.det, [[1, 2], [2, 4]], (0, 0, 0, 0), (4, -2, -2, 1)),
    # 5 is the only largest of (5, 3): the loss is x_0 in a neighbourhood. torch counts the 5 that was left out, too
    Wrong("scatter_reduce amax, self left out", largest_without_self, [5, 3], (0.5, 0), (1, 0)),
    # Re polar(r, 0) = r
    Wrong("polar at radius 0", lambda r: torch.polar(r, torch.zeros_like(r)).real, [0], (0,), (1,)),
    Wrong("polar at a negative radius", lambda r: torch.polar(r, torch.zeros_like(r)).real, [-1], (-1,), (1,)),
    # only the lower triangle is read, so that d/dL_01 = 0. L = [[1, 0], [1, 1]], A = L L^T, x = A^-1 b = (0, 1),
    # and dA = -A^-1 1 x^T = [[0, -1], [0, 0]] gives dL = (dA + dA^T) L, of which the lower triangle counts
    Wrong("cholesky_solve, above the diagonal", solved, [[1, 0], [1, 1]], (-1, -1, -1, 0), (-1, 0, -1, 0)),
    Wrong("cholesky_solve, junk above the diagonal", solved, [[1, 5], [1, 1]], (-1, -1, -1, -5), (-1, 0, -1, 0)),
    # |3 - t| twice over, and the larger of the two equal ones: |3 - t|
    Wrong("cdist with p=inf", lambda t: torch.cdist(t.expand(1, 2), float64([[3, 3]]), p=INF), [0], (-2,), (-1,)),
    # V w^2 V^T = A^2 and U S V^T = A, both polynomials, at a matrix with a double eigenvalue; sums over the entries
    Wrong("A^2 by eigh at the identity", through_eigh, [1, 1], (NAN, NAN), (2, 2)),
    Wrong("A by svd at the identity", through_svd, [1, 1], (NAN, NAN), (1, 1)),
    # one frame, one label: the loss is -log_probs[1], whatever log_probs[0] is
    Wrong("ctc_loss in log_probs", ctc_of_one_frame, [0, 0], (1, 0), (0, -1)),
    # 0 log y = 0 for every y, and the derivative is that of the constant 0
    Wrong("xlogy at (0, 0), in y", lambda y: torch.xlogy(torch.zeros_like(y), y), [0], (NAN,), (0,)),
    Wrong("xlog1py at (0, -1), in y", lambda y: torch.special.xlog1py(torch.zeros_like(y), y), [-1], (NAN,), (0,)),
    # log(exp(x) + 2) -> log 2 with derivative exp(x) / (exp(x) + 2) -> 0; logsumexp says so
    Wrong(
        "logcumsumexp, first entry -inf",
        lambda x: torch.logcumsumexp(torch.cat([x, float64([0, 0])]), 0)[2], [-INF], (NAN,), (0,), None,
    ),
    # P(1, x) = 1 - exp(-x), on the right of 0
    Wrong("gammainc(1, x) at 0", lambda x: torch.special.gammainc(torch.ones_like(x), x), [0], (NAN,), (1,), None),
    # d/dy atan2(y, x) = x / (x^2 + y^2) = 1 / (2 x) at y = x; the squares overflow or underflow
    Wrong("atan2 of large numbers", lambda y: torch.atan2(y, float64([1e200])), [1e200], (0,), (5e-201,), 1e195),
    Wrong("atan2 of small numbers", lambda y: torch.atan2(y, float64([1e-200])), [1e-200], (0,), (5e199,), 1e-205),
    # the derivative of x_0 x_1 is the other factor; the product underflows, and is divided by the factor
    Wrong("prod that underflows", torch.prod, [1e-200, 1e-200], (0, 0), (1e-200, 1e-200), None),
    # x is returned in that range; the square of x overflows, and 0 * inf is NaN
    Wrong("gelu by tanh at 1e155", lambda x: F.gelu(x, approximate="tanh"), [1e155], (NAN,), (1,), 1e150),
    # exp(x); torch takes it from the result, y + 1, in which it has been rounded off
    Wrong("expm1 at -40", torch.expm1, [-40], (0,), (math.exp(-40),), None),
    Wrong("elu in place at -40", lambda x: F.elu(x.clone(), inplace=True), [-40], (0,), (math.exp(-40),), None),
    # y (1 - y) with y = 1, and 1 - y^2 with y = 1: exp(-x) / (1 + exp(-x))^2 and 1 / cosh(x)^2
    Wrong("sigmoid at 40", torch.sigmoid, [40], (0,), (math.exp(-40) / (1 + math.exp(-40)) ** 2,), None),
    Wrong("tanh at 20", torch.tanh, [20], (0,), (math.cosh(20) ** -2,), None),
    # -1 / (sqrt(pi) x^2) (1 - 3 / (2 x^2) + ...), of which 2 x erfcx(x) - 2 / sqrt(pi) leaves nothing
    Wrong("erfcx at 1e8", torch.special.erfcx, [1e8], (0,), (-1e-16 / math.sqrt(math.pi),), 1e4),
    # -pi^2 x / 3 + O(x^3), of which (cos(pi x) - sinc(x)) / x leaves nothing
    Wrong("sinc at 1e-9", torch.sinc, [1e-9], (0,), (-(math.pi**2) * 1e-9 / 3,), 2.0**-10),
]
DOCUMENTED = [  # torch's documentation says that these are not the derivative, or not defined
    # the last of the two is kept
    Wrong("index_put, an index twice", last_wins, [3, 5], (1, 1), (0, 1)),
    # below eps the variance is clamped, so that the loss is constant; torch: 1/2 (1 / eps - (1/2)^2 / eps^2)
    Wrong(
        "gaussian_nll_loss, variance below eps",
        lambda v: F.gaussian_nll_loss(float64([1]), float64([1.5]), v, eps=2.0**-20),
        [2.0**-30], (2.0**19 - 2.0**37,), (0,), 2.0**-31,
    ),
    Wrong("embedding with max_norm", renormalised, [3, 4], (1, 1), RENORMALISED),
]  # fmt: skip


@pytest.mark.parametrize("row", [*WRONG, *DOCUMENTED], ids=lambda row: row.name)
def test_torch_is_wrong(row: Wrong) -> None:
    found = autograd(row.loss, row.at)
    assert same(found, row.says)
    assert not same(found, row.true)
    if row.step is not None:
        assert relative_error(quotients(row.loss, row.at, row.step), row.true) < 1e-3


def test_det_is_right_where_the_graph_of_the_gradient_is_kept() -> None:
    found = autograd(torch.linalg.det, [[1, 2], [2, 4]], create_graph=True)
    assert relative_error(found, (4, -2, -2, 1)) < 1e-14


@pytest.mark.parametrize(("numerator", "divisor"), [(1.0, 0.1), (1.0, 0.2), (3.0, 0.1), (0.9, 0.1)])
def test_fmod_counts_one_divisor_too_many(numerator: float, divisor: float) -> None:
    # fmod(a, b) = a - b trunc(a / b), of the float64 that 0.1 is, a little more than a tenth: 9 go into 1, not 10.
    # torch's quotient is rounded up before it is truncated; its value is right, and so is the derivative of remainder
    true = -(Fraction(numerator) // Fraction(divisor))
    a = float64([numerator])
    assert torch.fmod(a, divisor).item() == float(Fraction(numerator) + true * Fraction(divisor))
    assert autograd(lambda b: torch.fmod(a, b), [divisor]) == [true - 1]
    assert autograd(lambda b: torch.remainder(a, b), [divisor]) == [true]


def test_elu_out_of_place_is_right_where_in_place_is_not() -> None:
    assert relative_error(autograd(F.elu, [-40]), [math.exp(-40)]) < 1e-15


def test_logsumexp_is_right_where_logcumsumexp_is_not() -> None:
    assert autograd(lambda x: torch.logsumexp(torch.cat([x, float64([0, 0])]), 0), [-INF]) == [0]


def largest(x: Tensor) -> Tensor:
    return torch.max(x, 0)[0]


def last_running_maximum(x: Tensor) -> Tensor:
    return torch.cummax(x, 0)[0][-1]


CONVENTIONS: list[tuple[str, Loss, object, tuple[float, ...]]] = [  # nothing is wrong here: a choice at a kink
    ("clamp at its bound", lambda x: torch.clamp(x, 0.0, 1.0), [1], (1,) if VERSION < (2, 14) else (0,)),
    ("clamp at a tensor", lambda x: torch.clamp(x, max=float64([1])), [1], (1,) if VERSION < (2, 14) else (0.5,)),
    ("hardtanh at its bound", F.hardtanh, [1], (0,)),
    ("minimum of equals", lambda x: torch.minimum(x, float64([1])), [1], (0.5,)),
    ("amax of equals", torch.amax, [1, 1], (0.5, 0.5)),
    ("max along a dimension of equals", largest, [1, 1], (1, 0)),
    ("cummax of equals", last_running_maximum, [1, 1], (0, 1)),
    ("norm at 0", torch.linalg.vector_norm, [0, 0], (0, 0)),
    ("hypot at 0", lambda x: torch.hypot(x, torch.zeros_like(x)), [0], (NAN,)),
    ("atan2 at 0", lambda y: torch.atan2(y, torch.zeros_like(y)), [0], (0,)),
    # the lower triangle alone is read; the derivative of A_10 is given to A_10 and A_01 in halves
    ("cholesky", torch.linalg.cholesky, [[1, 0], [0, 1]], (0.5, 0.5, 0.5, 0.5)),
]


@pytest.mark.parametrize(("loss", "at", "says"), [row[1:] for row in CONVENTIONS], ids=[row[0] for row in CONVENTIONS])
def test_convention(loss: Loss, at: object, says: tuple[float, ...]) -> None:
    assert same(autograd(loss, at), says)
