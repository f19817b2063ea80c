"""An elementwise function and its derivative, in terms of the input or of the output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import tensor_of
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects.doors.arrays import arrays
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import every, required, strategy_of, waived

TRIED = 6
"""the number of examples on which the argument of df is determined"""

STEP = 2.0**-17

SCALES = (1.0, 1.0, 8.0)
"""factors of the drawn numbers, which are from -2 to 2: an activation may bend at 3, at 6 or at 10"""


@dataclass(frozen=True)
class Elementwise:
    """f(z), and df of z, of f(z), or of both."""

    f: Callable[..., Any]
    df: Callable[..., Any]
    at: str
    """the argument of df ("input", "output" or "both")"""

    def __call__(self, args: list[Any]) -> Run:
        out = self.f(*args)
        slope = self.df(*self._taken(args, out))
        return Run([out], lambda above: above[0] * slope)

    def slopes(self, args: list[Any]) -> list[Any]:
        """The derivative of each entry, as df returns it."""
        return [self.df(*self._taken(args, self.f(*args)))]

    def _taken(self, args: list[Any], out: Any) -> list[Any]:
        return {"input": args, "output": [out, *args[1:]], "both": [args[0], out]}[self.at]

    def source(self, example: Arguments) -> list[str]:
        taken = {"input": "*args", "output": "out, *args[1:]", "both": "args[0], out"}[self.at]
        return [
            *import_of(self.f), *import_of(self.df), "def run(args):", f"    out = {name_of(self.f)}(*args)",
            f"    slope = {name_of(self.df)}({taken})", "    return [out], lambda above: above[0] * slope",
        ]  # fmt: skip

    def distance(self, args: tuple[Any, ...]) -> float:
        """The distance of df from a plain quotient of f, relative to both; infinite if df cannot be called that way."""
        try:
            with np.errstate(all="ignore"):
                ran = self([np.array(a) if isinstance(a, np.ndarray) else a for a in args])
                up, down = (tensor_of(self.f(args[0] + s, *args[1:])) for s in (STEP, -STEP))
                got = tensor_of(ran.pull([torch.ones(1).numpy() if not isinstance(args[0], torch.Tensor) else 1.0]))
        except Exception:
            return float("inf")
        quotient = (up - down) / (2 * STEP)
        off = ((got - quotient).norm() / (got.norm() + quotient.norm() + 1e-300)).item()
        return off if off == off else float("inf")


def derivative(
    f: Callable[..., Any], df: Callable[..., Any], inputs: st.SearchStrategy[Any] | None = None, *, at: str = "",
    waives: Sequence[str] = (), name: str = "",
) -> Form:  # fmt: skip
    """An elementwise function, such as an activation, and its derivative. f'(z) is df(z), or df(f(z)) with at="output",
    or df(z, f(z)) with at="both". By default the form is found by trying, and the name shows it.

    inputs: a strategy for z and further arguments of f and df. By default numpy arrays, torch tensors or single numbers
    are drawn, depending on what f accepts: up to 2, and in a third of the examples up to 16 if f is finite there.
    They are positive if f is not finite for others. waives: as for `pair`.

    >>> import numpy as np
    >>> from mlp_core.testing import verify
    >>> found = derivative(np.tanh, lambda a: 1 - a * a)
    >>> found.name, verify(found, examples=10).ok
    ('tanh, yours, by its output', True)
    """
    for word, function in (("f", f), ("df", df)):
        if not callable(function):
            raise ArgumentError(word, function, "a function")
    if at not in ("", "input", "output", "both"):
        raise ArgumentError("at", at, '"input", "output" or "both"')
    near = _inputs(f) if inputs is None else inputs
    inputs = _scaled(f, near) if inputs is None else inputs
    if not at:
        several = ("input", "output") if _parameters(df) == _parameters(f) else ("both", "input", "output")
        tried = [one if isinstance(one, tuple) else (one,) for one in sample(near, TRIED)[1:]]
        off = {one: sorted(Elementwise(f, df, one).distance(args) for args in tried) for one in several}
        at = min(several, key=lambda one: off[one][len(tried) // 2])
    given = Elementwise(f, df, at)
    by = {"input": "", "output": ", by its output", "both": ", by both"}[at]
    return Form(
        name or f"{name_of(f)}, {name_of(df)}{by}", "function with its derivative", strategy_of(inputs), given,
        given.source, names=_names(f), asked=(0,), upstream=False, weighted=True, elementwise=True,
        waived=waived(waives),
    )  # fmt: skip


def _names(f: Callable[..., Any]) -> tuple[str, ...]:
    try:
        return every(f)
    except (TypeError, ValueError):  # a ufunc has no signature in old versions of numpy
        return ("x",)


def _parameters(f: Callable[..., Any]) -> int:
    try:
        return len(required(f))
    except (TypeError, ValueError):
        return 1


def _inputs(f: Callable[..., Any]) -> st.SearchStrategy[Any]:
    """Arguments that f accepts, and for which it is finite."""
    for shape in ("(n,d)", "()"):
        for lib in ("numpy", "torch"):
            for kind in ("", ">0"):
                strategy = arrays(shape + kind, lib=lib)
                if all(_finite(f, one) for one in sample(strategy, TRIED)):
                    return strategy
    wanted = "a function of one array or number; pass inputs= for other arguments"
    raise ArgumentError("f", Described(name_of(f)), wanted)


def _scaled(f: Callable[..., Any], near: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The same arguments, some of them larger, if f is finite for these too."""

    def times(args: tuple[Any, ...], scale: float) -> tuple[Any, ...]:
        larger = args[0] * scale  # numpy turns an array without dimensions into a number
        return (np.asarray(larger) if isinstance(args[0], np.ndarray) else larger), *args[1:]

    far = all(_finite(f, times(one, scale)) for one in sample(near, TRIED) for scale in SCALES)
    return st.builds(times, near, st.sampled_from(SCALES)) if far else near


def _finite(f: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    try:
        with np.errstate(all="ignore"):
            out = tensor_of(f(*args))
    except Exception:
        return False
    return tuple(out.shape) == tuple(np.shape(args[0])) and bool(out.isfinite().all())
