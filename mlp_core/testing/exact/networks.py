"""Networks, training runs and scenarios on which float arithmetic does not round, built within the bit budget.

The draw does not consider the budget. Widths, rows and steps are reduced afterwards until integers fit. Then the
numbers are put on grids that are as fine as the rest of the budget allows: shallow networks get many bits, deep ones
few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from math import prod

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core import activations, losses
from mlp_core.activations import Activation
from mlp_core.rules.sgd import SGD
from mlp_core.testing.exact import bits as budget
from mlp_core.testing.exact.bits import Grid
from mlp_core.testing.exact.fractions import Hyper
from mlp_core.testing.examples.choices import Codes, drawn_bytes
from mlp_core.testing.examples.networks import all_activations
from mlp_core.testing.examples.numbers import PERIOD, Numbers
from mlp_core.testing.examples.problem import Problem
from mlp_core.testing.examples.training import Training

DEEPEST, WIDEST = 5, 6

FINEST = 20
"""the largest number of fraction bits of a drawn number: three bytes are drawn for each"""

COARSE = 3
"""the largest number of fraction bits of a slope"""

HALF = activations.leaky(0.5)
"""a slope that takes a single bit, affordable in deep networks"""


def linear() -> list[Activation]:
    """Every piecewise linear activation whose slopes and kinks are short in binary."""
    known = [*all_activations(), HALF]
    return [f for f in known if f.slopes and Grid.of(*f.slopes, *f.kink_slopes, *f.kinks).fraction <= COARSE]


@dataclass(frozen=True)
class Shape:
    """The reducible sizes of a problem: widths, rows of a batch, steps; and whether biases lift pre-activations onto
    kinks.
    """

    sizes: tuple[int, ...]
    rows: int
    kinks: bool = False
    steps: int = 0
    """the number of training steps; 0: only a gradient"""
    lasting: bool = False
    """whether width and depth are reduced before the steps are"""

    def smaller(self, rows: int, steps: int) -> Iterator[Shape]:
        """This shape and smaller and smaller ones, down to the given numbers of rows and steps."""
        fewer = [replace(self, steps=n) for n in range(self.steps, steps - 1, -1)]
        for shape in fewer:
            yield shape
            if self.lasting or shape is fewer[-1]:
                yield from shape._narrower(rows)

    def _narrower(self, least: int) -> Iterator[Shape]:
        """First the widest size is reduced by one, including the batch; then the kinks are dropped; then the depth is
        reduced.
        """
        shape = self
        while max(shape.sizes) > 1 or shape.rows > least:
            width = max(shape.sizes)
            if shape.rows > least and shape.rows >= width:
                shape = replace(shape, rows=shape.rows - 1)
            else:
                k = shape.sizes.index(width)
                shape = replace(shape, sizes=(*shape.sizes[:k], width - 1, *shape.sizes[k + 1 :]))
            yield shape
        if self.kinks:
            yield replace(shape, kinks=False)
        if len(self.sizes) > 2:
            flatter = replace(self, sizes=self.sizes[:-1])
            yield flatter
            yield from flatter._narrower(least)


def grids(
    shape: Shape, functions: Sequence[Activation], bits: Sequence[int], h: Hyper | None = None
) -> Iterable[tuple[str, Grid]]:
    """The grid of every quantity, by name, in a problem whose W1, b1, ..., x and y have the given numbers of fraction
    bits.
    """
    *parameters, x, y = (Grid.within(1, fraction=one) for one in bits)
    layers = list(zip(parameters[0::2], parameters[1::2], strict=True))
    if shape.kinks:
        layers = budget.lifted(layers, x, functions, shape.sizes)
    if h is None:
        return budget.gradient(layers, x, y, functions, shape.sizes, shape.rows).items()
    return budget.training(layers, x, y, functions, shape.sizes, shape.rows, shape.steps, h)


@dataclass(frozen=True)
class Cut:
    """The size that a network can afford: its shape, the functions of its layers, the fraction bits of its numbers."""

    shape: Shape
    functions: tuple[Activation, ...]
    bits: tuple[int, ...]
    dtype: torch.dtype


def cut(
    wanted: Shape, functions: Sequence[Activation], dtype: torch.dtype, *, rows: int, steps: int = 0,
    h: Hyper | None = None,
) -> Cut:  # fmt: skip
    """The largest shape that the budget allows, in float64 if float32 does not allow even the smallest."""
    every = ((one, of) for of in dict.fromkeys((dtype, torch.float64)) for one in wanted.smaller(rows, steps))
    for one, of in every:
        depth = len(one.sizes) - 1
        own = (*functions[: depth - 1], functions[-1])

        def needs(bits: Sequence[int], one: Shape = one, own: Sequence[Activation] = own) -> Iterable[Grid]:
            return (grid for _, grid in grids(one, own, bits, h))

        bits = budget.spent(needs, 2 * depth + 2, of, FINEST)
        if bits is not None:
            return Cut(one, own, bits, of)
    raise AssertionError(f"{wanted}, cut down as far as it goes, takes more bits than float64 has")


def power_from(n: int) -> int:
    """The smallest power of two that is at least n.

    >>> [power_from(n) for n in (1, 2, 3, 5)]
    [1, 2, 4, 8]
    """
    return int(2 ** (n - 1).bit_length())


def problems(
    *, batch: tuple[int, int] = (1, 8), dtypes: Sequence[torch.dtype] = (torch.float64, torch.float32),
    powers: bool = False,
) -> st.SearchStrategy[Problem]:  # fmt: skip
    """Piecewise linear networks with the squared error, depth 1 to 5, on which float gradients are exact. `powers`:
    batch sizes are powers of two, one of which `batch` must allow; a mean times B is then an exact sum too.
    """

    def read(drawn: bytes) -> Problem:
        codes = Codes(drawn[PERIOD:])
        sizes, functions, dtype = _network(codes, dtypes)
        least = power_from(batch[0]) if powers else batch[0]
        wanted = Shape(sizes, max(least, codes.count(*batch)), kinks=codes.pick((False, True)))
        found = cut(wanted, functions, dtype, rows=least)
        rows = 2 ** (found.shape.rows.bit_length() - 1) if powers else found.shape.rows
        return filled(drawn, replace(found, shape=replace(found.shape, rows=rows)))

    return drawn_bytes.map(read)


def trainings() -> st.SearchStrategy[Training]:
    """Runs of gradient descent on such networks, two to six steps, with a short last batch in each epoch."""

    def read(drawn: bytes) -> Training:
        codes = Codes(drawn[PERIOD:])
        sizes, functions, dtype = _network(codes, (torch.float64, torch.float32))
        batch_size, short_by = codes.count(2, 5), codes.count(1, 4)
        full, epochs, hyper = codes.count(1, 2), codes.count(1, 2), _hyper(codes)
        steps, lasting = epochs * (full + 1), codes.pick((False, True))
        wanted = Shape(sizes, batch_size, steps=steps, lasting=lasting)
        got = cut(wanted, functions, dtype, rows=2, steps=2, h=hyper)
        shape, full = got.shape, min(full, got.shape.steps - 1)
        rows = shape.rows * (full + 1) - min(short_by, shape.rows - 1)
        problem = filled(drawn, got, rows)
        return Training(problem, SGD(**asdict(hyper)), shape.rows, min(epochs, shape.steps // (full + 1)))

    return drawn_bytes.map(read)


def _hyper(codes: Codes) -> Hyper:
    ones = 2 ** codes.count(1, COARSE)
    lr, momentum = codes.count(1, ones) / ones, codes.count(0, ones - 1) / ones
    dampening, weight_decay = codes.count(0, ones - 1) / ones, codes.count(0, ones - 1) / ones
    nesterov = codes.pick((False, True)) and momentum > 0
    return Hyper(lr, momentum, 0.0 if nesterov else dampening, weight_decay, nesterov, codes.pick((False, True)))


def _network(
    codes: Codes, dtypes: Sequence[torch.dtype]
) -> tuple[tuple[int, ...], tuple[Activation, ...], torch.dtype]:
    depth, known = codes.count(1, DEEPEST), linear()
    functions = [codes.pick(known) for _ in range(depth)]
    sizes = [codes.count(1, WIDEST) for _ in range(depth + 1)]
    if codes.pick((False, True)):
        sizes = sizes[:1] * len(sizes)
    return tuple(sizes), tuple(functions), codes.pick(dtypes)


def filled(drawn: bytes, got: Cut, rows: int = 0) -> Problem:
    """The problem with its numbers; `rows` of data, or as many as a batch has."""
    sizes, rows = got.shape.sizes, rows or got.shape.rows
    shapes = [s for n, m in pairwise(sizes) for s in ((m, n), (m,))] + [(rows, sizes[0]), (rows, sizes[-1])]
    numbers = Numbers(drawn[:PERIOD], sum(map(prod, shapes)))
    *parameters, x, y = (numbers.on_grid(one, fraction) for one, fraction in zip(shapes, got.bits, strict=True))
    if got.shape.kinks:
        _lift(parameters, x, got.functions)
    return Problem(sizes, got.functions, tuple(parameters), x, y, losses.get("squared_error"), got.dtype)


def _lift(parameters: Sequence[Tensor], x: Tensor, functions: Sequence[Activation]) -> None:
    """Give every other unit of a layer the bias that lifts the pre-activation of one sample onto a kink."""
    a = x
    for W, b, f in zip(parameters[0::2], parameters[1::2], functions, strict=True):
        product = a @ W.t()
        for unit in range(0, len(b) if f.kinks else 0, 2):
            b[unit] = f.kinks[unit // 2 % len(f.kinks)] - product[unit % len(x), unit]
        a = f.f(product + b)
