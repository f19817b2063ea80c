"""Whether the definitions of a file can be judged: not if a needed piece is unreadable, or an exercise is not filled
in."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from mlp_core.testing.foreign.reach import Statement, binders, reached
from mlp_core.testing.foreign.stubs import stub
from mlp_core.testing.foreign.whole import Whole

GIVEN = frozenset({"display", "get_ipython"})
"""names that IPython defines in a notebook"""


def why_not(file: Whole, name: str, *more: str, method: str = "") -> tuple[str, str] | None:
    """Why definitions cannot be judged, and what would help; None if they can. method: the judged method of the class
    `name`; without it, all methods that other code calls.
    """
    for other in more:
        if (reason := why_not(file, other)) is not None:
            return reason
    lost = _lost(file, name)
    if lost is not None:
        return lost, "correct the code that cannot be read"
    needed = reached(file.statements, name)
    for statement in needed:
        if _asks_ipython(statement.node):
            names = ", ".join(sorted(statement.binds)) or "it"
            place = f"{file.path}, {file.place(statement)}"
            return f"{place}: {names} is defined only by IPython or a shell", "write it in Python"
    for statement in [s for s in needed if isinstance(s.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]:
        own = name in statement.binds
        unfilled = stub(statement.node, method) if own else _unfilled_helper(statement.node, needed)
        if unfilled is not None:
            line = f"{file.within(statement.label)}, line {unfilled}".lstrip(", ")
            words = f"not filled in: {name} ({line})" if own else f"not filled in: {min(statement.binds)}, which {name}"
            return words if own else f"{words} uses ({line})", "fill it in"
    return None


def _unfilled_helper(node: ast.stmt, needed: list[Statement]) -> int | None:
    """The line that shows that a function used by a judged one is an exercise that nobody has filled in: it says so, or
    it returns nothing although its result is used.
    """
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or (line := stub(node)) is None:
        return None
    if any(isinstance(part, ast.Raise) for part in ast.walk(node)):
        return line
    parts = [part for s in needed for part in ast.walk(s.node)]
    calls = [part for part in parts if isinstance(part, ast.Call)]
    alone = {id(part.value) for s in needed for part in ast.walk(s.node) if isinstance(part, ast.Expr)}
    used = any(isinstance(c.func, ast.Name) and c.func.id == node.name and id(c) not in alone for c in calls)
    called = {id(c.func) for c in calls}
    handed = any(isinstance(p, ast.Name) and p.id == node.name and id(p) not in called for p in parts)
    return line if used or handed else None


def _needed(file: Whole, name: str) -> set[str]:
    needed = {name}
    for statement in reached(file.statements, name):
        needed |= statement.now | statement.later
    return needed


def _lost(file: Whole, name: str) -> str | None:
    """Reports a needed name that could be defined in a piece that cannot be read."""
    needed = sorted(_needed(file, name), key=lambda n: (n != name, n))
    last = {n: max((file.statements.index(s) for s in binders(file.statements, n)), default=-1) for n in needed}
    for unread in file.unread:
        for one in needed:
            unbound = last[one] < 0 and not hasattr(builtins, one) and one not in GIVEN
            if (unread.position > last[one] and unread.may_define(one)) or (unbound and unread.speaks_of(one)):
                return f"{one} may be defined in code that cannot be read: {unread}"
    return None


def in_what_is_lost(file: Whole) -> Iterator[ast.stmt]:
    """The heads of functions and classes in unreadable pieces, if they can be seen."""
    for unread in file.unread:
        lines = unread.text.split("\n")
        for k, line in enumerate(lines):
            if line.startswith(("def ", "class ", "async def ")):
                for end in range(k + 1, min(k + 8, len(lines)) + 1):
                    head = " ".join(lines[k:end]).split("#")[0].rstrip().removesuffix(":")
                    try:
                        yield ast.parse(f"{head}: pass").body[0]
                        break
                    except (SyntaxError, ValueError):
                        continue


def _asks_ipython(node: ast.stmt) -> bool:
    """Whether a statement calls IPython when it runs; code inside a function does not count."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    return any(isinstance(n, ast.Call) and ast.unparse(n.func) == "get_ipython" for n in ast.walk(node))


def _last(file: Whole, name: str) -> Statement | None:
    own = [s for s in binders(file.statements, name) if s.defines]
    return own[-1] if own else None


def notes(file: Whole, *names: str) -> list[str]:
    """Notes about which definitions were judged, and about what was not read."""
    said, run = list[str](), {s for name in names for s in reached(file.statements, name)}
    needed = sorted({one for name in names for one in _needed(file, name)}, key=lambda n: (n not in names, n))
    for one in needed:
        own = [s for s in file.statements if one in s.binds and s.defines]
        if len(own) > 1:
            places = " and ".join(file.place(s) for s in own)
            said.append(f"{one} is defined in {places}; the last definition was verified")
    for one in needed:
        said += _order(file, one)
    cells = dict.fromkeys(s.label for s in file.statements if s in run and s.label in file.counts)
    counts = [file.counts[label] for label in cells]
    if not said and counts != sorted(counts):
        said = [f"its cells were run in another order than in the file; the order of the file was verified: {counts}"]
    return list(dict.fromkeys(said)) + [f"not read: {unread}" for unread in file.unread]


def _order(file: Whole, name: str) -> list[str]:
    """A note if the cells that define or use a name were run in another order than in the file."""
    own = [s for s in file.statements if name in s.binds and s.label in file.counts]
    counts = {file.within(s.label): file.counts[s.label] for s in own}
    if len(counts) > 1 and list(counts.values()) != sorted(counts.values()):
        latest = max(counts, key=lambda cell: counts[cell])
        return [f"{latest} was run last ([{counts[latest]}]); {name} was verified in the order of the file"]
    return []
