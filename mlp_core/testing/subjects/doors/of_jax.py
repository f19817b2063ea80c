"""A function of jax with a rule of its own for its derivative: jax is asked for the gradient, as in a program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import count_of, is_number, is_real, ones_like
from mlp_core.testing.subjects.doors.asked import not_run
from mlp_core.testing.subjects.doors.domains import narrowed
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import required, strategy_of
from mlp_core.testing.subjects.doors.tried import tried


@dataclass(frozen=True)
class ByJax:
    """f(*args), and jax.vjp of it with respect to the arrays of real numbers. The outputs are those of a plain call:
    under differentiation the rule computes them.
    """

    f: Callable[..., Any]

    def __call__(self, args: list[Any]) -> Run:
        jax = sys.modules["jax"]
        out = self.f(*args)
        own = [k for k, a in enumerate(args) if is_real(a)]

        def of_own(*arrays: Any) -> Any:
            by = dict(zip(own, arrays, strict=True))
            return self.f(*(by.get(k, a) for k, a in enumerate(args)))

        def pull(above: Sequence[Any]) -> Any:
            ran, back = jax.vjp(of_own, *(jax.numpy.asarray(args[k]) for k in own))
            found = dict(zip(own, back(jax.numpy.asarray(above[0], dtype=ran.dtype)), strict=True))
            return [found.get(k) for k in range(len(args))]

        return Run([np.asarray(out)], pull)

    def source(self, example: Arguments) -> list[str]:
        name = name_of(self.f)
        return [
            "import sys", *import_of(self.f), "def run(args):", '    jax = sys.modules["jax"]',
            "    own = [k for k, a in enumerate(args) if hasattr(a, 'dtype') and a.dtype.kind == 'f']",
            "    def of_own(*arrays):", "        by = dict(zip(own, arrays))",
            f"        return {name}(*(by.get(k, a) for k, a in enumerate(args)))",
            "    def pull(above):", "        ran, back = jax.vjp(of_own, *(jax.numpy.asarray(args[k]) for k in own))",
            "        found = dict(zip(own, back(jax.numpy.asarray(above[0], dtype=ran.dtype))))",
            "        return [np.asarray(found[k]) if k in found else None for k in range(len(args))]",
            f"    return [np.asarray({name}(*args))], pull",
        ]  # fmt: skip


def of_jax(f: Any) -> Form:
    """The form of a function below @jax.custom_jvp. Raises ArgumentError if no shapes are found with which it runs."""
    names, run = required(f), ByJax(f)

    def fits(args: list[Any], few: int = 2) -> bool:
        ran = run(args)
        (out,) = ran.outs
        if not is_number(out) or count_of(out) < few or not any(map(is_real, args)):
            return False
        found = ran.pull([ones_like(out)])
        return all(g is None or np.shape(g) == np.shape(a) for g, a in zip(found, args, strict=True))

    found = tried(names, fits, call=f) or tried(names, partial(fits, few=1), call=f)
    if found is None:
        call = f'function({name_of(f)}, subjects.arrays("(n,d)", lib="jax"))'
        raise not_run(f"{name_of(f)}({', '.join(names)}) runs", "its shapes by --shapes, or the same in numpy", call)
    form = Form(name_of(f), "function", strategy_of(found.strategy()), run, run.source, names=names)
    return narrowed(replace(form, found=found.words(names)))
