"""Translates the code of a cell to Python as IPython does: lines of magics and of the shell are not Python.

IPython itself decides what a magic is. A cell that is already Python is not passed to IPython.
"""

from __future__ import annotations

import ast
import re
import shlex
from functools import cache
from itertools import pairwise
from typing import Any

from mlp_core.base.extras import MissingExtra, need
from mlp_core.testing.foreign.reading.cell import Cell, Read, Unread, parsed, remember
from mlp_core.testing.foreign.reading.known_magics import (
    AUTOMATIC,
    OTHER_CELLS,
    OTHER_LINES,
    PYLAB,
    RUN_CELL,
    RUN_LINE,
    WRITE,
)

EXTRA = "notebooks"

MAYBE = re.compile(r"^\s*(?:[%!?/,;]|>>>|In ?\[)|=\s*[%!]|\?\s*$|\A\s+\S", re.MULTILINE)
"""code that only IPython understands contains one of these"""

OPTIONS = re.compile(r"^(?:-[lsTD]\s*\S+\s+|-[rq]\s+|--\S+\s+)+")
"""options of %prun and %time, before their code"""

AUTOMAGIC = re.compile(rf"^({'|'.join(sorted(AUTOMATIC))})\s+(?![=.,(\[])(.*)$")


def read(cell: Cell) -> Read:
    """The statements of a cell, and the parts that cannot be read."""
    if cell.why:
        return missed(cell, cell.why, 1)
    if cell.nodes is not None:
        return Read([(node, cell.label) for node in cell.nodes])
    remember(cell.label, cell.text)
    try:
        text = cell.text
        try:
            nodes = parsed(text, cell.label)
        except SyntaxError:
            if not MAYBE.search(text) and not re.search(AUTOMAGIC.pattern, text, re.MULTILINE):
                raise
            text, nodes = _as_ipython_takes_it(text, cell.label)
    except SyntaxError as error:
        return missed(cell, error.msg, error.lineno or 1)
    except MissingExtra as error:
        return missed(cell, f"its magics are read by IPython ({error})", 1)
    return _expanded(nodes, cell) if "get_ipython" in text else Read([(node, cell.label) for node in nodes])


def missed(cell: Cell, why: str, line: int, **what: Any) -> Read:
    """A result that says only that the cell cannot be read."""
    read = Read()
    read.miss(Unread(f"{cell.label}, line {line}", why, cell.text, **what))
    return read


def _as_ipython_takes_it(text: str, label: str) -> tuple[str, list[ast.stmt]]:
    """The Python that IPython makes of a cell, every line with its number. Raises SyntaxError if IPython cannot
    translate it.
    """
    lines = text.split("\n")
    while True:
        made = ipython(text)
        try:
            return made, parsed(made, label)
        except SyntaxError as error:  # `pip install x`: in a cell of one line IPython treats it as a magic
            number = (error.lineno or 1) - 1
            if number >= len(lines) or not AUTOMAGIC.match(lines[number]):
                raise
            lines[number] = f"%{lines[number]}"
            text = "\n".join(lines)


def ipython(text: str) -> str:
    """The Python that IPython makes of a cell, every line with its number. Raises MissingExtra without IPython.

    >>> ipython("x = 1 # sum?\\n!pip install \\\\\\n  torch\\ny = 2")
    "x = 1 # sum?\\nget_ipython().system('pip install    torch')\\n\\ny = 2\\n"
    """
    blank = re.match(r"(?:[^\S\n]*\n)*", text)
    assert blank is not None
    return "\n" * blank.group().count("\n") + _manager().transform_cell(text[blank.end() :])


@cache
def _manager() -> Any:
    base: Any = need("IPython.core.inputtransformer2", EXTRA).TransformerManager

    class EveryLine(base):  # type: ignore[misc]  # known when it runs
        """Keeps the number of every line if IPython joins several lines."""

        def do_one_token_transform(self, lines: list[str]) -> tuple[bool, list[str]]:
            changed, made = super().do_one_token_transform(lines)
            less = len(lines) - len(made)
            if changed and less > 0:
                first = next(k for k, line in enumerate(made) if line != lines[k])
                made = [*made[: first + 1], *["\n"] * less, *made[first + 1 :]]
            return changed, made

    return EveryLine()


