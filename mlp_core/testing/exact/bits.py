"""How many bits drawn numbers may have so that float arithmetic does not round, and equality is exact.

Every quantity has a grid: it is n 2^-F with integer n, |n| <= N. A sum has the finer F and the sum of the magnitudes,
so that every partial sum in any order is on the grid of the whole sum. A product has the sum of the F and the product
of the N. A float of p bits (53 in float64, 24 in float32) represents every n 2^-F with |n| <= 2^p, for any F down to
the smallest normal number. As long as N <= 2^p, that is F + ceil(log2 M) <= p for magnitudes M = N 2^-F up to M, no
intermediate operation rounds: no product, no sum in any order or split into blocks or vectors, and no fused
multiply-add. For a layer of n inputs, B samples, numbers w, b, x, y on their grids:

    z = n (w a) + b             a = f(z), on the grid of z times a slope or a kink
    dL/dy = 2 (a + y)           loss = B n_L (a + y)^2
    delta = dL/da f'            dL/da of the layer below = n_l (delta w)
    dW = B (delta a_below)      db = B delta

and for a step of gradient descent, one after the other, with room for v <- v + (1 - beta) (g - v) and the like:

    g + wd p                    v = v + beta v + (1 + |dampening|) g    p + lr (g + beta v)   or   p + lr v
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import log2

import torch

from mlp_core.activations import Activation
from mlp_core.testing.exact import fractions as exact
from mlp_core.testing.exact.fractions import Hyper


@dataclass(frozen=True, slots=True)
class Grid:
    """The numbers n 2^-fraction with integer n and |n| <= most.

    >>> quarters = Grid.within(1, fraction=2)
    >>> (quarters * quarters).times(3) + Grid.of(0.5)
    Grid(fraction=4, most=56)
    >>> _.bits
    6
    """

    fraction: int
    most: int

    @staticmethod
    @cache
    def of(*numbers: float | Fraction) -> Grid:
        """The coarsest grid that contains these numbers."""
        exactly = [Fraction(v) for v in numbers]
        fraction = max((v.denominator.bit_length() - 1 for v in exactly), default=0)
        return Grid(fraction, max((int(abs(v) * 2**fraction) for v in exactly), default=0))

    @classmethod
    def within(cls, reach: int, *, fraction: int) -> Grid:
        """All multiples of 2^-fraction from -reach to reach."""
        return cls(fraction, reach << fraction)

    def __add__(self, other: Grid) -> Grid:
        if not self.most or not other.most:  # adding 0 takes no bits
            return self if self.most else other
        fraction = max(self.fraction, other.fraction)
        return Grid(fraction, (self.most << fraction - self.fraction) + (other.most << fraction - other.fraction))

    def __or__(self, other: Grid) -> Grid:
        """The numbers of both grids."""
        fraction = max(self.fraction, other.fraction)
        return Grid(fraction, max(self.most << fraction - self.fraction, other.most << fraction - other.fraction))

    def __mul__(self, other: Grid) -> Grid:
        return Grid(self.fraction + other.fraction, self.most * other.most)

    def times(self, n: int) -> Grid:
        """The grid of sums of n of these numbers."""
        return Grid(self.fraction, self.most * n)

    def __contains__(self, number: Fraction) -> bool:
        n = number * 2**self.fraction
        return n.denominator == 1 and abs(n) <= self.most

    @property
    def bits(self) -> int:
        """F + ceil(log2 M): the bits that a float needs to represent them all."""
        return (self.most - 1).bit_length() if self.most else 0

    def fits(self, dtype: torch.dtype) -> bool:
        """Whether a float of `dtype` represents them all."""
        return self.bits <= digits(dtype) and self.fraction <= finest(dtype)


@cache
def finest(dtype: torch.dtype) -> int:
    """F of the smallest normal number."""
    return -int(log2(torch.finfo(dtype).tiny))


@cache
def digits(dtype: torch.dtype) -> int:
    """p: the bits of a float, including the hidden one.

    >>> digits(torch.float64), digits(torch.float32)
    (53, 24)
    """
    return 1 - int(log2(torch.finfo(dtype).eps))


Layer = tuple[Grid, Grid]
"""the grids of W and b"""


def through(f: Activation, z: Grid) -> Grid:
    """The grid of f(z), computed with clamps and a product with a slope: |f(z)| <= max|f'| |z|, and <= max|f| if f is
    bounded.
    """
    fraction = max(z.fraction, Grid.of(*f.kinks).fraction)
    a = Grid(fraction, z.most << fraction - z.fraction) * Grid.of(*f.slopes)
    if f.slopes[0] or f.slopes[-1]:
        return a
    highest = _highest(f)
    return Grid(a.fraction, min(a.most, highest.most << a.fraction - highest.fraction))


@cache
def _highest(f: Activation) -> Grid:
    return Grid.of(*(exact.value(f, Fraction(kink)) for kink in f.kinks))


def lifted(layers: Sequence[Layer], x: Grid, functions: Sequence[Activation], sizes: Sequence[int]) -> list[Layer]:
    """The same layers with biases b or k - W a, which lift a pre-activation onto a kink k."""
    found, a = [], x
    for (W, b), f, n in zip(layers, functions, sizes, strict=False):
        product = (W * a).times(n)
        found.append((W, b | (product + Grid.of(*f.kinks)) if f.kinks else b))
        a = through(f, product + found[-1][1])
    return found


def gradient(
    layers: Sequence[Layer], x: Grid, y: Grid, functions: Sequence[Activation], sizes: Sequence[int], rows: int
) -> dict[str, Grid]:
    """The grid of every quantity in a forward and a backward pass with the squared error: z1, a1, ..., loss, delta1,
    dW1, db1.
    """
    found = {"a0": x}
    for l, ((W, b), f) in enumerate(zip(layers, functions, strict=True), start=1):  # noqa: E741  (layer)
        found[f"z{l}"] = (W * found[f"a{l - 1}"]).times(sizes[l - 1]) + b
        found[f"a{l}"] = through(f, found[f"z{l}"])
    difference = found[f"a{len(layers)}"] + y
    found["loss"] = (difference * difference).times(rows * sizes[-1])
    upstream = difference.times(2)
    for l in range(len(layers), 0, -1):  # noqa: E741
        f = functions[l - 1]
        delta = found[f"delta{l}"] = upstream * Grid.of(*f.slopes, *f.kink_slopes)
        found[f"dW{l}"], found[f"db{l}"] = (delta * found[f"a{l - 1}"]).times(rows), delta.times(rows)
        upstream = found[f"dL/da{l - 1}"] = (delta * layers[l - 1][0]).times(sizes[l])
    return found


def descent(p: Grid, g: Grid, v: Grid | None, h: Hyper) -> dict[str, Grid]:
    """The grid of every quantity in a step: g, v if there is momentum, p."""
    beta = Grid.of(h.momentum)
    found = {"g": g + Grid.of(h.weight_decay) * p}
    move = found["g"]
    if h.momentum:
        found["v"] = move if v is None else v + beta * v + (Grid.of(1) + Grid.of(h.dampening)) * move
        move = move + beta * found["v"] if h.nesterov else found["v"]
    return {**found, "p": p + Grid.of(h.lr) * move}


def spent(
    needs: Callable[[Sequence[int]], Iterable[Grid]], kinds: int, dtype: torch.dtype, most: int
) -> tuple[int, ...] | None:
    """The fraction bits that each of several kinds of numbers may have, at most `most`. Each kind in turn gets one more
    bit as long as everything that `needs` returns fits `dtype`. None if even integers do not fit.
    """

    def affordable(bits: Sequence[int]) -> bool:
        return all(grid.fits(dtype) for grid in needs(bits))

    level = -1
    while level < most and affordable([level + 1] * kinds):
        level += 1
    if level < 0:
        return None
    bits = [level] * kinds
    growing = list(range(kinds))
    while growing:
        for kind in list(growing):
            bits[kind] += 1
            if bits[kind] > most or not affordable(bits):
                bits[kind] -= 1
                growing.remove(kind)
    return tuple(bits)


def training(
    layers: Sequence[Layer], x: Grid, y: Grid, functions: Sequence[Activation], sizes: Sequence[int], rows: int,
    steps: int, h: Hyper,
) -> Iterator[tuple[str, Grid]]:  # fmt: skip
    """The grid of every quantity in several steps of training in batches of at most `rows`, named with its step. They
    are yielded one by one, because after the first that does not fit, the next ones soon have thousands of bits.
    """
    velocities: dict[str, Grid | None] = {}
    for step in range(1, steps + 1):
        one = gradient(layers, x, y, functions, sizes, rows)
        yield from ((f"{step}: {name}", grid) for name, grid in one.items())
        moved = []
        for l, (W, b) in enumerate(layers, start=1):  # noqa: E741  (layer)
            after = {}
            for name, p in ((f"W{l}", W), (f"b{l}", b)):
                after[name] = descent(p, one[f"d{name}"], velocities.get(name), h)
                velocities[name] = after[name].get("v")
                yield from ((f"{step}: {kind} of {name}", grid) for kind, grid in after[name].items())
            moved.append((after[f"W{l}"]["p"], after[f"b{l}"]["p"]))
        layers = moved
