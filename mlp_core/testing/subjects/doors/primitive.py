"""A primitive of HIPS autograd: a function, and for each argument a maker of its gradient, maker(ans, *args)(g)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from mlp_core.testing.engine.source import import_with, name_of
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import count_of, is_number, is_real, ones_like
from mlp_core.testing.subjects.doors.asked import not_run
from mlp_core.testing.subjects.doors.domains import narrowed
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import required, strategy_of
from mlp_core.testing.subjects.doors.tried import tried


@dataclass(frozen=True)
class ByMakers:
    """f(*args), and the makers of its gradients as a list in Python. An argument without a gradient has None."""

    f: Callable[..., Any]
    text: str

    def makers(self) -> list[Any]:
        return list(eval(self.text, variables_of(self.f)))  # noqa: S307  (an expression of the file)

    def __call__(self, args: list[Any]) -> Run:
        out = self.f(*args)

        def pull(above: Sequence[Any]) -> Any:
            return [None if one is None else one(out, *args)(above[0]) for one in self.makers()]

        return Run([out], pull)

    def source(self, example: Arguments) -> list[str]:
        name = name_of(self.f)
        return [
            "from mlp_core.testing.subjects.doors.primitive import variables_of", *import_with(self.f),
            f"makers = eval({self.text!r}, variables_of({name}))",
            "def run(args):", f"    out = {name}(*args)",
            "    return [out], lambda above: [None if one is None else one(out, *args)(above[0]) for one in makers]",
        ]  # fmt: skip


def variables_of(f: Any) -> dict[str, Any]:
    """The variables of the file in which a primitive is defined: autograd keeps the function as an attribute."""
    written = getattr(f, "fun", inspect.unwrap(f))
    found: dict[str, Any] = written.__globals__
    return found


def of_primitive(f: Any, text: str) -> Form:
    """The form of a primitive. Raises ArgumentError if no shapes are found with which it runs."""
    names, run = required(f), ByMakers(f, text)
    asked = tuple(k for k, one in enumerate(run.makers()) if one is not None)

    def fits(args: list[Any], few: int = 2) -> bool:
        ran = run(args)
        (out,) = ran.outs
        if not is_number(out) or count_of(out) < few or not all(is_real(args[k]) for k in asked):
            return False
        found = ran.pull([ones_like(out)])
        return all(np.shape(found[k]) == np.shape(args[k]) and count_of(args[k]) > 1 for k in asked)

    found = tried(names, fits, call=f) or tried(names, partial(fits, few=1), call=f)
    if found is None:
        call = f'pair({name_of(f)}, lambda g, *args: ..., subjects.arrays("(n,d)"))'
        raise not_run(f"{name_of(f)}({', '.join(names)}) runs", "its shapes by --shapes, or these two lines", call)
    form = Form(name_of(f), "pair", strategy_of(found.strategy()), run, run.source, names=names, asked=asked)
    return narrowed(replace(form, found=found.words(names)))
