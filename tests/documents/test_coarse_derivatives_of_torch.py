"""Where torch's own reverse mode is coarse, in float64 on the CPU: one test for each row of the second table in
docs/gradient-checking.md. A test that fails here means that torch has changed, and that the table has to change.

The true numbers come from mpmath 1.3.0 with 60 digits, at the very float64 that is written, rounded to float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch
from derivatives_of_torch import VERSION, Loss, autograd, float64, relative_error
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Coarse:
    """A derivative with some right digits: above is what the relative error exceeds at one of the points at least."""

    name: str
    loss: Loss
    at: tuple[float, ...]
    true: tuple[float, ...]
    above: float


def far_apart(x: Tensor) -> Tensor:
    """The distance of (1000, t) from (1000, 0), among 26 points: from that many on, torch multiplies matrices."""
    points = torch.stack([torch.full_like(x, 1000.0), x], dim=1).expand(26, 2)
    return torch.cdist(points, float64([[1000.0, 0.0]]).expand(26, 2))[0, 0]


def cosine_of_a_short_vector(x: Tensor) -> Tensor:
    return F.cosine_similarity(x, float64([3.0, 4.0]), dim=0)


COARSE = [
    # slope 1/6; torch's is the float32 nearest to it
    Coarse("hardsigmoid", F.hardsigmoid, (-1.0, 0.5, 2.0), (1 / 6, 1 / 6, 1 / 6), 1e-8),
    # exp(x / alpha) at alpha = 0.3, the float64; torch reads alpha as a float32 on the way back
    Coarse("celu with alpha 0.3", lambda x: F.celu(x, 0.3), (-0.25, -1.0, -3.0),
           (0.4345982085070782, 0.035673993347252395, 4.5399929762484834e-05), 1e-8),
    # Phi(x) + x phi(x); Phi is formed as (1 + erf) / 2, which is 0 here, and the rest is off by 1 / x^2
    Coarse("gelu in its left tail", F.gelu, (-8.0, -9.0, -10.0, -12.0),
           (-3.979607261086796e-14, -9.138937373906639e-18, -7.618400096464814e-22, -2.5578956616748956e-31), 5e-3),
    # the derivative of x/2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
    Coarse("gelu by tanh in its left tail", lambda x: F.gelu(x, approximate="tanh"), (-5.0, -6.0, -8.0),
           (-1.5463619875325946e-06, -7.709973930953696e-10, -4.7147845041068414e-20), 1e-8),
    # y in (0, 1): exp(-x) / (1 + exp(-x))^2
    Coarse("sigmoid at 20 to 36", torch.sigmoid, (20.0, 30.0, 36.0),
           (2.061153613941849e-09, 9.357622968838423e-14, 2.319522830243568e-16), 1e-3),
    Coarse("tanh at 10 and 15", torch.tanh, (10.0, 15.0), (math.cosh(10) ** -2, math.cosh(15) ** -2), 1e-5),
    Coarse("expm1 at -20 and -30", torch.expm1, (-20.0, -30.0), (math.exp(-20), math.exp(-30)), 1e-5),
    # 2 x erfcx(x) - 2 / sqrt(pi)
    Coarse("erfcx at 1e3 to 1e6", torch.special.erfcx, (1e3, 1e4, 1e5, 1e6),
           (-5.641887372654967e-07, -5.641895750849127e-09, -5.641895834631278e-11, -5.6418958354691e-13), 1e-6),
    # trigamma: 1/2 pi^2, pi^2/6, pi^2/2 - 4, pi^2/6 - 1, pi^2/6 - (1 + 1/4 + 1/9 + 1/16)
    Coarse("digamma", torch.digamma, (0.5, 1.0, 1.5, 2.0, 5.0),
           (4.934802200544679, 1.6449340668482264, 0.9348022005446793, 0.6449340668482264, 0.22132295573711533), 1e-10),
    # digamma just right of a pole
    Coarse("lgamma next to -1, -2 and -3", torch.lgamma, (-1 + 1e-9, -2 + 1e-9, -3 + 1e-9),
           (-1000000027.8591479, -999999916.3368515, -999999916.0035182), 1e-9),
    # exp(-x) (I1(x) - I0(x))
    Coarse("special.i0e at 1e5 to 1e7", torch.special.i0e, (1e5, 1e6, 1e7),
           (-6.307854959639557e-09, -1.9947121500246404e-10, -6.307831541594096e-12), 1e-11),
    # phi(x) / Phi(x)
    Coarse("special.log_ndtr at -1e3 to -1e5", torch.special.log_ndtr, (-1e3, -1e4, -1e5),
           (1000.000999998, 10000.000099999997, 100000.00001), 1e-9),
    # exp(-x) x^(a - 1) / Gamma(a) at a = 1e5
    Coarse("special.gammainc(1e5, x)", lambda x: torch.special.gammainc(torch.full_like(x, 1e5), x),
           (99000.0, 99900.0, 100500.0),
           (8.302639237262193e-06, 0.0012011991168927537, 0.00036114228477740105), 1e-11),
    # (cos(pi x) - sinc(x)) / x
    Coarse("sinc at 1e-7 to 1e-5", torch.sinc, (1e-7, 1e-6, 1e-5),
           (-3.28986813369642e-07, -3.289868133693206e-06, -3.289868133371756e-05), 1e-5),
    # 1 / sqrt(1 - x^2), 1 / sqrt(x^2 - 1), 1 / (1 - x^2): the square is rounded before it is subtracted
    Coarse("asin next to 1", torch.asin, (1 - 1e-8, 1 - 3e-9, 1 - 1e-9),
           (7071.067811777938, 12909.944440717638, 22360.68009678968), 1e-11),
    Coarse("acosh next to 1", torch.acosh, (1 + 1e-8, 1 + 3e-9, 1 + 1e-9),
           (7071.067815674911, 12909.94442135272, 22360.678844342314), 1e-11),
    Coarse("atanh next to 1", torch.atanh, (1 - 1e-8, 1 - 3e-9, 1 - 1e-9),
           (49999999.99876204, 166666665.46241623, 500000014.3909661), 1e-11),
    # sigmoid(x); beyond the threshold 20, which is documented, the function is x
    Coarse("softplus beyond 20", F.softplus, (20.5, 21.0), (0.9999999987498471, 0.999999999241744), 1e-10),
    # -1 / x, while x (1 - x) is not let below 1e-12
    Coarse("binary_cross_entropy below 1e-12", lambda x: F.binary_cross_entropy(x, torch.ones_like(x)) * x.numel(),
           (1e-13, 1e-20, 1e-40), (-1e13, -1e20, -1e40), 0.8),
    # |t|
    Coarse("cdist of 26 points", far_apart, (1e-3,), (1.0,), 1e-9),
    # below eps = 1e-8 the norm is replaced by it: x y / (eps |y|), so y / (5 eps)
    Coarse("cosine_similarity of a short vector", cosine_of_a_short_vector, (0.0, 3e-9), (6e7, 8e7), 0.2),
]  # fmt: skip


@pytest.mark.parametrize("row", COARSE, ids=lambda row: row.name)
def test_torch_is_coarse(row: Coarse) -> None:
    assert relative_error(autograd(row.loss, list(row.at)), row.true) > row.above


def test_bessel_j0_has_six_digits_beyond_five() -> None:
    # -J1(x); J1 itself, and J0, are as coarse from 5 on. Up to 2.14 there is no derivative
    at, true = (5.25, 6.0), (0.34501397857943766, 0.27668385812756563)
    if VERSION < (2, 15):
        assert not torch.special.bessel_j0(float64(at).requires_grad_()).requires_grad
    else:
        assert relative_error(autograd(torch.special.bessel_j0, list(at)), true) > 1e-8
    assert relative_error((-torch.special.bessel_j1(float64(at))).tolist(), true) > 1e-8
