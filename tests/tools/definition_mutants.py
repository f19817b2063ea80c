"""Code that mutmut silently skips, and mutants of it: class attributes, fields' defaults, top-level lambdas and
records, defaults of arguments, and the bodies of functions under decorators.

The operators are mutmut's own, and so are the lines that it leaves alone. Annotations and decorators stay as they are.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper
from mutation_survivors import Mutant, changed_lines
from mutmut.configuration import config
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import get_ignored_lines


@dataclass(frozen=True, eq=False)
class Change:
    """One mutant of a definition."""

    name: str
    """the definition and a number: mlp_core.rules.adam.Adam__3"""
    path: Path
    inside: str
    """the class or function around it, by its qualified name; empty at the top level"""
    mutant: Mutant
    node: cst.CSTNode
    now: cst.CSTNode
    statement: cst.CSTNode
    """the top-level statement around it"""

    def mentioned(self) -> set[str]:
        """The names in the statement, among them those of a record's functions."""
        return {node.value for node in _nodes(self.statement) if isinstance(node, cst.Name)}

    def quoted(self) -> set[str]:
        """The strings in the statement, among them the name of a record."""
        return {str(node.evaluated_value) for node in _nodes(self.statement) if isinstance(node, cst.SimpleString)}


class Source:
    """A file, and the mutants of what mutmut passes over in it."""

    def __init__(self, path: Path, code: str) -> None:
        wrapper = MetadataWrapper(cst.parse_module(code))
        self.path, self.module = path, wrapper.module
        ignored = get_ignored_lines(str(path), code, wrapper)
        wider, tool = _Wider(mutation_operators, ignored), MutationVisitor(mutation_operators, ignored)
        wrapper.visit(wider)
        wrapper.visit(tool)
        tried = {id(m.original_node) for m in tool.mutations if _is_tried(m.contained_by_top_level_function)}
        statements = {id(node): statement for statement in self.module.body for node in _nodes(statement)}
        file = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        self.changes: list[Change] = []
        numbers = Counter[str]()
        for made in wider.mutations:
            node, now = made.original_node, made.mutated_node
            if id(node) in tried:
                continue
            statement, inside = statements[id(node)], wider.inside[id(node)]
            definition = f"{file}.{inside}".removesuffix(".")
            numbers[definition] += 1
            mutant = Mutant(definition, *self._lines(statement, node, now))
            name = f"{definition}__{numbers[definition]}"
            self.changes.append(Change(name, path, inside, mutant, node, now, statement))

    def _lines(self, statement: cst.CSTNode, node: cst.CSTNode, now: cst.CSTNode) -> tuple[str, str]:
        changed = statement.visit(_Replacing({id(node): now}))
        assert isinstance(changed, cst.CSTNode)
        was, after = (self.module.code_for_node(part).splitlines() for part in (statement, changed))
        return changed_lines("\n".join(difflib.unified_diff(was, after, lineterm="")))

    def with_changes(self, changes: Iterable[Change]) -> str:
        """The file's text with all these mutants in it."""
        return self.module.visit(_Replacing({id(change.node): change.now for change in changes})).code


def sources(root: Path) -> list[Source]:
    """The files that mutmut is asked to mutate, in the order in which pyproject.toml names them."""
    paths = [path for pattern in config().only_mutate for path in sorted(root.glob(pattern))]
    return [Source(path.relative_to(root), path.read_text("utf-8")) for path in paths]


def _is_tried(function: cst.CSTNode | None) -> bool:
    """Whether mutmut makes the mutants that it finds there: elsewhere it finds them and forgets them."""
    return isinstance(function, cst.FunctionDef)


def _nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _nodes(child)


class _Wider(MutationVisitor):
    """mutmut's visitor, which also enters functions under decorators and defaults that are formulas."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.around: list[str] = []
        self.inside: dict[int, str] = {}

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        entered = isinstance(node, cst.Param) or (isinstance(node, cst.FunctionDef) and node.decorators)
        return not entered and super()._skip_node_and_children(node)

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self.around.append(node.name.value)
        self.inside[id(node)] = ".".join(self.around)
        return super().on_visit(node)

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self.around.pop()
        super().on_leave(original_node)


class _Replacing(cst.CSTTransformer):
    def __init__(self, by: dict[int, cst.CSTNode]) -> None:
        super().__init__()
        self.by = by

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> cst.CSTNode:  # type: ignore[override]
        return self.by.get(id(original_node), updated_node)
