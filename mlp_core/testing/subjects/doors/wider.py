"""Shapes that show more than the first ones with which a function runs: matrices for vectors, no axis of one number
that is only repeated, and filters that are smaller than their image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import Any

from mlp_core.testing.subjects.doors.assigned import BIAS, MATRIX, is_shape, options_of, sizes_of
from mlp_core.testing.subjects.doors.names import ABOVE
from mlp_core.testing.subjects.doors.searched import Search
from mlp_core.testing.subjects.roles import role

FEW = ((4, 3), (3,), (4, 2), (3, 2), (2,), (3, 8), (2, 8), (8,))
"""shapes for a batch of 4 with 3 features, for layers 3 x 2, and for gates, which are four times 2 wide"""

MANY = (
    *FEW, (2, 2), (3, 3), (4,), (2, 3, 5, 5), (2, 5, 5, 3), (2, 3, 3, 3), (3, 3, 3, 2), (2, 4, 3), (4, 1), (3, 1),
    (2, 1), (3, 4), (2, 3), (2, 6), (3, 6), (6,), (1, 3), (1, 2),
)  # fmt: skip


OTHER = 2
"""a size for an axis that is to differ from all others"""

FILTERS, SEQUENCE = (3, 2), 7
"""sizes of a filter in an image of 5 x 5, and the length of a sequence for a filter"""


def wider(
    names: Sequence[str], options: tuple[Any, ...], fits: Callable[[tuple[Any, ...]], bool], lib: str,
    call: Callable[..., Any] | None,
) -> tuple[Any, ...]:  # fmt: skip
    """The options, with other shapes that fit as well and show more."""
    options = next(filter(fits, _matrices(names, options, lib, call)), options)
    options = next(filter(fits, _full(names, options)), options)
    return next(filter(fits, _filters(options)), options)


def _matrices(
    names: Sequence[str], options: tuple[Any, ...], lib: str, call: Callable[..., Any] | None
) -> Iterator[tuple[Any, ...]]:  # fmt: skip
    """Assignments with matrices for parameters with a capital letter, such as A in y @ A, if all arrays are vectors:
    the code may run with these only because a product of two vectors is a number.
    """
    shapes = [one for one in options if is_shape(one)]
    capital = [k for k, n in enumerate(names) if n[0].isupper() and role(n) != "true" and n != "Y"]
    if call is None or not capital or len(shapes) < 2 or any(len(sizes_of(one)) != 1 for one in shapes):
        return
    wide = options_of(names, MANY)
    data = [k for k in capital if not MATRIX.fullmatch(names[k])]
    for chosen in (capital, data) if data != capital else (capital,):
        several = [[one for one in kinds if not is_shape(one) or len(sizes_of(one)) > 1] if k in chosen else kinds
                   for k, kinds in enumerate(wide)]  # fmt: skip
        if chosen:
            yield from Search(call, several, lib, by_use=False)


def _full(names: Sequence[str], options: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Assignments in which a matrix of data has no axis of size 1, and is no vector if its name is a capital letter:
    with R of shape (n, 1) in U @ V.T - R, a mask of R spares whole rows. Another array may have another size for it.
    """
    plain = {k: one for k, one in enumerate(options) if type(one) is tuple and is_shape(one)}
    sizes = sorted({n for one in plain.values() for n in one} - {1}, reverse=True)
    if max(map(len, plain.values()), default=0) != 2:
        return
    for k, one in plain.items():
        thin = len(one) == 2 and 1 in one and max(one) > 1
        flat = len(one) == 1 and names[k][0].isupper() and role(names[k]) != "true"
        if BIAS.fullmatch(names[k]) or MATRIX.fullmatch(names[k]) or ABOVE.fullmatch(names[k]) or not (thin or flat):
            continue
        for other in (i for i, two in plain.items() if i != k and len(two) == 2 and not BIAS.fullmatch(names[i])):
            for axis in (0, 1):
                changed = tuple(OTHER if j == axis else n for j, n in enumerate(plain[other]))
                for shape in product([*sizes, OTHER], repeat=2):
                    if OTHER in shape and shape != one and OTHER not in sizes:
                        yield tuple(shape if i == k else changed if i == other else o for i, o in enumerate(options))
        for shape in sorted(product(sizes, repeat=2), key=lambda two: two[0] != two[1]):
            yield tuple(shape if i == k else o for i, o in enumerate(options))


def _filters(options: tuple[Any, ...]) -> Iterable[tuple[Any, ...]]:
    """Assignments with smaller filters: if they are as large as the image, there is one output alone, and a forgotten
    stride does not show.
    """
    images = [k for k, one in enumerate(options) if type(one) is tuple and len(one) in (3, 4)]
    if len(images) != 2 or options[images[0]] != options[images[1]]:
        return
    if len(options[images[0]]) == 3:  # a filter in a sequence
        for axis in (2, 1):
            long = tuple(SEQUENCE if j == axis else n for j, n in enumerate(options[images[0]]))
            yield tuple(long if i == images[0] else o for i, o in enumerate(options))
        return
    large = max(options[images[1]])
    for size in FILTERS:
        small = tuple(size if n == large else n for n in options[images[1]])
        yield tuple(small if i == images[1] else o for i, o in enumerate(options))
