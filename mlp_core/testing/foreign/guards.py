"""Tiny constants that guard a logarithm or a quotient: log(p + 1e-7), y / (p + 1e-7).

Many losses have one that their gradient leaves out. The code without them is what the gradient is meant to be of.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence

TINY = 1e-5
"""the largest constant that is a guard"""

LOGARITHMS = frozenset({"log", "log2", "log10", "log_"})


class Unguarded(ast.NodeTransformer):
    """The code without its guards. names: variables that hold one."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names, self.found = names, 0

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in LOGARITHMS:
                node.args = [self._bare(one) for one in node.args[:1]] + node.args[1:]
                if isinstance(node.func, ast.Attribute) and not node.args:  # (p + eps).log()
                    node.func.value = self._bare(node.func.value)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Div):
            node.right = self._bare(node.right)
        return node

    def _bare(self, node: ast.expr) -> ast.expr:
        """An expression without the guards in its sums and products."""
        if not isinstance(node, ast.BinOp):
            return node
        if isinstance(node.op, ast.Add):
            for one, other in ((node.left, node.right), (node.right, node.left)):
                if self._is_guard(one):
                    self.found += 1
                    return self._bare(other)
        if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
            node.left, node.right = self._bare(node.left), self._bare(node.right)
        return node

    def _is_guard(self, node: ast.expr) -> bool:
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return name in self.names
        return _is_tiny(node)


def tiny_names(nodes: Sequence[ast.AST]) -> frozenset[str]:
    """The variables and attributes of a file that only hold tiny constants: delta = 1e-7, self.eps = eps."""
    found: dict[str, list[ast.expr]] = {}
    for name, value in (one for node in nodes for part in ast.walk(node) for one in _assigned(part)):
        found.setdefault(name, []).append(value)
    names = {n for n, values in found.items() if all(map(_is_tiny, values))}
    also = {n for n, values in found.items() if all(_is_tiny(v) or getattr(v, "id", "") in names for v in values)}
    return frozenset(names | also)


def _is_tiny(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, float) and 0 < node.value <= TINY


def _assigned(part: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match part:
        case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value):
            yield name, value
        case ast.arguments():
            names = [a.arg for a in (*part.posonlyargs, *part.args)]
            yield from zip(names[len(names) - len(part.defaults) :], part.defaults, strict=True)


def unguarded(nodes: Sequence[ast.stmt]) -> tuple[list[ast.stmt], int]:
    """Statements without their guards, and how many guards they have."""
    transformer = Unguarded(tiny_names(nodes))
    bare = [ast.fix_missing_locations(transformer.visit(copy.deepcopy(node))) for node in nodes]
    return bare, transformer.found
