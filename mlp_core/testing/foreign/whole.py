"""A file as a whole: its statements in order, with those of the files that it runs, and the parts that cannot be
read."""

from __future__ import annotations

import ast
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.foreign.cells import cells_of
from mlp_core.testing.foreign.loops import loops_in
from mlp_core.testing.foreign.reach import Statement
from mlp_core.testing.foreign.reading import magics
from mlp_core.testing.foreign.reading.cell import Cell, Read, Unread


@dataclass
class Whole:
    """The content of a file."""

    path: Path
    statements: list[Statement] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    modules: dict[str, str] = field(default_factory=dict)
    """importable modules that its cells write to files, by path"""
    counts: dict[str, int] = field(default_factory=dict)
    """the execution counts of its cells, by label"""

    def within(self, label: str) -> str:
        """The label of a cell without the file's name; empty for the whole file."""
        return label.removeprefix(str(self.path)).lstrip(", ")

    def place(self, statement: Statement) -> str:
        """The place of a statement, in words."""
        cell, line = self.within(statement.label), f"line {statement.node.lineno}"
        return f"{cell}, {line}" if cell else line


def whole(path: Path, around: tuple[Path, ...] = ()) -> Whole:
    """Read a file. Raises ArgumentError as cells_of does. around: the files that run it."""
    found, inside = Whole(path), (*around, path.resolve())
    for cell in cells_of(path):
        if cell.count is not None:
            found.counts[cell.label] = cell.count
        _take(found, magics.read(cell), inside)
    known = {n.name for s in found.statements if isinstance(n := s.node, ast.FunctionDef | ast.ClassDef)}
    for loop in loops_in([s.node for s in found.statements]):
        if loop.node.name not in known:
            found.statements.append(Statement(loop.node, str(path)))
    return found


def _take(found: Whole, read: Read, inside: tuple[Path, ...]) -> None:
    """Add the content of a piece; a file that it runs is replaced by that file's statements."""
    found.modules.update(read.modules)
    waiting = list(read.unread)
    for k, (node, label) in enumerate(read.nodes):
        while waiting and waiting[0].position <= k:
            found.unread.append(waiting.pop(0).at(len(found.statements)))
        call = magics.call_of(node.value) if isinstance(node, ast.Expr) else None
        if call is not None and call[1][:1] == ["run"]:
            _run(found, call[1][-1], f"{label}, line {node.lineno}", inside)
            continue
        if (executed := _executed(node)) is not None:
            _run(found, executed, f"{label}, line {node.lineno}", inside, "exec of")
            continue
        try:
            found.statements.append(Statement(node, label))
        except (RecursionError, MemoryError, ValueError, SyntaxError) as error:
            why = f"too deeply nested ({type(error).__name__})"
            unread = Unread(f"{label}, line {node.lineno}", why, "", anything=True)
            found.unread.append(unread.at(len(found.statements)))
    found.unread += [one.at(len(found.statements)) for one in waiting]


def _executed(node: ast.stmt) -> str | None:
    """FILE in exec(open("FILE").read()), in exec(Path("FILE").read_text()), with or without compile, and in `with
    open("FILE") as f: exec(f.read())`; None for all other code.
    """
    opened = None
    if isinstance(node, ast.With) and len(node.items) == len(node.body) == 1:
        opened, node = node.items[0].context_expr, node.body[0]
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="exec"), args=[code, *_])):
            calls = [one for one in ast.walk(opened or code) if isinstance(one, ast.Call) and one.args]
        case _:
            return None
    for call in calls:
        match call:
            case ast.Call(func=ast.Name(id="open" | "Path") | ast.Attribute(attr="open" | "Path"),
                          args=[ast.Constant(value=str(name)), *_]):  # fmt: skip
                return shlex.quote(name)
    return None


def _run(found: Whole, line: str, place: str, inside: tuple[Path, ...], how: str = "%run") -> None:
    """%run FILE: the statements of the file, as if they were in the cell."""
    words = [word for word in magics.arguments(line) if not word.startswith("-")]
    name = words[0] if words else ""
    if "-m" in line.split():
        name = name.replace(".", "/")
    written = found.modules.get(name.removeprefix("./"))
    if written is not None:
        return _take(found, magics.read(Cell(f"{place} ({name})", written)), inside)
    folder = found.path.resolve().parent
    files = [folder / f"{name}{end}" for end in ("", ".py", ".ipynb")]
    file = next((one for one in files if one.is_file()), None)
    why = "there is no such file" if file is None else "it runs itself" if file.resolve() in inside else ""
    try:
        other = whole(file, inside) if file is not None and not why else Whole(folder)
    except ArgumentError as error:
        other, why = Whole(folder), f"expected {error.expected}"
    if why:
        found.unread.append(Unread(place, f"{how} {line}: {why}", line, anything=True).at(len(found.statements)))
    found.unread += [one.at(one.position + len(found.statements)) for one in other.unread]
    found.statements += other.statements
    found.modules.update(other.modules)
    return None
