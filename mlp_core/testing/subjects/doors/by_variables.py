"""A function that returns a loss with gradients by variables of its file: lossFun(inputs, targets, hprev)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import copied, is_real, tensor_of
from mlp_core.testing.subjects.doors.arrays import arrays
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import required, strategy_of
from mlp_core.testing.subjects.doors.seeds import seeded
from mlp_core.testing.subjects.doors.tried import MOST

STEPS = 4
"""the length of a sequence, and the number of rows of a batch"""

SMALL = 0.1
"""the factor on the variables if gradients are clipped, so that clipping changes none"""


@dataclass(frozen=True)
class Held:
    """f(*data), the variables that its gradients belong to, and their places in what it returns."""

    f: Callable[..., Any]
    names: tuple[str, ...]
    places: tuple[int, ...]

    @property
    def file(self) -> dict[str, Any]:
        """The variables of the file."""
        found: dict[str, Any] = getattr(self.f, "__wrapped__", self.f).__globals__
        return found

    def __call__(self, args: list[Any]) -> Run:
        count, file = len(self.names), self.file
        before = {name: file[name] for name in self.names}
        file.update(zip(self.names, args[:count], strict=True))
        try:
            found = self.f(*args[count:])
        finally:
            file.update(before)
        return Run([number_of(found[0])], lambda above: [found[k] for k in self.places])

    def source(self, example: Arguments) -> list[str]:
        name, count = name_of(self.f), len(self.names)
        return [
            *import_of(self.f), f"file = getattr({name}, '__wrapped__', {name}).__globals__", "def run(args):",
            f"    file.update(zip({self.names!r}, args[:{count}]))", f"    found = {name}(*args[{count}:])",
            "    value = found[0].item() if hasattr(found[0], 'item') else found[0]",
            f"    return [np.float64(value)], lambda above: [found[k] for k in {self.places!r}]",
        ]  # fmt: skip


def number_of(value: Any) -> Any:
    """A value of one entry, of any shape, as a number."""
    numbers = tensor_of(value).reshape(-1)
    return np.float64(numbers.item()) if numbers.numel() == 1 else value


def of_held(
    f: Callable[..., Any], names: tuple[str, ...], places: tuple[int, ...], *, clips: bool = False
) -> Form:  # fmt: skip
    """The form of such a function, whose data are found by trying. clips: whether it clips its gradients. Raises
    ArgumentError if nothing runs.
    """
    held, data = Held(f, names, places), required(f)
    own: list[Any] = [held.file.get(name) for name in names]
    if all(map(is_real, own)):
        every = _signatures([tuple(np.shape(w)) for w in own], len(data))
        signature = next((one for one in every if _fits(held, own, one)), None)
        if signature is not None:
            lib = "numpy" if isinstance(own[0], np.ndarray) else "torch"
            whole = ",".join([*(_written(np.shape(w)) for w in own), *signature])
            inputs: st.SearchStrategy[Any] = arrays(whole, lib=lib)
            if clips:
                inputs = inputs.map(lambda args: tuple(a * SMALL if k < len(own) else a for k, a in enumerate(args)))
            told = f'shapes found by trying: "{",".join(signature)}"; the gradients belong to {", ".join(names)}'
            told += "; drawn small, because the gradients are clipped" if clips else ""
            return Form(
                name_of(f), "loss with its gradient", strategy_of(inputs), held, held.source, names=(*names, *data),
                asked=tuple(range(len(names))), upstream=False, found=told,
            )  # fmt: skip
    call = f"{name_of(f)}({', '.join(data)})"
    paste = (
        f"from mlp_core.testing import subjects\ndef whole({', '.join([*names, *data])}): return ...  "
        f"# (loss, gradients of {', '.join(names)})\n"
        'subject = subjects.value_and_gradient(whole, subjects.arrays("(d,h),..."))'
    )
    expected = "its arguments, as in these three lines in the file"
    raise ArgumentError("shapes", Described(f"no shapes with which {call} runs"), expected, paste=paste)


def _written(shape: Sequence[int]) -> str:
    return f"({','.join(map(str, shape))})"


def _signatures(shapes: Sequence[tuple[int, ...]], count: int) -> Iterator[tuple[str, ...]]:
    """Shapes for the data: whole numbers below every size, sequences, and vectors of any size of the variables. One row
    comes last: with it a sum over rows is a mean.
    """
    sizes = list(dict.fromkeys(n for shape in shapes for n in shape if n > 1)) or [2]
    options = [f"({STEPS})<{min(sizes)}"]
    for n in sizes:
        options += map(_written, ((STEPS, n), (n, 1), (n,), (n, STEPS), (STEPS, n, 1), (1, n)))
    for k, found in enumerate(product(list(dict.fromkeys([*options, _written((STEPS,))])), repeat=count)):
        if k >= MOST:
            return
        yield found


def _fits(held: Held, own: Sequence[Any], signature: tuple[str, ...]) -> bool:
    """Whether it runs with such data, and returns gradients of the right shapes."""
    try:
        with seeded(), np.errstate(all="ignore"):
            run = held([*map(copied, own), *_built(signature, own)])
            found = run.pull([1.0])
    except Exception:  # foreign code with guessed shapes
        return False
    value = run.outs[0]
    shaped = all(np.shape(g) == np.shape(w) for g, w in zip(found, own, strict=True))
    return np.ndim(value) == 0 and bool(np.isfinite(value)) and shaped


def _built(signature: tuple[str, ...], own: Sequence[Any]) -> list[Any]:
    numbers, found = np.random.default_rng(0), list[Any]()
    for one in signature:
        text, _, below = one.partition("<")
        shape = tuple(int(n) for n in text.strip("()").split(",") if n)
        value = numbers.integers(0, int(below), shape) if below else numbers.standard_normal(shape)
        found.append(value if isinstance(own[0], np.ndarray) else torch.from_numpy(value))
    return found
