"""A value and its gradients from two calls: two functions of the same arguments, or two methods of a loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import Any

import numpy as np

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import copied, count_of, is_array, is_number, is_real
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.subjects.doors.alive import DEAD, alive
from mlp_core.testing.subjects.doors.asked import not_run
from mlp_core.testing.subjects.doors.assigned import BIAS, Found, built, options_of
from mlp_core.testing.subjects.doors.domains import narrowed
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import required, strategy_of
from mlp_core.testing.subjects.doors.tried import Options, tried
from mlp_core.testing.subjects.doors.wider import FEW
from mlp_core.testing.subjects.roles import role


@dataclass(frozen=True)
class Beside:
    """Lines that define both(args) -> value, gradients; the definitions that they use, by name."""

    lines: tuple[str, ...]
    used: tuple[Any, ...]

    def defined(self, name: str) -> Callable[..., Any]:
        """One of the functions that the lines define."""
        scope: dict[str, Any] = {"np": np} | {name_of(one): one for one in self.used}
        exec("\n".join(self.lines), scope)  # noqa: S102  (of the lines of this file)
        found: Callable[..., Any] = scope[name]
        return found

    def both(self) -> Callable[..., tuple[Any, Any]]:
        return self.defined("both")

    def __call__(self, args: list[Any], *made: Any) -> Run:
        value, gradients = self.both()(args, *made)
        return Run([value], lambda above: gradients)

    def source(self, example: Arguments) -> list[str]:
        return [
            *(line for one in self.used for line in import_of(one)), *self.lines,
            "def run(args, *made):", "    value, gradients = both(args, *made)",
            "    return [value], lambda above: gradients",
        ]  # fmt: skip


PREDICTED = ("pred", "hat", "output", "guess", "prob", "logit", "score", "yhat", "input")
"""parts of the name of a prediction"""


def predicted(names: Sequence[str]) -> int:
    """The parameter of a loss to which its derivative belongs: the prediction, or else the first that is no target.

    >>> predicted(["y_true", "y_pred"]), predicted(["y", "p"]), predicted(["y", "t"]), predicted(["a", "b"])
    (1, 1, 0, 0)
    """
    named = [k for k, n in enumerate(names) if any(w in n.lower() for w in PREDICTED)]
    clear = [k for k, n in enumerate(names) if role(n) != "true"] if len(names) == 2 else []
    return next(iter([*named, *clear]), 0)


def formed(
    name: str, names: Sequence[str], beside: Beside, libs: Sequence[str] = ("numpy", "torch"), first: Options = (),
    wrt: tuple[int, ...] | None = None,
) -> Form | None:  # fmt: skip
    """The form of a value with its gradients; None if nothing runs. One gradient belongs to the prediction, several
    to the first arguments, or to those in `wrt`. first: as for `tried`.
    """
    at, unbounded, dead = predicted(names), list[float](), list[Any]()

    def fits(args: list[Any], finite: bool = True, moves: bool = True) -> bool:
        value, found = beside.both()([copied(a) for a in args])
        if count_of(value) != 1 or not is_number(value):
            return False
        if moves and not alive(found):
            dead.append(value)
            return False
        if finite and not np.isfinite(float(value)):
            unbounded.append(float(value))
            return False
        if is_array(found):
            return is_real(args[at]) and np.shape(found) == np.shape(args[at]) and count_of(found) > 1
        real = [np.shape(a) for a in (args if wrt is None else [args[k] for k in wrt]) if is_real(a)]
        shapes = [np.shape(g) for g in found]
        wide = [prod(s) > 1 for s in shapes]
        numbers = all(w or s == () for w, s in zip(wide, shapes, strict=True))  # a single entry hides a missing sum
        return len(shapes) > 1 and shapes == real[: len(shapes)] and any(wide) and numbers

    for lib in libs:
        infinite, still = partial(fits, finite=False), partial(fits, moves=False)
        for wanted, if_any in (fits, [True]), (infinite, unbounded), (still, dead):
            if not if_any:
                continue  # then a domain, or a gradient of 0, is of no use
            found = tried(names, wanted, lib=lib, call=lambda *args: beside.both()(list(args)), first=first)
            if found is not None:
                with np.errstate(all="ignore"):
                    form = narrowed(_form(name, names, beside, found, at, wrt))
                return replace(form, omitted=(DEAD, "")) if if_any is dead else form
    return None


def _form(
    name: str, names: Sequence[str], beside: Beside, found: Found, at: int, wrt: tuple[int, ...] | None
) -> Form:  # fmt: skip
    single = is_array(beside.both()(built(found.options, found.lib))[1])
    return Form(
        name, "value with its gradient", strategy_of(found.strategy()), beside, beside.source, names=tuple(names),
        asked=(at,) if single else wrt, upstream=False, counted=not single and wrt is None, found=found.words(names),
    )  # fmt: skip


def of_two(f: Callable[..., Any], df: Callable[..., Any], wrt: tuple[int, ...] | None = None) -> Form | None:
    """f(*args), a number, and df(*args), its gradients: of its first arguments, or of those in `wrt`."""
    lines = "def both(args):", f"    return {name_of(f)}(*args), {name_of(df)}(*args)"
    return formed(name_of(f), required(f), Beside(lines, (f, df)), wrt=wrt)


def of_list(f: Callable[..., Any], df: Callable[..., Any] | None = None, *, apart: Sequence[str]) -> Form | None:
    """f(params, *data) and df(params, *data), or f alone, which returns both. params is a list with these names, and so
    are the gradients.
    """
    if len(apart) < 2:
        return None
    name, count = name_of(f), len(apart)
    taken = f"(list(args[:{count}]), *args[{count}:])"
    lines = "def both(args):", f"    return {name}{taken}" + (f", {name_of(df)}{taken}" if df is not None else "")
    names = (*apart, *required(f)[1:])
    numbers = [[()] if BIAS.fullmatch(n) else one for n, one in zip(names, options_of(names, FEW), strict=True)]
    first = [numbers] if any(map(BIAS.fullmatch, apart)) else []  # a single number: its gradient is the sum of all
    return formed(name, names, Beside(lines, (f,) if df is None else (f, df)), first=first)


def of_written(f: Callable[..., Any]) -> Form:
    """f(x, grad), which returns its value and writes its gradient into grad, as for nlopt."""
    lines = (
        "def both(args):", "    grad = np.zeros_like(args[0])", f"    value = {name_of(f)}(args[0], grad)",
        "    return value, grad",
    )  # fmt: skip
    form = formed(name_of(f), required(f)[:1], Beside(lines, (f,)), libs=("numpy",))
    if form is None:
        words = f"{name_of(f)} returns a number"
        call = 'value_and_gradient(f, subjects.arrays("(n)"))  # f returns value and gradient'
        raise refused(words, "f(x, grad) that runs on some vector x", call)
    return form


def refused(words: str, expected: str, call: str) -> ArgumentError:
    return not_run(words, f"{expected}, or these two lines in the file", call)


def of_force(energy: Callable[..., Any], force: Callable[..., Any] | None = None) -> Form:
    """An energy and its force, which is minus the gradient. One function may return both."""
    names = required(energy)
    if force is None:
        one = name_of(energy)
        lines: tuple[str, ...] = (
            "def both(args):", f"    energy, force = {one}(*args)", "    return energy, np.negative(force)"
        )  # fmt: skip
        form = formed(one, names, Beside(lines, (energy,)), libs=("numpy",))
        if form is None:
            call = f'value_and_gradient(lambda *x: ({one}(*x)[0], -{one}(*x)[1]), subjects.arrays("(n,d)"))'
            raise refused(f"{one} runs", "a function that returns an energy and its force", call)
        return _in_space(form)
    one, other = name_of(energy), name_of(force)
    lines = "def both(args):", f"    return {one}(*args), np.negative({other}(*args))"
    form = formed(one, names, Beside(lines, (energy, force)), libs=("numpy",))
    if form is None:
        call = f'jacobian({one}, lambda *x: -{other}(*x), subjects.arrays("(n)"))'
        raise refused(f"{one} and {other} run", "functions of the same arguments", call)
    return _in_space(form)


def _in_space(form: Form) -> Form:
    """The form whose positions have at least two coordinates, if they are rows of a matrix. On a line, a distance has a
    kink where two points coincide, and not only there where its direction is unknown.
    """
    example = sample(form.inputs, 1)[0]
    if np.ndim(example.args[0]) != 2:
        return form
    wide = form.inputs.filter(lambda one: np.shape(one.args[0])[1] > 1)
    told = "; ".join(filter(None, [form.found, "positions have at least two coordinates"]))
    return replace(form, inputs=wide, found=told)
