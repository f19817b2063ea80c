"""The code in a file: a script as it stands, or the code cells of a notebook without what only IPython understands."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.base.extras import BASE, need

MAGIC = re.compile(r"^(\s*)([%!?].*|[\w\s,.]+=\s*[%!].*|.*\?\s*)$")
"""%matplotlib inline, !pip install, files = !ls, torch.nn?"""

OTHER_LANGUAGE = re.compile(r"^%%(?!(time|timeit|capture|prun|python3?)\b)")
"""%%bash, %%html, %%writefile: such a cell is not Python"""


@dataclass(frozen=True)
class Cell:
    """A piece of code, and under which name its lines are known: a file's path, or that with the number of a cell."""

    label: str
    text: str

    def statements(self) -> list[ast.stmt]:
        """Its top level. Raises SyntaxError for what is not Python."""
        linecache.cache[self.label] = (len(self.text), None, self.text.splitlines(keepends=True), self.label)
        return ast.parse(self.text, self.label).body


def cells_of(path: Path) -> list[Cell]:
    """The code of a file. Raises ArgumentError where it cannot be read, or is no notebook and no script."""
    if path.suffix not in (".py", ".ipynb"):
        raise ArgumentError("subject", str(path), "a script (.py) or a notebook (.ipynb)")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError("subject", str(path), f"a file that can be read as UTF-8 ({error})") from error
    if path.suffix == ".py":
        return [Cell(str(path), text)]
    return [
        Cell(f"{path}, cell {number}", python(source))
        for number, source in enumerate(_sources(path, text), start=1) if source is not None
    ]  # fmt: skip


def _sources(path: Path, text: str) -> Iterator[str | None]:
    """For every cell of a notebook its code, or None for one of words."""
    nbformat = need("nbformat", BASE)
    try:
        notebook = nbformat.reads(text, as_version=4)
    except Exception as error:  # whatever is wrong with it: not JSON, no notebook, an unknown version
        first = str(error).strip().split("\n")[0]
        raise ArgumentError("subject", Described(str(path)), f"a Jupyter notebook ({first[:200]})") from error
    for cell in notebook.cells:
        yield cell.source if cell.cell_type == "code" else None


def python(source: str) -> str:
    """A cell without magics and shell lines; every other line keeps its number.

    >>> python("%matplotlib inline\\nx = 1\\n!ls")
    'pass\\nx = 1\\npass'
    """
    if OTHER_LANGUAGE.match(source):
        return ""
    try:
        ast.parse(source)
    except SyntaxError:
        return "\n".join(MAGIC.sub(r"\1pass", line) for line in source.split("\n"))
    return source
