"""Backward passes, derivatives and updates in a file of which nothing is verified: no recogniser takes them, and no
verified definition uses them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from mlp_core.testing.foreign import nets
from mlp_core.testing.foreign.beside import HESSIANS
from mlp_core.testing.foreign.doors import PRIMES, stems
from mlp_core.testing.foreign.passed_moves import moves_passed_over
from mlp_core.testing.foreign.reach import Statement, reached
from mlp_core.testing.foreign.stubs import stub
from mlp_core.testing.foreign.top_level import Found

BACKWARD = re.compile(
    rf"{nets.BACKWARD[0]}|_?(\w+_)?(backward|back_?prop)(?!\w*(hook|test|check|plot|print|time))\w*", re.IGNORECASE
)
"""names of a backward pass, as a function or a method, or of a variant of it: backward_propagate_error"""

DELEGATES = re.compile(r"_?back_?(ward|prop)\w*", re.IGNORECASE)
"""names of another backward pass that is called: then that one has the formulas"""

PRODUCTS = ("dot", "matmul", "einsum", "outer", "multiply", "tensordot")


def passed_over(statements: Sequence[Statement], found: Sequence[Found]) -> Iterator[str]:
    """Their names, as `f` or `Class.method`, in the order of the file. A script is verified whole."""
    if any(not one.needs for one in found):
        return
    every = list(statements)
    used = {name for one in found for need in one.needs for s in reached(every, need) for name in s.binds}
    last = {s.node.name: s.node for s in every if isinstance(s.node, ast.FunctionDef | ast.ClassDef)}
    derived = {form.format(stem) for n in last for stem in stems(n) for form in (*PRIMES, *HESSIANS) if len(stem) > 1}
    for name, node in last.items():
        if name in used:
            continue
        if isinstance(node, ast.FunctionDef):
            if (BACKWARD.fullmatch(name) or name in derived) and _computes(node):
                yield name
            continue
        methods = [m for m in node.body if isinstance(m, ast.FunctionDef) and BACKWARD.fullmatch(m.name)]
        yield from (f"{name}.{m.name}" for m in methods[:1] if _computes(m))
    yield from moves_passed_over(last, found)


def _computes(node: ast.FunctionDef) -> bool:
    """Whether it has formulas of its own: it is filled in, and leaves the work to no other backward pass, or adds to
    what that one gives.
    """
    parts = list(ast.walk(node))
    called = [ast.unparse(part.func).rpartition(".")[2] for part in parts if isinstance(part, ast.Call)]
    formulas = any(isinstance(part, ast.BinOp) for part in parts) or any(name in PRODUCTS for name in called)
    adds = any(isinstance(part, ast.AugAssign) and isinstance(part.value, ast.BinOp) for part in parts)
    return formulas and stub(node) is None and (adds or not any(map(DELEGATES.fullmatch, called)))