def call_of(node: ast.AST | None) -> tuple[str, list[str]] | None:
    """The method and the arguments of get_ipython().METHOD("...", "..."); None for all other code."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=method), args=args) if (
            all(isinstance(a, ast.Constant) and isinstance(a.value, str) for a in args)
        ):
            words = [str(a.value) for a in args if isinstance(a, ast.Constant)]
            if method == "magic":  # as nbconvert wrote it
                name, _, rest = "".join(words).lstrip("%").partition(" ")
                return "run_line_magic", [name, rest]
            return method, words
    return None


def _expanded(nodes: list[ast.stmt], cell: Cell) -> Read:
    """The statements, with the code that magics run, and without magics that define nothing."""
    read = Read()
    for node in nodes:
        call = call_of(node.value) if isinstance(node, ast.Expr) else None
        if call is not None and call[0] == "run_cell_magic" and len(call[1]) == 3:
            read.add(_cell_magic(node, call[1], cell))
        elif call is not None and call[0] == "run_line_magic" and call[1][0] == "run":
            read.nodes.append((node, cell.label))  # the file is read elsewhere
        else:
            inner = _Lines(cell.label)
            made = inner.visit(node)
            for one in made if isinstance(made, list) else [made]:
                read.nodes.append((one, cell.label))
            for unread in inner.unread:
                read.miss(unread)
    return read


def _cell_magic(node: ast.stmt, called: list[str], cell: Cell) -> Read:
    name, line, body = called
    place, words = f"{cell.label}, line {node.lineno}", line.split()
    options = [word for word in words if word.startswith("-")]
    shown = cell.text.split("\n")[node.lineno - 1].lstrip().startswith("%%")
    label = cell.label if shown else f"{place} (%%{name})"
    read = Read()
    if name == "time" and len(words) > len(options) and body.strip():
        read.miss(Unread(place, "IPython does not run code in the line of %%time", body))
    elif name in RUN_CELL:
        padded = "\n" * node.lineno + body if shown else body
        read.add(_body(Cell(label, padded)))
        if name == "capture" and len(words) > len(options):
            read.nodes += _unknown(next(w for w in words if w not in options), node, cell.label)
    elif name in OTHER_CELLS:
        if name in WRITE and words and words[-1].endswith(".py"):
            read.modules[words[-1].removeprefix("./")] = body
        for key, value in pairwise(words):
            if key in ("--out", "--err", "--proc", "-o", "--output"):
                read.nodes += _unknown(value, node, cell.label)
    else:
        why = f"the magic %%{name} is unknown"
        names = frozenset(re.findall(r"[^\W\d]\w*", line))
        read.miss(Unread(place, why, body, names))
    return read


def _body(cell: Cell) -> Read:
    try:
        nodes = parsed(cell.text, cell.label)
        return _expanded(nodes, cell)
    except SyntaxError:
        try:
            return _expanded(_as_ipython_takes_it(cell.text, cell.label)[1], cell)
        except SyntaxError as error:
            return missed(cell, error.msg, error.lineno or 1)


def _unknown(name: str, node: ast.stmt, label: str) -> list[tuple[ast.stmt, str]]:
    """Binds `name` to a value that only the shell or IPython knows."""
    if not name.isidentifier():
        return []
    (made,) = ast.parse(f"{name} = get_ipython()").body
    return [(_placed(made, node), label)]


def _placed(made: ast.stmt, node: ast.stmt) -> ast.stmt:
    for one in ast.walk(made):
        if hasattr(one, "lineno"):
            ast.copy_location(one, node)
    return made


class _Lines(ast.NodeTransformer):
    """Replaces lines of magics in a statement: by code if they run code, by `pass` if they define nothing."""

    def __init__(self, label: str) -> None:
        self.label, self.unread = label, list[Unread]()

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | list[ast.stmt]:
        call = call_of(node.value)
        if call is None:
            return node
        name, line = call[1][0], call[1][-1] if len(call[1]) > 1 else ""
        if call[0] != "run_line_magic" or name in OTHER_LINES:
            return ast.copy_location(ast.Pass(), node)
        place = f"{self.label}, line {node.lineno}"
        if name in RUN_LINE or name == "pylab":
            try:
                made = parsed(PYLAB if name == "pylab" else OPTIONS.sub("", line), self.label)
                return [_placed(one, node) for one in made] or ast.copy_location(ast.Pass(), node)
            except SyntaxError as error:
                self.unread.append(Unread(place, error.msg, line))
        elif name == "store":
            names = [word for word in line.split() if word.isidentifier()] if "-r" in line.split() else []
            return [one for n in names for one, _ in _unknown(n, node, "")] or ast.copy_location(ast.Pass(), node)
        else:
            why = "it is run on a condition" if name == "run" else f"the magic %{name} is unknown"
            self.unread.append(Unread(place, f"%{name}: {why}", line, anything=name == "run"))
        return ast.copy_location(ast.Pass(), node)

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        call = call_of(node.value)
        if call is not None and call[0] == "run_line_magic" and call[1][0] in RUN_LINE:
            try:  # x = %time f(1): its value
                node.value = ast.copy_location(ast.parse(call[1][-1].strip(), mode="eval").body, node.value)
                for one in ast.walk(node.value):
                    ast.copy_location(one, node)
            except SyntaxError:
                pass  # %time prints the error and returns None: the value is unknown here
        return node


def arguments(line: str) -> list[str]:
    """The words of a magic's line, split as by a shell; split at blanks if that fails."""
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()
