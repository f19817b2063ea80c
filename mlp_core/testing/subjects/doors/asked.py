"""Shapes that a user gives for a definition in a file. Without them, shapes are found by trying."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count, product
from typing import Any

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.examples.shapes import Shape, parsed
from mlp_core.testing.subjects.doors.assigned import Classes, Found, built, is_shape, options_of
from mlp_core.testing.subjects.doors.names import EITHER
from mlp_core.testing.subjects.doors.raised import always, forget, told

WANTED = "shapes in the words of arrays, constants after a semicolon: '(n,d),(d,h),(h); stride=2'"

DISTINCT = (4, 3, 2, 5)
"""the sizes of letters with which a definition is tried"""


@dataclass
class Asked:
    """Shapes, constants by name, and whether a definition has used them. text: the signature."""

    text: str
    shapes: list[Shape]
    constants: dict[str, Any]
    used: list[bool] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> Asked:
        """Parses the text of a user. Raises ArgumentError if it is not a signature."""
        signature, _, rest = text.strip().replace('"', "").partition(";")
        try:
            (call,) = ast.parse(f"f({rest})").body
            assert isinstance(call, ast.Expr)
            assert isinstance(call.value, ast.Call)
            assert not call.value.args
            constants = {str(k.arg): ast.literal_eval(k.value) for k in call.value.keywords}
        except (SyntaxError, ValueError, AssertionError):
            raise ArgumentError("shapes", text, WANTED) from None
        try:
            return cls(signature.strip(), parsed(signature), constants)
        except ArgumentError as error:
            raise ArgumentError("shapes", text, error.expected) from None


SHAPES: ContextVar[Asked | None] = ContextVar("SHAPES", default=None)
"""the shapes that the user gave in this process"""


@contextmanager
def shapes_asked(text: str | None) -> Iterator[None]:
    """A context in which definitions use these shapes. Raises ArgumentError at the end if no definition needs shapes.
    """
    asked = None if text is None else Asked.of(text)
    token = SHAPES.set(asked)
    try:
        yield
    finally:
        SHAPES.reset(token)
    if asked is not None and not asked.used:
        expected = "no shapes: the definition says itself what it takes"
        raise ArgumentError("shapes", asked.text, expected)


def by_signature(
    asked: Asked, names: Sequence[str], fits: Callable[[list[Any]], bool], runs: Callable[[list[Any]], bool] | None,
    lib: str,
) -> Found:  # fmt: skip
    """The user's assignment; constants that the user did not give are found by trying. Raises ArgumentError for shapes
    that do not match the parameters, or with which the definition does not run.
    """
    asked.used.append(True)
    whole = _shaped(asked, names)
    sizes = zip(dict.fromkeys(s for one in asked.shapes for s in (*one.sizes, one.below)), _sizes(), strict=False)
    known = {letter: size for letter, size in sizes if isinstance(letter, str)}
    placed = dict(zip(whole, (_concrete(one, known) for one in asked.shapes), strict=True))
    kinds = []
    for k, (name, options) in enumerate(zip(names, options_of(names, ()), strict=True)):
        constants = [one for one in options if not is_shape(one)]
        given = [asked.constants[name]] if name in asked.constants else constants
        kinds.append([placed[k]] if k in placed else given)
    missing = [name for name, options in zip(names, kinds, strict=True) if not options]
    if missing:
        raise ArgumentError("shapes", asked.text, f"a shape for {', '.join(missing)}, or a value after a semicolon")
    ran, raised = list[tuple[Any, ...]](), ""
    for options in product(*kinds):
        try:
            if runs(built(options, lib)) if runs is not None else [fits(built(options, lib))]:
                ran.append(options)  # the laws report a gradient of another shape
        except Exception as error:
            raised = f", with which it raises {type(error).__name__}: {error}"
    if not ran:
        got = f"{asked.text!r} for {', '.join(names)}{raised}"
        raise ArgumentError("shapes", Described(got), "shapes with which it runs")
    constants = [tuple(one for k, one in enumerate(options) if k not in placed) for options in ran]
    return Found(ran[0], tuple(constants), lib=lib, given=asked.text)


def _sizes() -> Iterator[int]:
    yield from DISTINCT
    yield from count(6)


def _concrete(one: Shape, known: dict[str, int]) -> Any:
    shape = tuple(known[s] if isinstance(s, str) else s for s in one.sizes)
    return Classes(shape) if one.below is not None else shape


def _shaped(asked: Asked, names: Sequence[str]) -> list[int]:
    """The parameters that have a shape, by index: all of them, those that are not constants by name, or those that are
    not numbers.
    """
    constants = [bool(options) for options in options_of(names, ())]
    free = [k for k, n in enumerate(names) if n not in asked.constants]
    arrays = [k for k in free if not constants[k] or EITHER.fullmatch(names[k])]
    plain = [k for k in arrays if not EITHER.fullmatch(names[k])]
    for several in (arrays, plain, free):
        if len(several) == len(asked.shapes):
            return several
    several_words = ", ".join(names[k] for k in arrays)
    raise ArgumentError("shapes", asked.text, f"a shape for each of {several_words}, in this order")


def alike(asked: Asked, shapes: Sequence[Any], target: int | None = None) -> bool:
    """Whether shapes match the user's, with any sizes for the letters. target: the index of the shape that contains
    classes.
    """
    given = [s for s in shapes if isinstance(s, tuple)]
    if len(given) != len(asked.shapes) or any(len(g) != len(a.sizes) for g, a in zip(given, asked.shapes, strict=True)):
        return False
    asked.used.append(True)
    classes = None if target is None else sum(isinstance(s, tuple) for s in shapes[:target])
    pairs = [pair for g, a in zip(given, asked.shapes, strict=True) for pair in zip(a.sizes, g, strict=True)]
    return len(set(pairs)) == len({one for one, _ in pairs}) and all(
        (a.below is not None) == (k == classes) for k, a in enumerate(asked.shapes)
    )


def check(text: str) -> None:
    """Raises ArgumentError if the shapes of a user are not a signature."""
    Asked.of(text)


def not_run(words: str, expected: str, call: str) -> ArgumentError:
    """The error if no shapes are found with which something runs, with what was raised: words say what was tried, and
    `call` makes the subject in two lines to paste.
    """
    if text := always():
        forget()
        return ArgumentError("code", Described(text), "a call that returns gradients: first correct this")
    paste = f"from mlp_core.testing import subjects\nsubject = subjects.{call}"
    return ArgumentError("shapes", Described(f"no shapes with which {words}{told()}"), expected, paste=paste)
