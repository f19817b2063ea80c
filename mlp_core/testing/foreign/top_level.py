"""The top level of a file, and a definition in it that can be verified."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mlp_core.base.lazy import later
from mlp_core.testing.foreign.listed import Definition, head_of
from mlp_core.testing.foreign.origins import Origins
from mlp_core.testing.foreign.reach import Statement
from mlp_core.testing.subjects.heads import Head

as_object = later("mlp_core.testing.subjects.recognise", "resolve")
"""makes the subject of a definition that is recognised as an object of Python, and the batch sizes"""


def is_module(node: ast.ClassDef, definitions: Mapping[str, ast.stmt], seen: frozenset[str] = frozenset()) -> bool:
    """Whether a class derives from one that is called Module. A class of the file with this name is none: then its own
    bases decide.
    """
    for base in node.bases:
        own = definitions.get(base.id) if isinstance(base, ast.Name) and base.id not in {*seen, node.name} else None
        if isinstance(own, ast.ClassDef):
            if is_module(own, definitions, seen | {node.name}):
                return True
        elif "Module" in ast.unparse(base):
            return True
    return False


@dataclass(frozen=True)
class Found:
    """A definition in a file that can be verified."""

    name: str
    """its name in "file:name": a function or class, a method `Class.method`, or the common name of a pair"""
    needs: tuple[str, ...]
    """the top-level definitions that are loaded for it"""
    make: Callable[..., Any] = as_object
    """makes its subject of the loaded definitions (each as one argument) and the batch sizes"""
    given: frozenset[str] = frozenset()
    """variables of the file that its subject provides: the statements for them are not run"""
    about: tuple[str, ...] = ()
    """those of `needs` that are judged, if not all: others may need the rest as well; a script needs no definition"""
    apart: bool = False
    """whether a definition that it uses is verified by itself too"""


@dataclass(frozen=True)
class File:
    """The top level of a file. asked: the name that the user passed, or None for all."""

    statements: Sequence[Statement]
    asked: str | None = None

    @cached_property
    def nodes(self) -> list[ast.stmt]:
        return [s.node for s in self.statements]

    @cached_property
    def definitions(self) -> dict[str, Definition]:
        """Functions and classes by name, the last definition of each."""
        return {n.name: n for n in self.nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}

    @cached_property
    def origins(self) -> Origins:
        return Origins(self.nodes)

    def functions(self) -> Iterator[tuple[ast.FunctionDef, Head]]:
        for node in self.definitions.values():
            if isinstance(node, ast.FunctionDef):
                yield node, head_of(node)

    def classes(self) -> Iterator[ast.ClassDef]:
        yield from (node for node in self.definitions.values() if isinstance(node, ast.ClassDef))

    def is_module(self, node: ast.ClassDef) -> bool:
        """Whether a class derives from a module of a library, such as nn.Module."""
        return is_module(node, self.definitions)

    def wants(self, name: str) -> bool:
        """Whether the user named this definition: weaker evidence is then enough to recognise it."""
        return name == self.asked
