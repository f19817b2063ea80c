"""Whether a claimed derivative, integrated from one point to another, gives the difference of the function's values.

Values cannot show waves that are finer than every step whose effect exceeds their rounding: x + sin(w x) / w looks like
x there. Its derivative 1 + cos(w x) differs from every quotient, and is correct. Then it varies within the step, and
its mean over the step is the quotient:

    f(x + h) - f(x - h) = integral of f' from x - h to x + h

The integral is computed by Gauss-Legendre quadrature. Its error is estimated from the distance between its nodes and a
polynomial with half as many coefficients, which unresolved waves do not reduce.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import ulp

import torch
from torch import Tensor

NODES = 32

DISTINCT = 2.0**10
"""the width of an interval, in last bits of its middle, from which on its nodes are distinct points"""


def _gauss() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Nodes in -1..1, their weights in a mean, the matrix that subtracts the nearest polynomial, and the weights that
    give this polynomial at 0 (Golub and Welsch 1969: nodes are eigenvalues of the Legendre recurrence, weights the
    squares of the eigenvectors' first entries).
    """
    k = torch.arange(1, NODES, dtype=torch.float64)
    beside = k / torch.sqrt(4 * k * k - 1)
    nodes, vectors = torch.linalg.eigh(torch.diag(beside, 1) + torch.diag(beside, -1))
    vectors = vectors * vectors[0].sign()
    near = vectors[: NODES // 2]  # a row is a Legendre polynomial at the nodes, times the root of the node's weight
    root = vectors[0]
    at_0 = [1.0, 0.0]
    for below, above in pairwise(beside[: len(near) - 1].tolist()):
        at_0.append(-below * at_0[-2] / above)
    middle = torch.tensor(at_0, dtype=torch.float64) @ (near * root)
    return nodes, root**2, middle, torch.eye(NODES, dtype=torch.float64) - (near / root).T @ (near * root)


POINTS, PARTS, MIDDLE, REST = _gauss()

CLEAR = 4.0
"""the error of the polynomial's value in the middle is at most this many times the residual at the nodes"""


def contradicted(
    claimed: Callable[[float], float], low: float, high: float, quotient: float, off: float, here: float
) -> bool:
    """Whether the mean of a claimed derivative between two points differs from the quotient, whose error is at most
    `off`, or the derivative `here`, in the middle, differs from the values around it. False if the derivative varies
    too fast for either to be known, or is not finite everywhere.

    >>> import math
    >>> contradicted(lambda x: 3 * x * x, 0.0, 2.0, 4.0, 1e-12, 3.0)
    False
    >>> line = lambda x: 3 * x
    >>> contradicted(line, 0.0, 2.0, 4.0, 1e-12, 3.0), contradicted(line, 0.0, 2.0, 3.0, 1e-12, 0.0)
    (True, True)
    >>> contradicted(lambda x: 1 + math.cos(1e9 * x), 0.0, 2.0, 1.0, 1e-12, 1 + math.cos(1e9))
    False
    >>> contradicted(lambda x: math.exp(-1e6 * (x - 1) ** 2), 0.0, 2.0, 0.0, 1e-2, 1.0)
    False
    >>> contradicted(lambda x: float(x == 1), 0.0, 2.0, 0.0, 1e-2, 1.0)
    True
    """
    middle, half = low / 2 + high / 2, high / 2 - low / 2
    found = torch.tensor([claimed(middle + half * t) for t in POINTS.tolist()], dtype=torch.float64)
    if not found.isfinite().all():
        return False
    mean, rough = (PARTS @ found).item(), (REST @ found).abs().amax().item()
    around = (MIDDLE @ found).item()
    if abs(mean - quotient) > off + rough:
        return True
    return abs(around - here) > off + CLEAR * rough and not _narrow(claimed, middle, half, around, here)


def _narrow(claimed: Callable[[float], float], middle: float, half: float, around: float, here: float) -> bool:
    """Whether a claimed derivative goes from its value around the middle to its value at the middle within less than
    the distance of the nodes, as sigmoid's does beside 1e15.
    """
    size = half / NODES
    while size > DISTINCT * ulp(middle):
        for near in (claimed(middle - size), claimed(middle + size)):
            if abs(near - here) < abs(near - around):
                return True
        size /= 2
    return False
