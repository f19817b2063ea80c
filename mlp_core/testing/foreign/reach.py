"""The statements of a file that a definition reaches: those it needs to run, and no others.

A definition needs the imports, definitions and constants whose names it uses, directly or through others, wherever they
are in the file. Nothing needs training loops, plots, downloads and calls of the definition itself.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator
from dataclasses import dataclass, field

from mlp_core.testing.foreign.binding import bound, certainly, changed, makes_operator, patched, registered, sets
from mlp_core.testing.foreign.operator_names import name_of_operator, named_by


@dataclass(eq=False)
class Statement:
    """A top-level statement, with the names that it binds and the names that it needs."""

    node: ast.stmt
    label: str
    """the label of its cell or file"""
    binds: frozenset[str] = field(init=False)
    changes: frozenset[str] = field(init=False)
    """earlier names whose values it changes in part"""
    now: frozenset[str] = field(init=False)
    """names that must exist when it runs"""
    later: frozenset[str] = field(init=False)
    """names that must exist when a function it defines runs"""
    sets: frozenset[str] = field(init=False)
    """names that a function binds when it is called: global x"""

    def __post_init__(self) -> None:
        domains = frozenset(_domains(self.node))
        self.node = _Unannotated().visit(self.node)
        self.binds, self.changes = frozenset(bound(self.node)), frozenset(changed(self.node))
        self.sets = frozenset(sets(self.node))
        table = symtable.symtable(ast.unparse(self.node), self.label, "exec")
        now = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
        later: set[str] = set()
        for child in table.get_children():
            lazy = isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef)
            _globals(child, later if lazy else now, later)
        self.now, self.later = frozenset(now | self.changes | domains), frozenset(later)

    @property
    def star(self) -> bool:
        """Whether it is `from x import *`."""
        return isinstance(self.node, ast.ImportFrom) and self.node.names[0].name == "*"

    @property
    def defines(self) -> bool:
        return isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def reached(statements: list[Statement], name: str) -> list[Statement]:
    """The statements that the last definition of `name` needs, in an order in which they can run."""
    found: dict[Statement, None] = {}
    stars = [s for s in statements if s.star]
    position = {s: k for k, s in enumerate(statements)}

    def need(name: str, before: int) -> None:
        own = binders(statements, name)
        if not own:
            if not hasattr(builtins, name):
                for star in stars:
                    found.setdefault(star)
            return
        earlier = [s for s in own if position[s] < before] or own
        last = earlier[-1]
        certain = next((k for k in range(len(earlier) - 1, -1, -1) if certainly(earlier[k].node, name)), 0)
        for one in earlier[certain:]:  # if an `if` or a loop may leave it unchanged
            take(one)
        if isinstance(last.node, ast.Import | ast.ImportFrom):
            return  # changes to a module are ignored
        operator = name_of_operator(last.node)
        for change in statements[position[last] + 1 : before]:
            if name in change.changes or (operator and named_by(change.node) == operator):
                take(change)

    pending: set[Statement] = set()

    def take(statement: Statement) -> None:
        if statement in found or statement in pending:
            return
        pending.add(statement)
        for other in sorted(statement.now):
            need(other, position[statement])
        found.setdefault(statement)
        for other in sorted(statement.later):
            need(other, len(statements))

    need(name, len(statements))
    return list(found)


def binders(statements: list[Statement], name: str) -> list[Statement]:
    """The statements that bind a name; if there are none, the calls of functions that bind it."""
    own = [s for s in statements if name in s.binds]
    if own:
        return own
    by = {other for s in statements if name in s.sets for other in s.binds}
    return [s for s in statements if _called(s.node) in by] if by else []


def _called(node: ast.stmt) -> str | None:
    """The function f in the statement f(...)."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return name
    return None


def _globals(table: symtable.SymbolTable, now: set[str], later: set[str]) -> None:
    """The module's names that a scope and its inner scopes use: at once, or when a function is called."""
    now |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    for child in table.get_children():
        _globals(child, later if child.get_type() == "function" else now, later)



def _domains(node: ast.stmt) -> Iterator[str]:
    """The names in the field annotations of a dataclass with a base class. An update rule's annotations are its
    domains, so the names are needed.
    """
    made = isinstance(node, ast.ClassDef) and any("dataclass" in ast.unparse(d) for d in node.decorator_list)
    if made and isinstance(node, ast.ClassDef) and node.bases:
        for field_ in node.body:
            if isinstance(field_, ast.AnnAssign):
                yield from (n.id for n in ast.walk(field_.annotation) if isinstance(n, ast.Name))


class _Unannotated(ast.NodeTransformer):
    """Annotations describe the code: the names in them need not exist. Those of a class may define the fields of a
    dataclass, and remain as text.
    """

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        if makes_operator(node):
            return node  # its schema is made of its annotations
        node.returns = None
        patches = patched(node) is not None  # then its first annotation names the class that it changes
        if registered(node):
            return node  # by its annotation it is called
        kept = node.args.args[0].annotation if patches else None
        self.generic_visit(node)
        if patches:
            node.args.args[0].annotation = kept
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        node.annotation = ast.copy_location(ast.Constant(ast.unparse(node.annotation)), node.annotation)
        return node
