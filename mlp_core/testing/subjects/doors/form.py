"""The common form of every door: a forward that returns outputs, and a function from upstream gradients to
gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.engine.guards import default_dtype, foreign
from mlp_core.testing.examples.arguments import Arguments, Path, found_at, places_of, rounded
from mlp_core.testing.examples.foreign_arrays import copied, is_number, is_real, like, tensor_of
from mlp_core.testing.subjects.doors.again import Again, again
from mlp_core.testing.subjects.doors.returned import UNIT, Gradient, Returned
from mlp_core.testing.subjects.doors.seeds import draws, kept_by, seeded

Pull = Callable[[Sequence[Any]], Any]
"""upstream gradients, one per output -> a gradient for each required argument"""


@contextmanager
def made_alike(args: Sequence[Any]) -> Iterator[None]:
    """A context in which torch makes numbers of the dtype of the arguments, as it does for users, whose arguments have
    the default dtype: torch.zeros(3), and 0.9 times whole numbers. The laws pass float64, so that such numbers in
    float32 would be the only ones without digits.
    """
    tensors = (a for a in (found_at(args, path) for path in places_of(args, is_real)) if isinstance(a, Tensor))
    first = next(tensors, None)
    with nullcontext() if first is None else default_dtype(first.dtype):
        yield


@dataclass(frozen=True)
class Run:
    """One call of the forward: its outputs, and the function that computes gradients for this call."""

    outs: list[Any]
    pull: Pull


@dataclass(frozen=True)
class Form:
    """A forward and a backward, and the arguments they are tried on.

    run(args) -> Run: args are copies of the arguments. source(example): lines that define `run` for a snippet; it
    returns (outputs, pull). names: of the arguments. asked: the indices of the arguments that must get a gradient; None
    for all that contain real numbers. upstream: whether there is an upstream gradient; otherwise the gradient is that
    of the output.
    """

    name: str
    door: str
    inputs: st.SearchStrategy[Arguments]
    run: Callable[..., Run]
    source: Callable[[Arguments], list[str]]
    names: tuple[str, ...] = ()
    asked: tuple[int, ...] | None = None
    upstream: bool = True
    weighted: bool = False
    """whether the derivative of each output counts, although there is no upstream gradient"""
    elementwise: bool = False
    """whether each entry of the output depends only on one entry of the first argument"""
    counted: bool = False
    """whether the returned gradients belong to the first arguments, as many as there are"""
    alike: bool = True
    """whether torch makes numbers of the dtype of its arguments while it runs, as in `made_alike`"""
    once: bool = False
    """whether the backward changes it, as a step does"""
    shared: bool = False
    """whether two calls share their storage by design: in one object, or outside of both functions"""
    above_names: tuple[str, ...] = ()
    """the names of the upstream gradients, if the code names them"""
    waived: tuple[str, ...] = ()
    found: str = ""
    """what was found by trying, in words"""
    omitted: tuple[str, str] = ("", "")
    """what is not tested in any example, as `left_out` returns it"""
    positive: tuple[int, ...] = ()
    """the arguments that are drawn positive, because the function takes their logarithm"""
    again: Again | None = None
    """how one object runs twice; None if run makes no object"""
    random: list[bool] = field(default_factory=list)
    """whether it draws random numbers, as far as it has been observed"""
    kept: list[tuple[Any, Any]] = field(default_factory=list)
    """its own generators, each with its first state"""

    def __post_init__(self) -> None:
        if not self.kept:
            self.kept.extend(kept_by(self.run))

    def call(self, args: list[Any]) -> Run:
        """Run it; if it draws random numbers, they are the same every time. Raises Raised for its exceptions."""
        given = list(args)
        if not any(self.random):
            before = [copied(a) for a in args]
            with draws(self.random, self.kept), self._around(given):
                ran = self.run(args)
            if not any(self.random):
                return self._judged(ran, given)
            args[:] = before
        with seeded(self.kept), self._around(given):
            return self._judged(self.run(args), given)

    @contextmanager
    def _around(self, args: Sequence[Any]) -> Iterator[None]:
        """A context for its own code, which gets these arguments."""
        with np.errstate(all="ignore"), made_alike(args) if self.alike else nullcontext(), foreign():
            yield

    def _judged(self, ran: Run, args: Sequence[Any]) -> Run:
        """The same without outputs that are not real numbers: their upstream gradient is None."""
        real = [is_number(o) for o in ran.outs]

        def pull(above: Sequence[Any]) -> Any:
            numbers = iter(above)
            whole = [next(numbers) if one else None for one in real]
            with self._around(args):
                return ran.pull(whole)

        return Run([o for o, one in zip(ran.outs, real, strict=True) if one], pull)

    @contextmanager
    def guarded(self, args: Sequence[Any]) -> Iterator[None]:
        """A context in which it runs on these arguments: numpy does not warn of overflow, random numbers are seeded if
        it draws any, and torch makes numbers of the dtype of the arguments.
        """
        alike = made_alike(args) if self.alike else nullcontext()
        with seeded(self.kept) if any(self.random) else nullcontext(), np.errstate(all="ignore"), alike:
            yield

    def values(self, args: list[Any]) -> list[Tensor]:
        """The outputs as float64 tensors. Whether it draws random numbers is not checked, because that takes as long
        again.
        """
        with self.guarded(args), foreign():
            return [tensor_of(o) for o in self.run(args).outs if is_number(o)]

    def used(self, earlier: Sequence[Any]) -> Form:
        """The same, in which the object has run on other arguments before."""
        assert self.again is not None
        return replace(self, run=partial(again, self.run, self.again.made_for(earlier), earlier), kept=list(self.kept))

    def paths(self, example: Arguments) -> list[Path]:
        """The places of the arrays that must get a gradient."""
        return [p for p in example.paths() if self.asked is None or p[0] in self.asked]

    def left_out(self, example: Arguments) -> tuple[str, str]:
        """Two texts for the report: the values that could not be tested, and the values without a gradient by design,
        such as an output or a constant. A text is empty if there are none.
        """
        return self.omitted

    def words(self, path: Path) -> str:
        """The name of an array in messages: x, or params['W1']."""
        return Returned(self.names).words(path)

    def named(self, example: Any) -> tuple[Any, ...]:
        """The names of the arguments, for an example that consists of arguments."""
        return (self.names,) if isinstance(example, Arguments) else ()

    def upstream_words(self, above: Sequence[Any]) -> str:
        """Upstream gradients in words, each after its name: dout [[0.5]]. Empty if the form takes none."""
        known = self.above_names if len(self.above_names) == len(above) else ()
        names = known or [UPSTREAM.format(k if len(above) > 1 else "") for k in range(len(above))]
        told = (f"{name.strip()} {rounded(g)}" for name, g in zip(names, above, strict=True))
        return ", ".join(told) if self.upstream else ""

    def above(self, example: Arguments, outs: Sequence[Any], draw: int = 0) -> list[Any]:
        """Upstream gradients for these outputs, in their library and dtype; ones for a form that takes none."""
        shapes = [np.shape(o) for o in outs]
        if not (self.upstream or self.weighted):
            return [like(torch.ones(shape, dtype=torch.float64), o) for shape, o in zip(shapes, outs, strict=True)]
        cut = example.above(shapes, draw)
        return [like(c, o) for c, o in zip(cut, outs, strict=True)]

    def gradients(self, example: Arguments, found: Any, above: Sequence[Any]) -> list[Gradient]:
        """The gradients that a pull returned, one for each array that must get one. Raises Broken if one is missing or
        has another shape, and Rejected if no array must get one.
        """
        return Returned(self.names, self.counted).gradients(example, self.paths(example), found, above)

    def snippet(self, example: Arguments, closing: str) -> str:
        """A snippet that builds the example, runs it and fails as the law did."""
        again = [BEGUN, "run = begun(run)"] if any(self.random) else []
        head = ["import copy", "import numpy as np", "import torch", *self.source(example), *again, *example.setup()]
        return "\n".join([*head, closing or f"outs, pull = run(args)\npull({UNIT})"])


UPSTREAM = "upstream gradient {}"
"""an upstream gradient without a name, by the index of its output"""

BEGUN = "from mlp_core.testing.subjects.doors.seeds import begun  # the same random numbers in every call"
