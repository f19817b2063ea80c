"""The error bound of any function's values, in any language, from their irregularity nearby.

Over a step of 2^-19 a smooth function is a parabola, to 2^-57 / 6 of its third derivative. The residuals of its values
from the nearest parabola are its rounding errors (after More and Wild, Estimating computational noise, 2011, who take
differences). The points are not equidistant, because rounding errors may be regular on a regular grid.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mlp_core.testing.bounds.references import FARTHER
from mlp_core.testing.bounds.rounding import unit_roundoff

STEP = 2.0**-22
"""relative to the size of a number, or to 1"""

OFFSETS = torch.tensor([0.0, 0.917, 2.213, 2.871, 4.339, 5.127, 5.763, 7.091], dtype=torch.float64)
"""points on each side, in steps"""

U = unit_roundoff(torch.float64)

KINK = 2.0**20
"""one side is this many times rougher than the other only if there is a kink, which is not rounding"""

_powers = torch.stack([OFFSETS**k for k in (0, 1, 2)], 1)
_REST = torch.eye(len(OFFSETS), dtype=torch.float64) - _powers @ torch.linalg.pinv(_powers)
"""subtracts the nearest parabola"""


def noise(f: Callable[[Tensor], Tensor], x: Tensor, u: float = U) -> Tensor:
    """The error bound of each value of f near x: FARTHER times the error observed there, plus FARTHER times 2u of the
    value; infinite if the value is not finite. f is elementwise. u: the unit roundoff of its values. The steps are
    longer for coarse values, which are constant over short ones: in float32 they are 2^-12, over which a smooth
    function is a parabola to 2^-30 of its third derivative.

    Values that do not change at all may be differences of terms that do: log(1 + e^z) - z is a multiple of the last
    digit of z. Their error is taken as u of a number of the size of x, or of 1.

    >>> x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    >>> bool((noise(torch.exp, x) < 1e-13 * x.exp()).all()), bool((noise(lambda x: x.float().double(), x) > 1e-7).all())
    (True, True)
    >>> bool(noise(lambda z: torch.log1p(z.exp()) - z, torch.tensor([23.6], dtype=torch.float64)) > 1e-15)
    True
    """
    scale = torch.exp2(torch.frexp(x.nan_to_num())[1].clamp(min=0).double())
    step = STEP * (u / U) ** (1 / 3) * scale
    middle = f(x)
    least = u * (scale if middle.shape == x.shape else scale.max())  # matrix hessians: per row
    rough = []
    for side in (1, -1):
        values = torch.stack([middle, *(f(x + side * t * step) for t in OFFSETS[1:].tolist())])
        rest = torch.tensordot(_REST, values - middle, 1)
        still = (values == middle).all(0)  # their last digits may be those of terms that cancel
        rough.append(torch.where(still, least, rest.abs().amax(0).nan_to_num(nan=torch.inf)))
    size = 2 * u * middle.abs().nan_to_num(nan=torch.inf)
    less, more = torch.minimum(*rough), torch.maximum(*rough)
    return FARTHER * (torch.where(more > KINK * torch.maximum(less, size), less, more) + size)
