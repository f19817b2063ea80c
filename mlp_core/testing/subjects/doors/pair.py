"""A forward and a backward as two functions: forward(*args) -> out, ..., cache; backward(dout, ..., cache)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import every, indices, required, strategy_of, takes_any, waived
from mlp_core.testing.subjects.doors.names import ABOVE

CACHE = re.compile(r"\w*(cache|ctx|context|saved|kept|tape|state|memory|stash|residual)\w*|res")


@dataclass(frozen=True)
class Wiring:
    """How forward's arguments and results are passed to backward's parameters, by their names."""

    forward: tuple[str, ...]
    backward: tuple[str, ...]
    above: tuple[str, ...]
    """parameters of backward for upstream gradients"""

    @classmethod
    def of(cls, forward: Callable[..., Any], backward: Callable[..., Any]) -> Wiring:
        names = required(backward)
        if not names:
            head = f"{name_of(backward)}({'*args' if takes_any(backward) else ''})"
            expected = "backward(dout, ..., cache) with named parameters, the upstream gradients first"
            raise ArgumentError("backward", Described(head), expected)
        first = [n for n in names if not CACHE.fullmatch(n)] if CACHE.fullmatch(names[0]) else names
        above = []
        for name in first:
            if not ABOVE.fullmatch(name):
                break
            above.append(name)
        if len(above) == len(names) > 1 and len(first) == len(names):
            above.pop()  # the last is the cache, whatever its name
        if not above and len(named := [n for n in first if ABOVE.fullmatch(n)]) == 1 and named == list(first[-1:]):
            above = named  # as in jax: what is kept comes first, bwd(x, g)
        return cls(required(forward), names, tuple(above or first[: max(1, len(first) - 1)]))

    def rest(self) -> list[str]:
        return [n for n in self.backward if n not in self.above]

    def lines(
        self, count: int | None, forward: str = "forward", backward: str = "backward", packed: bool = False
    ) -> list[str]:
        """A function run(args) in Python, if forward returns a tuple of `count` values, or, if None, a single one.
        packed: whether the last of them is a container, which is then the cache, also behind outputs without an
        upstream gradient.
        """
        several, count = count is not None, count or 1
        n, rest = min(len(self.above), count), self.rest()
        if count > n and len(rest) == 1:
            last = count == n + 1 or (packed and CACHE.fullmatch(rest[0]) is not None)
            kept = {rest[0]: "found[-1]" if last else f"found[{n}:]"}
        elif several and count - n == len(rest):
            kept = {name: f"found[{n + k}]" for k, name in enumerate(rest)}
        else:
            kept = self._from_arguments(rest, count, n)
        places = {**kept, **{name: f"above[{k}]" for k, name in enumerate(self.above)}}
        call = ", ".join(places[name] for name in self.backward)
        return [
            "def run(args):", f"    found = {forward}(*args)",
            f"    return {f'list(found[:{n}])' if several else '[found]'}, lambda above: {backward}({call})",
        ]  # fmt: skip

    def _from_arguments(self, rest: list[str], count: int, n: int) -> dict[str, str]:
        """The wiring if forward returns no cache: backward takes forward's arguments again, by name or in order, or the
        output.
        """
        kept = {name: f"args[{self.forward.index(name)}]" for name in rest if name in self.forward}
        left = [name for name in rest if name not in kept]
        if len(left) == 1 and count == n == 1 and (kept or OUTPUT.fullmatch(left[0])):
            return {**kept, left[0]: "found"}
        if len(rest) == len(self.forward) and not kept:
            return {name: f"args[{k}]" for k, name in enumerate(rest)}
        if len(left) == 1 and len(self.forward) == 1:
            return {**kept, left[0]: "args[0]"}
        if left:
            takes = f"backward({', '.join(self.backward)}) takes {'it' if len(left) == 1 else 'them'}"
            wanted = f"its output, and then {', '.join(left)}, because {takes}"
            raise ArgumentError("forward", Described(f"one that returns {count} value{'s' * (count > 1)}"), wanted)
        return kept


OUTPUT = re.compile(r"(out|output|outputs|y|a|A|h|s|p|y_hat|probs?|activation)\w?")


@dataclass(frozen=True)
class Pair:
    """Two functions as one run: the lines of `Wiring`, after the number of forward's results is known."""

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    wiring: Wiring
    made: dict[tuple[int | None, bool], Callable[..., tuple[list[Any], Any]]] = field(default_factory=dict)

    def __call__(self, args: list[Any]) -> Run:
        found = self.forward(*args)
        outs, pull = self._made(*_results(found))(args, found)
        return Run(outs, pull)

    def _made(self, count: int | None, packed: bool) -> Callable[..., tuple[list[Any], Any]]:
        """run(args, found), by the number of forward's results, and whether the last is a container."""
        if (count, packed) not in self.made:
            scope: dict[str, Any] = {"backward": self.backward}
            lines = ["def run(args, found):", *self.wiring.lines(count, packed=packed)[2:]]
            exec("\n".join(lines), scope)  # noqa: S102  (made above, of indices alone)
            self.made[count, packed] = scope["run"]
        return self.made[count, packed]

    def source(self, example: Arguments) -> list[str]:
        """Lines that define the same for a snippet."""
        try:
            with np.errstate(all="ignore"):
                found = self.forward(*example.fresh())
        except Exception:  # the failure to be shown: the lines end in it whatever they do with what is given
            found = [None] * (len(self.wiring.above) + len(self.wiring.rest()))
        count, packed = _results(found)
        run = self.wiring.lines(count, name_of(self.forward), name_of(self.backward), packed)
        return [*import_of(self.forward), *import_of(self.backward), *run]


def _results(found: Any) -> tuple[int | None, bool]:
    """The number of results of a forward, None for a single one, and whether the last of them is a container."""
    if not isinstance(found, (tuple, list)):
        return None, False
    return len(found), bool(found) and isinstance(found[-1], (tuple, list, dict))


def pair(
    forward: Callable[..., Any], backward: Callable[..., Any], inputs: st.SearchStrategy[Any], *,
    wrt: Sequence[str | int] | None = None, waives: Sequence[str] = (), name: str = "",
) -> Form:  # fmt: skip
    """A layer as two functions: forward(*args) -> out, ..., cache; backward(dout, ..., cache) -> a gradient for each
    array of args.

    inputs: a Hypothesis strategy for the arguments, such as `arrays`. The cache may be several values, or none if
    backward takes the arguments again. The names of backward's parameters show which of them are upstream gradients
    (dout, dnext_h, grad_output, delta); if no name does, all except the last are. wrt: the names of the arguments that
    get a gradient; by default all arrays of real numbers. waives: names of laws that do not hold by design.

    >>> from mlp_core.testing import verify
    >>> from mlp_core.testing.subjects import arrays
    >>> forward = lambda x, w: (x @ w, (x, w))
    >>> backward = lambda dout, cache: (dout @ cache[1].T, cache[0].T @ dout)
    >>> verify(pair(forward, backward, arrays("(n,d),(d,h)")), examples=10).ok
    True
    """
    for word, function in (("forward", forward), ("backward", backward)):
        if not callable(function):
            raise ArgumentError(word, function, "a function")
    given = Pair(forward, backward, Wiring.of(forward, backward))
    return Form(
        name or f"{name_of(forward)}, {name_of(backward)}", "pair", strategy_of(inputs), given, given.source,
        names=every(forward), asked=indices(wrt, every(forward)), waived=waived(waives),
        above_names=given.wiring.above,
        shared=not given.wiring.rest() or inspect.ismethod(forward),
    )  # fmt: skip
