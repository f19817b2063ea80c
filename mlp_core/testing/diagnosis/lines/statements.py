"""The statements of a file by line: what each of them reads, what it changes in place, and which names it binds."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

HEADERS = ast.If | ast.For | ast.While | ast.With | ast.AsyncFor | ast.AsyncWith | ast.Try | ast.Match
SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
CHAIN = ast.Name | ast.Attribute | ast.Subscript


@dataclass(frozen=True, eq=False)
class Statement:
    """A statement, or the head of a compound statement."""

    node: ast.stmt
    first: int
    last: int
    around: tuple[Statement, ...]
    """the heads of the compound statements around it, in the same function, outermost first"""
    reads: tuple[ast.expr, ...]
    """names with their attributes and indices, such as model.a[l - 1], whose values it uses"""
    receivers: tuple[ast.expr, ...]
    """the ones that it changes in place, as far as the source shows: v.mul_(...), v += ..., v[i] = ..."""
    binds: frozenset[str]
    """local names"""

    @property
    def is_head(self) -> bool:
        return isinstance(self.node, HEADERS)

    @property
    def stores(self) -> frozenset[str]:
        """The written target, in words: a name, or an attribute with its owner."""
        return self.binds | {_words(r) for r in self.receivers}


@dataclass
class Source:
    """The text of a file or a cell, by statements and functions."""

    lines: list[str]
    by_line: dict[int, Statement] = field(default_factory=dict)
    functions: list[tuple[int, int, str]] = field(default_factory=list)
    """first line, last line and name of each function"""

    def at(self, line: int) -> Statement | None:
        return self.by_line.get(line)

    def function(self, line: int) -> tuple[int, int, str]:
        """The innermost function around a line; only the line itself outside of all functions."""
        inside = [one for one in self.functions if one[0] <= line <= one[1]]
        return max(inside, default=(line, line, ""))

    def inside(self, head: Statement) -> list[Statement]:
        found = {id(s): s for s in self.by_line.values() if head in s.around}
        return list(found.values())


@lru_cache(maxsize=64)
def source_of(file: str, first: int) -> Source | None:
    """The source to which a code object of that file, beginning at that line, belongs; None if there is none. A cell
    with lines that are not Python is parsed from `first` on.
    """
    lines = linecache.getlines(file)
    if not lines:
        return None
    for begin, text in ((0, "".join(lines)), (first - 1, _block(lines[first - 1 :]))):
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        ast.increment_lineno(tree, begin)
        found = Source([line.rstrip("\n") for line in lines])
        _enter(found, tree.body, (), "")
        return found
    return None


def _block(lines: list[str]) -> str:
    """The definition at the beginning of the lines, without its indent."""
    indent = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    kept = list[str]()
    for k, line in enumerate(lines):
        if k and line.strip() and len(line) - len(line.lstrip()) <= indent and not line.lstrip().startswith((")", "@")):
            break
        kept.append(line[indent:] if line.strip() else "\n")
    return "".join(kept)


def _enter(found: Source, body: list[ast.stmt], around: tuple[Statement, ...], name: str) -> None:
    for node in body:
        if isinstance(node, SCOPES):
            whole = f"{name}.{node.name}" if name else node.name
            if not isinstance(node, ast.ClassDef):
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                found.functions.append((first, node.end_lineno or node.lineno, whole))
            _enter(found, node.body, (), whole)
            continue
        inner: list[ast.stmt | ast.ExceptHandler]
        inner = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.stmt | ast.ExceptHandler)]
        inner += [s for part in ast.iter_child_nodes(node) if isinstance(part, ast.match_case) for s in part.body]
        last = min((part.lineno for part in inner), default=(node.end_lineno or node.lineno) + 1) - 1
        one = _statement(node, max(node.lineno, last), around)
        for line in range(one.first, one.last + 1):
            found.by_line[line] = one
        for part in inner:
            _enter(found, part.body if isinstance(part, ast.ExceptHandler) else [part], (*around, one), name)


def _statement(node: ast.stmt, last: int, around: tuple[Statement, ...]) -> Statement:
    parts: list[ast.AST]
    match node:
        case ast.If() | ast.While():
            parts = [node.test]
        case ast.For() | ast.AsyncFor():
            parts = [node.iter, node.target]
        case ast.With() | ast.AsyncWith():
            parts = [*node.items]
        case ast.Match():
            parts = [node.subject]
        case ast.Try():
            parts = []
        case _:
            parts = [node]
    reads = [chain for part in parts for chain in _chains(part)]
    binds = {n.id for part in parts for n in ast.walk(part) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    receivers = [chain for part in parts for chain in _receivers(part)]
    return Statement(node, node.lineno, last, around, tuple(reads), tuple(receivers), frozenset(binds))


def _chains(node: ast.AST) -> Iterator[ast.expr]:
    """The longest chains that begin with a name and are read."""
    if isinstance(node, ast.AugAssign):
        yield node.target
    if not isinstance(node, CHAIN):
        for child in ast.iter_child_nodes(node):
            yield from _chains(child)
        return
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute | ast.Subscript):
        if isinstance(inner, ast.Subscript):
            yield from _chains(inner.slice)
        inner = inner.value
    if not isinstance(inner, ast.Name):
        yield from _chains(inner)
    elif isinstance(node.ctx, ast.Load):
        yield node


def _receivers(node: ast.AST) -> Iterator[ast.expr]:
    for part in ast.walk(node):
        match part:
            case ast.AugAssign(target=target):
                yield target
            case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                yield part
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr.endswith("_") and attr[-2:] != "__":
                while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
                    value = value.func.value  # v.mul_(b).add_(g)
                yield value
            case ast.keyword(arg="out", value=value):
                yield value


def _words(chain: ast.expr) -> str:
    """A chain in words, without the content of its brackets."""
    while isinstance(chain, ast.Subscript):
        chain = chain.value
    return ast.unparse(chain)
