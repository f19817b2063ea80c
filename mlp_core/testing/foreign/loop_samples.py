"""A loop over samples or batches inside of a training loop: one pass through its body is the step that is verified.

`for xi, yi in zip(X, y): ...` and `for i in range(n): ... X[i] ... y[i]` take one sample, which is called x with the
target y. `for i in range(0, n, size): xb, yb = X[i:i+size], y[i:i+size]` takes a batch, which may be all of X and y.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Sequence
from typing import NamedTuple

from mlp_core.testing.foreign.loop_bodies import apart, cleaned, loaded_in, updates_of
from mlp_core.testing.foreign.loop_names import is_data, is_target

X, Y = "x", "y"
"""what a sample and its target are called"""

ENDS = re.compile(r"_?(shuffled|shuf|perm(uted)?|sample|point|batch|row|vec|mini|[ijkb])$|_$")
"""words of a name that say that it is one of several samples, or all of them in another order"""


class Inner(NamedTuple):
    """The loop whose body is a step, the statements before it, and the names of its data and target."""

    loop: ast.For | ast.While
    before: Sequence[ast.stmt] = ()
    names: tuple[str, ...] = ()
    one: bool = False
    """whether it takes one sample at a time"""


def inner_of(loop: ast.For | ast.While) -> Inner:
    """The loop itself if its body takes a step with all samples; otherwise the loop over samples or batches inside of
    it, or its body for the sample, or the batch, that it draws.
    """
    loops = [s for s in loop.body if isinstance(s, ast.For | ast.While)]
    if not loops:
        own = None if isinstance(loop, ast.While) else _of_batches(loop, ()) or _of_samples(loop, ())
        return _of_drawn(loop) or own or Inner(loop)
    if len(loops) != 1 or not isinstance(loops[0], ast.For) or updates_of(cleaned(loop)):
        return Inner(loop)
    before = [s for s in loop.body[: loop.body.index(loops[0])] if isinstance(s, ast.Assign)]
    return _of_batches(loops[0], before) or _of_samples(loops[0], before) or Inner(loop)


DRAWS = re.compile(r"(\w+\.)*(randint|integers|randrange|choice|permutation|sample)")
"""functions that draw an index, or several"""


def _of_drawn(loop: ast.For | ast.While) -> Inner | None:
    """A body that draws a sample, `i = np.random.randint(n)`, or with a size a batch."""
    for s in loop.body:
        match s:
            case ast.Assign(targets=[ast.Name(id=index)], value=ast.Call(func=func, args=args, keywords=named)):
                if DRAWS.fullmatch(ast.unparse(func)):
                    whole = ast.unparse(func).endswith(("permutation", "sample"))
                    several = whole or len(args) > 2 or any(k.arg in ("size", "replace", "k") for k in named)
                    rest = ast.For(ast.Name(index), func, [o for o in loop.body if o is not s], [])
                    inner = _step(ast.copy_location(rest, s), (), _Replaced({}, index, batches=False), index)
                    return None if inner is None else inner._replace(one=not several and _is_one(func, args))
    return None


def _is_one(func: ast.expr, args: Sequence[ast.expr]) -> bool:
    """Whether a call draws one index: randint(n), randint(0, n), choice(n)."""
    return len(args) == 1 or (len(args) == 2 and not ast.unparse(func).endswith("choice"))


def _kind(node: ast.expr) -> str:
    """X or Y for a name, or an attribute, that shows data or a target; empty otherwise."""
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    for one in (name, ENDS.sub("", name)):
        if one and is_target(one):
            return Y
        if one and is_data(one):
            return X
    return ""


class _Replaced(ast.NodeTransformer):
    """Code with other names, and with names for X[i] or X[i:j]; `given` are the names that took part, and it clashes if
    the code also reads all samples by one of these names, as in len(x).
    """

    def __init__(self, names: dict[str, str], index: str, *, batches: bool) -> None:
        self.names, self.index, self.batches = names, index, batches
        self.given, self.clashes = set[str](), False

    def visit_Name(self, node: ast.Name) -> ast.expr:  # the name that ast asks for
        new = self.names.get(node.id)
        if new is None:
            self.clashes |= node.id in (X, Y)
            return node
        self.given.add(new)
        return ast.copy_location(ast.Name(new, node.ctx), node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:  # the name that ast asks for
        kind, read = _kind(node.value), {n.id for n in ast.walk(node.slice) if isinstance(n, ast.Name)}
        sliced = any(isinstance(n, ast.Slice) for n in ast.walk(node.slice))
        if kind and isinstance(node.ctx, ast.Load):
            plain = isinstance(node.slice, ast.Name) or (isinstance(node.slice, ast.Tuple) and sliced)
            if (self.batches and sliced) or (not self.batches and plain and self.index in read):
                self.given.add(kind)
                return ast.copy_location(ast.Name(kind, ast.Load()), node)
        self.generic_visit(node)
        return node


def _of_samples(loop: ast.For, before: Sequence[ast.stmt]) -> Inner | None:
    """A loop over samples: zip(X, y), enumerate(X), range(n) with X[i]."""
    target, source, index = loop.target, loop.iter, ""
    match target, source:
        case ast.Tuple(elts=[ast.Name(id=index), inner]), ast.Call(func=ast.Name(id="enumerate"), args=[several]):
            target, source = inner, several
        case ast.Name(id=index), _:
            pass
    names = dict[str, str]()
    match target, source:
        case ast.Tuple(elts=[ast.Name() as one, ast.Name() as other]), ast.Call(
            func=ast.Name(id="zip"), args=[first, second]
        ):
            kinds = [_kind(first) or _kind(one), _kind(second) or _kind(other)]
            if sorted(kinds) != [X, Y]:
                return None
            names = {one.id: kinds[0], other.id: kinds[1]}
        case ast.Name(id=name), ast.Name() if _kind(source):
            names = {name: _kind(source)}
        case ast.Tuple(elts=[ast.Name() as one, ast.Name() as other]), ast.Name():  # for x, y in data
            names = {one.id: _kind(one), other.id: _kind(other)}
            if sorted(names.values()) != [X, Y]:
                return None
        case ast.Name(), ast.Call():
            pass
        case _:
            return None
    return _step(loop, before, _Replaced(names, index, batches=False), index)


def _of_batches(loop: ast.For, before: Sequence[ast.stmt]) -> Inner | None:
    """A loop over batches: range(0, n, size) with X[i : i + size]."""
    match loop:
        case ast.For(target=ast.Name(id=index), iter=ast.Call(func=ast.Name(id="range"))):
            return _step(loop, before, _Replaced({}, index, batches=True), index)
    return None


def _step(loop: ast.For, before: Sequence[ast.stmt], replaced: _Replaced, index: str) -> Inner | None:
    """The loop with its sample, or batch, under other names; None if it does not read both data and target."""
    body = _aliases_gone([replaced.visit(copy.deepcopy(s)) for s in apart(loop.body)])
    used = set(loaded_in(body))
    if replaced.clashes or replaced.given != {X, Y} or ({X, Y} & _bound(body)) or index in used or {X, Y} - used:
        return None
    found = ast.copy_location(ast.For(loop.target, loop.iter, body, []), loop)
    return Inner(ast.fix_missing_locations(found), before, (X, Y), not replaced.batches)


def _aliases_gone(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The body without statements such as xb = x, and with x for xb in the others; without what nothing reads."""
    names, rest = dict[str, str](), list[ast.stmt]()
    for s in body:
        match s:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=of)) if of in (X, Y):
                names[name] = of
            case _:
                rest.append(s)
    renamed = _Replaced(names, "", batches=False)
    rest = [renamed.visit(s) for s in rest]
    read = {n.id for s in rest for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return [s for s in rest if not _is_idle(s, read)]


def _is_idle(node: ast.stmt, read: set[str]) -> bool:
    """Whether a statement gives a value to a name that nothing reads: a slice, or total += loss."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AugAssign(target=ast.Name(id=name)):
            return name not in read
    return False


def _bound(body: Sequence[ast.stmt]) -> set[str]:
    return {n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
