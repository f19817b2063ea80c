"""Reads marimo notebooks: the bodies of the cells, in the order of the file, become the statements of one module.

A name that begins with _ belongs to its cell; marimo separates equal names of two cells.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from mlp_core.testing.foreign.reading.cell import Cell, parsed

APP = re.compile(r"^(\w+) = marimo\.App\(", re.MULTILINE)


def is_one(text: str) -> bool:
    return APP.search(text) is not None and "import marimo" in text


def read(path: Path, text: str) -> list[Cell]:
    """The cells. Raises SyntaxError if the file is not Python."""
    found = APP.search(text)
    assert found is not None
    app, cells = found[1], list[Cell]()
    for node in parsed(text, str(path)):
        cells += _cells(node, app, str(path), len(cells) + 1)
    return cells


def _cells(node: ast.stmt, app: str, label: str, number: int) -> list[Cell]:
    def nodes(*statements: ast.stmt) -> list[Cell]:
        return [Cell(label, "", nodes=statements)]

    match node:
        case ast.FunctionDef(decorator_list=[*_, by]) | ast.AsyncFunctionDef(decorator_list=[*_, by]) if kind := _kind(
            by, app
        ):
            if kind == "function":
                node.decorator_list.pop()
                return nodes(node)
            if "disabled=True" in ast.unparse(by):
                return [Cell(label, ast.unparse(node), why=f"marimo does not run it: cell {number} is disabled")]
            body = [n for n in node.body if not isinstance(n, ast.Return)]
            return nodes(*_own(body, number))
        case ast.ClassDef(decorator_list=[*_, by]) if _kind(by, app):
            node.decorator_list.pop()
            return nodes(node)
        case ast.With(items=[ast.withitem(context_expr=context)]) if _kind(context, app) == "setup":
            return nodes(*node.body)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="_unparsable_cell"), args=args)):
            if name == app and args and isinstance(args[0], ast.Constant):
                return [Cell(f"{label}, cell {number}", str(args[0].value), why="marimo could not read it")]
        case ast.Import() if ast.unparse(node) == "import marimo":
            return []
        case ast.Assign(targets=[ast.Name(id=name)]) if name in (app, "__generated_with"):
            return []
        case ast.If() if "__main__" in ast.unparse(node.test):
            return []
    return nodes(node)


def _kind(node: ast.expr, app: str) -> str | None:
    """The kind of app.KIND or app.KIND(...): cell, function, class_definition or setup."""
    called = node.func if isinstance(node, ast.Call) else node
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == app:
        return called.attr
    return None


def _own(body: list[ast.stmt], number: int) -> list[ast.stmt]:
    """Rename the names that belong to the cell, so that they differ from those of other cells."""
    mine = {
        n.id if isinstance(n, ast.Name) else n.name
        for statement in body for n in ast.walk(statement)
        if (isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)) or isinstance(n, ast.FunctionDef | ast.ClassDef)
    }  # fmt: skip
    return [_Renamed({n: f"_cell_{number}{n}" for n in mine if re.match(r"_(?!_)", n)}).visit(one) for one in body]


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name, value in ast.iter_fields(node):
            if name in ("id", "name", "asname", "arg") and not isinstance(node, ast.keyword) and value in self.names:
                setattr(node, name, self.names[value])
        return super().generic_visit(node)
