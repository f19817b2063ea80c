"""The state of a rule inside of a training loop: `v = beta * v + (1 - beta) * dw`, then `w -= lr * v`.

From a state of zeros, the first step of momentum, RMSprop or Adam goes against the gradient, entry by entry. So the
gradient `dw` is verified as it is named, with the sign of the step. The rule itself is not.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import NamedTuple

from mlp_core.testing.foreign.loop_bodies import Update, branches, read_in


class States(NamedTuple):
    """names: the states, as they are written; slopes: per weight, the name of its gradient."""

    names: tuple[str, ...] = ()
    slopes: tuple[str, ...] = ()

    def lines(self) -> list[ast.stmt]:
        """Statements that begin with zeros."""
        return ast.parse("\n".join(f"{name} = 0.0" for name in self.names)).body


def states_of(body: Sequence[ast.stmt], updates: Sequence[Update]) -> States | None:
    """The states of a loop, none if its updates use none; None if they use some, and it is not clear what the gradient
    of each weight is.
    """
    body = branches(body)
    held = {ast.unparse(s.targets[0]): s for s in body if isinstance(s, ast.Assign) and len(s.targets) == 1}
    states = {name: s for name, s in held.items() if name in read_in(s.value) and _is_average(s.value, name)}
    own = {one.text for one in updates}
    steps = {one.text: next(s for s in body if _changes(s, one.text)) for one in updates}
    used = {text: _reached(s, {n: v for n, v in held.items() if n not in own}, text) for text, s in steps.items()}
    if not any(states.keys() & names for names in used.values()):
        return States()
    slopes = list[str]()
    for text, names in used.items():
        mine = [states[n] for n in sorted(names & states.keys())]
        found = {n for s in mine for n in read_in(_added(s)) if n in held and n not in states and n not in own}
        found = {n for n in found if not any(n in read_in(held[m].value) for m in found if m != n)}
        step = steps[text]
        again = isinstance(step, ast.AugAssign) and text in read_in(step.value)
        if len(found) != 1 or again or not all(name.isidentifier() for name in found):
            return None  # several gradients, or a decay of the weight besides
        slopes.append(found.pop())
    return States(tuple(states), tuple(slopes))


def _is_average(node: ast.expr, name: str) -> bool:
    """Whether a value is a sum with a multiple of the name: beta * v + dw. A sum with the name itself is an update."""
    terms = _terms(node)
    return len(terms) > 1 and sum(name in read_in(one) and isinstance(one, ast.BinOp) for one in terms) == 1


def _terms(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        return [*_terms(node.left), *_terms(node.right)]
    return [node]


def _added(state: ast.Assign) -> ast.Tuple:
    """The other terms of the sum that a state becomes."""
    name = ast.unparse(state.targets[0])
    return ast.Tuple([one for one in _terms(state.value) if name not in read_in(one)], ast.Load())


def _changes(node: ast.stmt, text: str) -> bool:
    match node:
        case ast.AugAssign(target=target) | ast.Assign(targets=[target]):
            return ast.unparse(target) == text
    return False


def _reached(step: ast.stmt, held: dict[str, ast.Assign], text: str) -> set[str]:
    """The names that the step of a weight reads, directly or through names that the body binds."""
    found, left = set[str](), read_in(step)
    while left:
        name = left.pop()
        if name not in found and name != text:
            found.add(name)
            left |= read_in(held[name].value) if name in held else set()
    return found


def with_slopes(name: str, arguments: Sequence[str], weights: Sequence[str], count: int) -> list[str]:
    """Lines of `gives` for a loop that returns its weights, and then its gradients: each with the sign of its step."""
    return [
        f"    found = {name}({', '.join(arguments)})",
        f"    steps = [b - a for b, a in zip([{', '.join(weights)}], found)]",
        f"    return [g if (g * step >= 0).all() else -g for g, step in zip(found[-{count}:], steps)]",
    ]
