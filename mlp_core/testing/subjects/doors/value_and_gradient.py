"""A function that returns its value with its gradient, and a function with its Jacobian."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.arguments import Arguments, places_of
from mlp_core.testing.examples.foreign_arrays import count_of, is_real, tensor_of
from mlp_core.testing.subjects.doors.form import Form, Run
from mlp_core.testing.subjects.doors.given import every, indices, strategy_of, waived


@dataclass(frozen=True)
class Valued:
    """f(*args) -> (value, gradient or gradients)."""

    f: Callable[..., Any]

    def __call__(self, args: list[Any]) -> Run:
        found = self.f(*args)
        if not isinstance(found, (tuple, list)) or len(found) < 2:
            got = f"{len(found)} things" if isinstance(found, (tuple, list)) else type(found).__name__
            raise Broken("what the function returns", got, "(value, gradient or gradients)", closing=NO_PAIR)
        value, *gradients = found
        held_to_one_number(value, "the value that is returned first")
        return Run([value], lambda above: gradients[0] if len(gradients) == 1 else tuple(gradients))

    def source(self, example: Arguments) -> list[str]:
        return [
            *import_of(self.f), "def run(args):", f"    value, *gradients = {name_of(self.f)}(*args)",
            "    return [value], lambda above: gradients[0] if len(gradients) == 1 else tuple(gradients)",
        ]  # fmt: skip


NO_PAIR = "run(args)"
NO_NUMBER = "value = run(args)[0][0]\nassert np.prod(np.shape(value)) == 1, value"


def held_to_one_number(value: Any, where: str) -> None:
    """Raise Broken for a value of several numbers, or of none. where: the value in words."""
    if count_of(value) != 1:
        raise Broken(where, f"shape {np.shape(value)}", "one number", closing=NO_NUMBER)


def value_and_gradient(
    f: Callable[..., Any], inputs: st.SearchStrategy[Any], *, wrt: Sequence[str | int] | None = None,
    waives: Sequence[str] = (), name: str = "",
) -> Form:  # fmt: skip
    """A function that returns its value and its gradient: f(*args) -> (value, gradient or gradients).

    The gradients belong to the first arguments, in order. If the first argument is a list or dict of arrays, they
    belong to these and have the same form. wrt: the arguments of the gradients, if they are others. inputs, waives: as
    for `pair`.

    >>> import numpy as np
    >>> from mlp_core.testing import verify
    >>> from mlp_core.testing.subjects import arrays
    >>> def ridge(w, X, y):
    ...     r = X @ w - y
    ...     return r @ r + w @ w, 2 * X.T @ r + 2 * w
    >>> verify(value_and_gradient(ridge, arrays("(d),(n,d),(n)")), examples=10).ok
    True
    """
    if not callable(f):
        raise ArgumentError("f", f, "a function")
    given = Valued(f)
    names = every(f)
    return Form(
        name or name_of(f), "value with its gradient", strategy_of(inputs), given, given.source, names=names,
        asked=indices(wrt, names), upstream=False, counted=wrt is None, waived=waived(waives),
    )  # fmt: skip


@dataclass(frozen=True)
class Derived:
    """f(x, *rest), and jac(x, *rest), its derivative by x: the shape of f's output, followed by that of x."""

    f: Callable[..., Any]
    jac: Callable[..., Any]

    def __call__(self, args: list[Any]) -> Run:
        rest = places_of(args[0], is_real)
        found = self.f(*args)
        jacobian = self.jac(*args)
        if rest != [()]:
            return Run([found], lambda above: jacobian)
        wanted = (*np.shape(found), *np.shape(args[0]))
        shape = tuple(np.shape(jacobian))
        if tuple(n for n in shape if n != 1) != tuple(n for n in wanted if n != 1):
            expected, closing = f"shape {wanted}: of f's output, then of x", SHAPE.format(shape=wanted)
            raise Broken("what jac returns", f"shape {shape}", expected, closing=closing)

        def pull(above: Sequence[Any]) -> Any:
            matrix = tensor_of(jacobian).numpy().reshape(np.size(found), *np.shape(args[0]))
            return np.tensordot(np.ravel(tensor_of(above[0]).numpy()), matrix, axes=1)

        return Run([found], pull)

    def slopes(self, args: list[Any]) -> list[Any]:
        """The derivative, as jac returns it."""
        return [self.jac(*args)]

    def source(self, example: Arguments) -> list[str]:
        f, jac = name_of(self.f), name_of(self.jac)
        return [
            *import_of(self.f), *import_of(self.jac), "def jacobian(args):", f"    return {jac}(*args)",
            "def run(args):", f"    out, J = {f}(*args), jacobian(args)",
            "    def pull(above):", "        matrix = np.asarray(J).reshape(np.size(out), *np.shape(args[0]))",
            "        return np.tensordot(np.ravel(above[0]), matrix, axes=1)", "    return [out], pull",
        ]  # fmt: skip


@dataclass(frozen=True)
class Chained(Derived):
    """Several functions and their derivatives as one; several(*args) are the derivatives, each as it is returned."""

    several: Callable[..., list[Any]]

    def slopes(self, args: list[Any]) -> list[Any]:
        return self.several(*args)


SHAPE = """\
J = np.shape(jacobian(args))
assert J == {shape}, J"""


def jacobian(
    f: Callable[..., Any], jac: Callable[..., Any], inputs: st.SearchStrategy[Any], *, waives: Sequence[str] = (),
    name: str = "",
) -> Form:  # fmt: skip
    """A function and its derivative with respect to the first argument, as for jac= of scipy. f(x, *rest) is a number
    or a vector, and jac(x, *rest) has the shape of f's output followed by that of x. Also for a score and its Hessian.

    inputs, waives: as for `pair`.

    >>> from mlp_core.testing import verify
    >>> from mlp_core.testing.subjects import arrays
    >>> f, jac = lambda x, A: x @ A @ x, lambda x, A: (A + A.T) @ x
    >>> verify(jacobian(f, jac, arrays("(n),(n,n)")), examples=10).ok
    True
    """
    for word, function in (("f", f), ("jac", jac)):
        if not callable(function):
            raise ArgumentError(word, function, "a function")
    given = Derived(f, jac)
    return Form(
        name or f"{name_of(f)}, {name_of(jac)}", "function with its Jacobian", strategy_of(inputs), given, given.source,
        names=every(f), asked=(0,), upstream=False, weighted=True, waived=waived(waives),
    )  # fmt: skip
