"""A piece of code, what it says in Python, and what is known of a piece that cannot be read."""

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
"""how the text of a piece that is no Python may still define a name"""


class Unread(str):
    """Where a piece cannot be read, and why, in words.

    text: the piece; names: what it may define beside what its text shows; anything: whether it may define any name that
    nothing else does; position: how many of the statements that can be read are before it.
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
        """Whether the name is in this piece at all, or could be in what it stands for."""
        return self.anything or re.search(rf"(?<!\w){re.escape(name)}(?!\w)", self.text) is not None


@dataclass
class Read:
    """What a piece says: statements of its top level, each with the label of its lines; what cannot be read; modules
    that it writes beside the file, by their path."""

    nodes: list[tuple[ast.stmt, str]] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    modules: dict[str, str] = field(default_factory=dict)

    def add(self, other: Read) -> None:
        """All of `other` after what is here."""
        self.unread += [one.at(one.position + len(self.nodes)) for one in other.unread]
        self.nodes += other.nodes
        self.modules.update(other.modules)

    def miss(self, unread: Unread) -> None:
        self.unread.append(unread.at(len(self.nodes)))


@dataclass(frozen=True)
class Cell:
    """A piece of code, and under which name its lines are known: a file's path, or that with the number of a cell."""

    label: str
    text: str
    count: int | None = None
    """the execution count that a notebook keeps of it"""
    why: str = ""
    """why it is not read, if it is not"""
    nodes: tuple[ast.stmt, ...] | None = None
    """its statements, where a format gives them"""

    def statements(self) -> list[ast.stmt]:
        """Its top level. Raises SyntaxError for what is not Python."""
        remember(self.label, self.text)
        return parsed(self.text, self.label)


def remember(label: str, text: str) -> None:
    """So that tracebacks show the lines of a cell; those of a file are read from it."""
    if not label.endswith(".py"):
        linecache.cache[label] = (len(text), None, text.splitlines(keepends=True), label)


def parsed(text: str, label: str) -> list[ast.stmt]:
    """The statements of Python code that would also compile. Raises SyntaxError for all else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a hand-in's escapes are its own business
        try:
            tree = ast.parse(text, label)
            compile(tree, label, "exec", FLAGS, dont_inherit=True)
        except SyntaxError:
            raise
        except (ValueError, RecursionError, MemoryError) as error:  # NUL, half a character; thousands of brackets
            words = f"{type(error).__name__}: {str(error) or 'too deeply nested'}"
            raise SyntaxError(words, (label, 1, 0, "")) from None
    return tree.body
