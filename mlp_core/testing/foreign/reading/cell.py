"""A piece of code, its statements in Python, and what is known about a piece that cannot be read."""

from __future__ import annotations

import ast
import linecache
import re
import warnings
from dataclasses import dataclass, field

FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

BINDS = (
    r"^\s*(?:async\s+)?(?:def|class|cp?def\b.*)\s+{0}\b",  # def f
    r"^[^\n#=()]*(?<![\w.]){0}\b[^\n#=(]*=(?!=)",  # a, f = ...; f: int = ...; f[0] = ...; f.x = ...; f += ...
    r"^[^\n#]*\b(?:import|as|for|global)\b[^\n#:]*\b{0}\b",
    r"\bimport\s*\([^)]*\b{0}\b",
    r"(?<![\w.]){0}\s*(?::=|<-|<<)",
)
"""how a piece that is not Python may still define a name, by its text"""


class Unread(str):
    """Where a piece cannot be read, and the reason in words.

    text: the piece; names: further names that it may define; anything: whether it may define any name that nothing else
    defines; position: how many readable statements precede it.
    """

    text: str
    names: frozenset[str]
    anything: bool
    position: int = 0

    def __new__(
        cls, place: str, why: str, text: str, names: frozenset[str] = frozenset(), anything: bool = False
    ) -> Unread:
        made = super().__new__(cls, f"{place}: {why}")
        made.text, made.names, made.anything = text, names, anything
        return made

    def at(self, position: int) -> Unread:
        self.position = position
        return self

    def may_define(self, name: str) -> bool:
        """Whether the name could be defined, or changed, in this piece.

        >>> piece = Unread("a.py, line 1", "expected ':'", "def f(x)\\n    return g(x)")
        >>> piece.may_define("f"), piece.may_define("g")
        (True, False)
        """
        if name in self.names:
            return True
        return any(re.search(form.format(re.escape(name)), self.text, re.MULTILINE) for form in BINDS)

    def speaks_of(self, name: str) -> bool:
        """Whether the name occurs in this piece, or could occur in its meaning."""
        return self.anything or re.search(rf"(?<!\w){re.escape(name)}(?!\w)", self.text) is not None


@dataclass
class Read:
    """The content of a piece: its top-level statements, each with the label of its lines; the parts that cannot be
    read; and the modules that it writes beside the file, by path.
    """

    nodes: list[tuple[ast.stmt, str]] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    modules: dict[str, str] = field(default_factory=dict)

    def add(self, other: Read) -> None:
        """Append everything in `other`."""
        self.unread += [one.at(one.position + len(self.nodes)) for one in other.unread]
        self.nodes += other.nodes
        self.modules.update(other.modules)

    def miss(self, unread: Unread) -> None:
        self.unread.append(unread.at(len(self.nodes)))


@dataclass(frozen=True)
class Cell:
    """A piece of code, and the name under which its lines are known: the path of a file, or the path and the cell's
    number.
    """

    label: str
    text: str
    count: int | None = None
    """its execution count in the notebook"""
    why: str = ""
    """the reason if it is not read"""
    nodes: tuple[ast.stmt, ...] | None = None
    """its statements, if the format provides them"""

    def statements(self) -> list[ast.stmt]:
        """The statements of its top level. Raises SyntaxError if it is not Python."""
        remember(self.label, self.text)
        return parsed(self.text, self.label)


def remember(label: str, text: str) -> None:
    """Make tracebacks show the lines of a cell. For a file, Python reads them from the file."""
    if not label.endswith(".py"):
        linecache.cache[label] = (len(text), None, text.splitlines(keepends=True), label)


def parsed(text: str, label: str) -> list[ast.stmt]:
    """The statements of Python code that would also compile. Raises SyntaxError for all other text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in a hand-in are not our concern
        try:
            tree = ast.parse(text, label)
            compile(tree, label, "exec", FLAGS, dont_inherit=True)
        except SyntaxError:
            raise
        except (ValueError, RecursionError, MemoryError) as error:  # NUL, a lone surrogate; thousands of brackets
            words = f"{type(error).__name__}: {str(error) or 'too deeply nested'}"
            raise SyntaxError(words, (label, 1, 0, "")) from None
    return tree.body
