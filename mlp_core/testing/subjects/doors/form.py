"""The common form of every door: a forward that returns outputs, and a function from upstream gradients to
gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken, Rejected
from mlp_core.testing.engine.guards import foreign
from mlp_core.testing.examples.arguments import Arguments, Path, found_at, rounded, written
from mlp_core.testing.examples.foreign_arrays import copied, is_array, is_number, like, source_of, tensor_of
from mlp_core.testing.subjects.doors.names import key_of
from mlp_core.testing.subjects.doors.seeds import draws, kept_by, seeded

Pull = Callable[[Sequence[Any]], Any]
"""upstream gradients, one per output -> a gradient for each required argument"""


@dataclass(frozen=True)
class Run:
    """One call of the forward: its outputs, and the function that computes gradients for this call."""

    outs: list[Any]
    pull: Pull


class Gradient(NamedTuple):
    """A gradient, its argument, and its place in the returned value, as Python source after the name of that value."""

    name: str
    path: Path
    place: str
    value: Any


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
    run: Callable[[list[Any]], Run]
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
    once: bool = False
    """whether the backward changes it, as a step does"""
    shared: bool = False
    """whether two calls share their storage by design: in one object, or outside of both functions"""
    above_names: tuple[str, ...] = ()
    """the names of the upstream gradients, if the code names them"""
    waived: tuple[str, ...] = ()
    found: str = ""
    """what was found by trying, in words"""
    random: list[bool] = field(default_factory=list)
    """whether it draws random numbers, as far as it has been observed"""
    kept: list[tuple[Any, Any]] = field(default_factory=list)
    """its own generators, each with its first state"""

    def __post_init__(self) -> None:
        if not self.kept:
            self.kept.extend(kept_by(self.run))

    def call(self, args: list[Any]) -> Run:
        """Run it; if it draws random numbers, they are the same every time. Raises Raised for its exceptions."""
        if not any(self.random):
            before = [copied(a) for a in args]
            with draws(self.random, self.kept), np.errstate(all="ignore"), foreign():
                ran = self.run(args)
            if not any(self.random):
                return self._judged(ran)
            args[:] = before
        with seeded(self.kept), np.errstate(all="ignore"), foreign():
            return self._judged(self.run(args))

    def _judged(self, ran: Run) -> Run:
        """The same without outputs that are not real numbers: their upstream gradient is None."""
        real = [is_number(o) for o in ran.outs]

        def pull(above: Sequence[Any]) -> Any:
            numbers = iter(above)
            whole = [next(numbers) if one else None for one in real]
            with np.errstate(all="ignore"), foreign():
                return ran.pull(whole)

        return Run([o for o, one in zip(ran.outs, real, strict=True) if one], pull)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """A context in which it runs: numpy does not warn of overflow, and random numbers are seeded if it draws any.
        """
        with seeded(self.kept) if any(self.random) else nullcontext(), np.errstate(all="ignore"):
            yield

    def values(self, args: list[Any]) -> list[Tensor]:
        """The outputs as float64 tensors. Whether it draws random numbers is not checked, because that takes as long
        again.
        """
        with self.guarded(), foreign():
            return [tensor_of(o) for o in self.run(args).outs if is_number(o)]

    def paths(self, example: Arguments) -> list[Path]:
        """The places of the arrays that must get a gradient."""
        return [p for p in example.paths() if self.asked is None or p[0] in self.asked]

    def left_out(self, example: Arguments) -> tuple[str, str]:
        """The output that could not be tested, in words, and the one without a gradient by design; empty texts if there
        is none.
        """
        return "", ""

    def words(self, path: Path) -> str:
        """The name of an array in messages: x, or params['W1']."""
        first = self.names[path[0]] if path[0] < len(self.names) else f"argument {path[0]}"
        return first + "".join(f"[{key!r}]" for key in path[1:])

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
        if not self.paths(example):
            raise Rejected(note=NO_FLOATS)
        paths = self._asked_of(example, found)
        placed = self._placed(example, found, list(dict.fromkeys(path[0] for path in paths)))
        result = []
        for path in paths:
            place, g = placed.get(path[0], ("", None))
            try:
                g = found_at(g, path[1:])
            except (KeyError, IndexError, TypeError):
                g = None
            shape, place = tuple(np.shape(example.at(path))), place + written(path[1:], "")
            numeric = g is not None and (is_array(g) or isinstance(g, (int, float, np.number)))
            if not numeric or tuple(np.shape(g)) != shape:
                got = f"shape {tuple(np.shape(g))}" if numeric else "none" if g is None else type(g).__name__
                closing = SHAPE.format(above=source_of(list(above)), place=place if numeric else "", shape=shape)
                keys = ", ".join(map(repr, found)) if g is None and isinstance(found, dict) else ""
                note = f"the dict of gradients has the keys {keys}" if keys else ""
                raise Broken(f"gradient of {self.words(path)}", got, f"shape {shape}", closing=closing, note=note)
            result.append(Gradient(self.words(path), path, place, g))
        return result

    def _asked_of(self, example: Arguments, found: Any) -> list[Path]:
        """The arrays that must get a gradient, given the returned value."""
        paths = self.paths(example)
        if not self.counted:
            return paths
        if isinstance(example.args[0], (list, tuple, dict)):
            return [p for p in paths if p[0] == 0]
        if isinstance(found, dict):
            return [p for p in paths if self._key(found, p[0]) is not None]
        return paths[: len(found) if isinstance(found, (list, tuple)) else 1]

    def _placed(self, example: Arguments, found: Any, asked: list[int]) -> dict[int, tuple[str, Any]]:
        """Per argument index: the place of its gradient in the returned value, and the gradient."""
        if asked == [0] and isinstance(example.args[0], (list, tuple, dict)) and self._nested(example.args[0], found):
            return {0: ("", found)}
        if isinstance(found, dict):
            keys = {k: self._key(found, k) for k in asked}
            return {k: (f"[{key!r}]", found[key]) for k, key in keys.items() if key is not None}
        if not isinstance(found, (tuple, list)):
            single = dict.fromkeys(asked, ("", found))
            alone = "not isinstance(found, (tuple, list))"
            return single if len(asked) == 1 else self._miscounted(found is not None, asked, alone)
        if len(found) == len(example.args):
            return {k: (f"[{k}]", found[k]) for k in asked}
        if len(found) != len(asked):
            return self._miscounted(len(found), asked, f"len(found) == {len(found)}")
        return {k: (f"[{i}]", g) for i, (k, g) in enumerate(zip(asked, found, strict=True))}

    def _nested(self, params: Any, found: Any) -> bool:
        """Whether gradients have the structure of the parameters, of which there are several in one argument."""
        if isinstance(params, dict):
            return isinstance(found, dict) and bool(set(params) & set(found))
        return isinstance(found, (list, tuple)) and len(found) == len(params)

    def _miscounted(self, count: int, asked: list[int], when: str) -> Any:
        names = ", ".join(self.words((k,)) for k in asked)
        got = f"{int(count)} gradient{'s' * (count > 1)}" if count else "None"
        raise Broken(
            "what backward returns", got, f"{len(asked)}: of {names}",
            closing=f"outs, pull = run(args)\nfound = pull({UNIT})\nassert not ({when}), found",
            note="if some arguments have no gradient by design, pass the names of the others as wrt=[...]",
        )  # fmt: skip

    def _key(self, found: dict[Any, Any], k: int) -> Any:
        """The key under which a dict of gradients contains that of an argument."""
        return key_of(found, self.names[k] if k < len(self.names) else "", k)

    def snippet(self, example: Arguments, closing: str) -> str:
        """A snippet that builds the example, runs it and fails as the law did."""
        again = [BEGUN, "run = begun(run)"] if any(self.random) else []
        head = ["import copy", "import numpy as np", "import torch", *self.source(example), *again, *example.setup()]
        return "\n".join([*head, closing or f"outs, pull = run(args)\npull({UNIT})"])


UPSTREAM = "upstream gradient {}"
"""an upstream gradient without a name, by the index of its output"""

BEGUN = "from mlp_core.testing.subjects.doors.seeds import begun  # the same random numbers in every call"

NO_FLOATS = "no argument is an array of floats; draw floats, because integers have no derivative"

UNIT = "[torch.ones_like(o) if torch.is_tensor(o) else np.ones(np.shape(o)) for o in outs]"
"""upstream gradients whose values do not matter"""

SHAPE = """\
outs, pull = run(args)
got = pull({above}){place}
assert np.shape(got) == {shape}, got"""
