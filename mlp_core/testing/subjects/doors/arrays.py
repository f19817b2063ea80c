"""Strategies for the arguments of a door: arrays by a signature of their shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.examples.shapes import LIBRARIES, Drawn, drawn, parsed, plain


def arrays(
    *shapes: str | tuple[int, ...], lib: str = "numpy", sizes: Mapping[str, Any] | None = None, **more: Any
) -> st.SearchStrategy[tuple[Any, ...]]:
    """A strategy for float64 arrays as arguments, from a signature as numpy's or from plain shapes.

    shapes: "(n,d),(d,h),(h)". A letter has the same size everywhere, drawn from 1 to 5; a number is that size. "(n)<c"
    means whole numbers from 0 to c - 1, and "(n)>0" positive numbers. Tuples are allowed too: arrays((5, 3), (3,)).
    lib: "numpy", "torch" or "jax". sizes: other sizes for letters, {"h": (3, 6)}. more: strategies or constants for the
    arguments after the arrays, in order. Entries are from -2 to 2, and positive ones at least 1/64. Where derivatives
    or twins are compared, one array is 8 times as large in a quarter of the examples, if the function is finite there.

    Raises ArgumentError for an invalid signature.

    >>> from mlp_core.testing.examples.sample import sample
    >>> x, w, stride = sample(arrays("(n,3),(3,2)", stride=2), 1)[0]
    >>> x.shape[1], w.shape, stride
    (3, (3, 2), 2)
    """
    if lib not in LIBRARIES:
        raise ArgumentError("lib", lib, f"one of {', '.join(LIBRARIES)}")
    text = isinstance(shapes[0], str) if len(shapes) == 1 else False
    found = parsed(str(shapes[0])) if text else plain(shapes)
    first = drawn(found, lib, sizes or {})
    if not more:
        return first
    rest = [v if isinstance(v, st.SearchStrategy) else st.just(v) for v in more.values()]
    return st.builds(lambda one, other: Drawn((*one, *other)), first, st.tuples(*rest))
