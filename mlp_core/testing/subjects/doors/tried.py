"""Arguments found by trying: the first shapes and constants with which a function runs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, islice, product
from typing import Any

import numpy as np

from mlp_core.testing.subjects.doors.asked import SHAPES, by_signature
from mlp_core.testing.subjects.doors.assigned import (
    BIAS,
    DIVIDED,
    GROUPS,
    Classes,
    Found,
    built,
    is_shape,
    options_of,
    sizes_of,
)  # fmt: skip
from mlp_core.testing.subjects.doors.raised import Hopeless, forget, note, stop_if_hopeless
from mlp_core.testing.subjects.doors.searched import Search
from mlp_core.testing.subjects.doors.seeds import seeded
from mlp_core.testing.subjects.doors.wider import FEW, MANY, wider

Options = Sequence[Sequence[Sequence[Any]]]
"""several times the values to try for each parameter"""

MORE = (
    *MANY, (2, 4, 3, 3), (2, 4, 4), (2, 3, 3), (2, 3, 2), (4, 2, 3), (3, 2, 3), (3, 4, 2), (2, 3, 4), (4, 4),
    (4, 2, 3, 3), (3, 2, 2, 2), (2, 5), (5, 2), (8, 5), (5, 8), (8, 3), (8, 2), (8, 1), (4, 8), (16,), (4, 16), (6, 3),
    (6, 2), (6, 1), (4, 12), (12,), (5,), (1, 3, 1, 1), (3, 1, 1), (4, 3, 1), (4, 2, 1),
)  # fmt: skip
"""with weights of three axes, channels that can be divided by 4, gates on columns, widths that are added, and sequences
of columns
"""

MOST = 20_000
"""the number of assignments that are tried with the few shapes, and again with the many"""


def tried(
    names: Sequence[str], fits: Callable[[list[Any]], bool], runs: Callable[[list[Any]], bool] | None = None,
    lib: str = "numpy", call: Callable[..., Any] | None = None, first: Options = (), *, only: bool = False,
) -> Found | None:  # fmt: skip
    """The first assignment that works, with sizes and constants that may vary. runs: the condition for other constants;
    by default also `fit`. call: the function itself, which is called with the first arguments alone. first: options for
    each parameter that are searched before the usual ones. only: whether the usual ones are not searched. None if
    nothing works. Shapes from the user are used unchanged.
    """
    given = SHAPES.get()

    def asked(test: Callable[[list[Any]], bool], options: Sequence[Any]) -> bool:
        try:
            fitted = test(built(options, lib))
        except Exception as error:
            note(error)
            stop_if_hopeless(lib)
            return False
        if not fitted:
            note(None)
        return fitted

    with np.errstate(all="ignore"), warnings.catch_warnings(), seeded(), suppress(Hopeless):
        warnings.simplefilter("ignore")
        if given is not None:
            return by_signature(given, names, fits, runs, lib)
        special = (Search(call, options, lib, by_use=True) for options in first if call is not None)
        for options in chain.from_iterable(chain(special, () if only else _orders(names, lib, call))):
            if asked(fits, options):
                options = wider(names, options, partial(asked, fits), lib, call)
                both = partial(asked, fits), partial(asked, runs or fits)
                widened = _widened(names, options, *both, lib)
                forget()
                return widened
    return None


def _orders(
    names: Sequence[str], lib: str, call: Callable[..., Any] | None
) -> Iterator[Iterable[tuple[Any, ...]]]:  # fmt: skip
    """The assignments to try. The products come last: they contain those that the function seems to reject because it
    cannot run without all arguments.
    """
    products: Sequence[Sequence[Any]] = (FEW, MANY)
    if call is not None:
        few = Search(call, options_of(names, FEW), lib, by_use=False)
        products = (FEW,) if few.understood() else products
        yield few
        yield Search(call, options_of(names, MANY), lib, by_use=False)
        both = zip(names, options_of(names, FEW), strict=True)
        arrays = [FEW if len(name) == 1 and not any(map(is_shape, one)) else one for name, one in both]
        if arrays != options_of(names, FEW):  # p is the positive sample of a triplet
            yield Search(call, arrays, lib, by_use=False)
        yield Search(call, options_of(names, MORE), lib, by_use=True)
    for shapes in products:
        yield islice(product(*options_of(names, shapes)), MOST)


def _widened(
    names: Sequence[str], options: tuple[Any, ...], fits: Callable[[Sequence[Any]], bool],
    runs: Callable[[Sequence[Any]], bool], lib: str,
) -> Found:  # fmt: skip
    """The same with further constants that work, and with letters for the sizes that may vary."""
    kinds, options = _grouped(names, _of_vectors(names, options, runs), fits)
    open_ = [k for k, one in enumerate(options) if not is_shape(one)]
    several = product(*([one for one in kinds[k] if not is_shape(one)] for k in open_))
    constants = [tuple(values) for values in several if runs(_placed(options, open_, values))]
    sizes = sorted({n for one in options if is_shape(one) for n in sizes_of(one)} - _ones(names, options), reverse=True)
    letters = iter("ndhkmpqrstuvw")
    grouped = kinds != options_of(names, FEW)
    deep = any(len(sizes_of(one)) > 2 for one in options if is_shape(one))  # a filter must fit with every stride
    divided = [_placed(options, open_, values) for values in constants] if grouped or deep else [options]
    free = {}
    for n in sizes:
        if all(fits([_resized(one, n, m) for one in given]) for given in divided for m in (1, 2, 3, 4, 5)):
            free[n] = next(letters)
    return Found(options, tuple(constants), free, lib)


def _of_vectors(
    names: Sequence[str], options: tuple[Any, ...], runs: Callable[[Sequence[Any]], bool]
) -> tuple[Any, ...]:  # fmt: skip
    """The options with a vector for a bias that is found as a matrix, if the code runs with it. A backward that does
    not sum over the batch fits a bias of the shape of the batch. In f(a, b), b is no bias.
    """
    for k, name in enumerate(names):
        one, second = options[k], k > 0 and (names[k - 1], name) in (("a", "b"), ("A", "B"))
        named = BIAS.fullmatch(name) and not second
        if named and type(one) is tuple and is_shape(one) and len(one) == 2 and 1 not in one:
            vector = _placed(options, [k], [one[1:]])
            if options.count(one) > 1 and runs(vector):
                options = tuple(vector)
    return options


def _ones(names: Sequence[str], options: Sequence[Any]) -> set[int]:
    """Size 1, if it is that of the further axes of a bias. Code that reads b[0, 0, 0] alone runs with any size."""
    several = [sizes_of(one) for n, one in zip(names, options, strict=True) if is_shape(one) and BIAS.fullmatch(n)]
    return {1} if any(len(one) > 2 and 1 in one for one in several) else set()


def _placed(options: Sequence[Any], places: Sequence[int], values: Sequence[Any]) -> list[Any]:
    """The options with other constants in some places."""
    by = dict(zip(places, values, strict=True))
    return [by.get(k, one) for k, one in enumerate(options)]


def _grouped(
    names: Sequence[str], options: tuple[Any, ...], fits: Callable[[Sequence[Any]], bool]
) -> tuple[list[Sequence[Any]], tuple[Any, ...]]:
    """The values of each parameter, and the options. A number of groups gets several values, and the size that it
    divides one that can be divided.
    """
    kinds = options_of(names, FEW)
    size, several = DIVIDED
    for k, name in enumerate(names):
        if GROUPS.fullmatch(name) and options[k] == 1:
            for n in {n for one in options if is_shape(one) for n in sizes_of(one)}:
                other = tuple(several[0] if i == k else _resized(one, n, size) for i, one in enumerate(options))
                if fits(other):
                    return [several if i == k else kind for i, kind in enumerate(kinds)], other
    return kinds, options


def _resized(one: Any, old: int, new: int) -> Any:
    if not is_shape(one):
        return one
    shape = tuple(new if n == old else n for n in sizes_of(one))
    return Classes(shape) if isinstance(one, Classes) else shape
