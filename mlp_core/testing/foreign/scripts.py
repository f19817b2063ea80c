"""Finds scripts with hand-written backpropagation beside loss.backward(), by their statements."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlp_core.testing.foreign.reach import Statement
from mlp_core.testing.subjects.doors.names import BESIDE, SCRIPT

if TYPE_CHECKING:
    from mlp_core.testing.subjects.doors.script import ScriptSubject

LOOKS = "a script with loss.backward() and hand-written gradients (dNAME, d_NAME, NAME_grad, grad_NAME)"


def is_script(nodes: Sequence[ast.stmt]) -> bool:
    """Whether the top level calls backward(), and binds a NAME and a hand-written gradient of it."""
    outside = [n for node in nodes if not isinstance(node, ast.FunctionDef | ast.ClassDef) for n in ast.walk(node)]
    calls = any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "backward" for n in outside
    )
    bound = {n.id for n in outside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return calls and any(form.format(name) in bound for name in bound for form in BESIDE)


def out_of_autograd(nodes: Sequence[ast.stmt]) -> frozenset[str]:
    """Names that are bound to a value made from a .grad."""
    found = set[str]()
    for node in (n for statement in nodes for n in ast.walk(statement)):
        if isinstance(node, ast.Assign) and _has_grad(node.value):
            found |= {n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)}
    return frozenset(found)


def _has_grad(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr == "grad" for n in ast.walk(node))


def subject_of(statements: Sequence[Statement]) -> ScriptSubject:
    """The whole of a file as a subject."""
    from mlp_core.testing.subjects.doors.script import ScriptSubject

    codes = [
        compile(ast.Module([s.node], type_ignores=[]), s.label, "exec", dont_inherit=True) for s in statements
    ]  # fmt: skip
    path = Path(statements[0].label.partition(", cell ")[0])
    return ScriptSubject(SCRIPT, codes, path, out_of_autograd([s.node for s in statements]))


def makers(statements: Sequence[Statement]) -> Iterator[Callable[[Any], ScriptSubject]]:
    """A function that makes a subject of the whole file, if it is a script with hand-written backpropagation."""
    if is_script([s.node for s in statements]):
        yield lambda sizes: subject_of(statements)
