"""The arguments of a training loop: variables of the file, those of a constructor, and the rate of the steps."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from mlp_core.testing.foreign.alone import RATE
from mlp_core.testing.foreign.loop_bodies import assigned, loaded_in
from mlp_core.testing.foreign.loop_names import CLASSES, COUNT, is_data_or_target
from mlp_core.testing.subjects.doors.names import COUNTS, constants_of


def shared(free: Sequence[str], outside: Sequence[ast.Assign], factor: str) -> tuple[list[str], list[ast.Assign]]:
    """The variables of a file that a loop takes as arguments: data, a target, rates and other numbers; and the
    statements that make others of the data.
    """
    bound = {n: s.value for s in outside for n in assigned([s])}
    numbers = {n for n, value in bound.items() if isinstance(value, ast.Constant) and (
        n == factor or RATE.fullmatch(n) or COUNT.fullmatch(n) or constants_of(n))}  # fmt: skip
    ours = [n for n in free if n in numbers or (n in bound and is_data_or_target(n))]
    data = {n for n in ours if n not in numbers}
    again = [s for s in outside if set(loaded_in([s])) & data and assigned([s]) & set(free) - {*ours}]
    return ours, again


def handed(names: Sequence[str]) -> list[str] | None:
    """Arguments for a constructor: a rate, a number of iterations, constants; None if a name shows none of these."""
    found = list[str]()
    for name in names:
        if RATE.fullmatch(name):
            found.append("1.0")
        elif ITERATIONS.fullmatch(name):
            found.append("1")
        elif COUNT.fullmatch(name) or COUNTS.fullmatch(name):
            found.append(str(CLASSES))  # as many classes as features
        elif constants := constants_of(name):
            found.append(repr(constants[0]))
        else:
            return None
    return found


ITERATIONS = re.compile(r"\w*(iter(ation)?s?|epochs?|steps?)", re.IGNORECASE)


def with_rate_1(node: ast.stmt, factor: str) -> ast.stmt:
    """A statement that gives the rate of the steps a number, with the number 1."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant()) if name == factor or RATE.fullmatch(name):
            return ast.copy_location(ast.parse(f"{name} = 1.0").body[0], node)
    return node
