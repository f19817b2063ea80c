"""Which definitions of a file are verified, decided by their heads alone, before anything has run."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.foreign.listed import listed
from mlp_core.testing.foreign.reach import Statement, reached
from mlp_core.testing.foreign.recognisers import LOOKED_FOR, RECOGNISERS
from mlp_core.testing.foreign.top_level import File, Found
from mlp_core.testing.foreign.unrecognised import not_recognised


def everything(file: File) -> list[Found]:
    """Everything that the recognisers find; each definition is taken once."""
    taken: dict[str, Found] = {}
    for one in RECOGNISERS:
        for found in list(one.found(file)):
            judged = found.about or found.needs or (found.name,)
            if not any(name in taken for name in judged):
                taken.update(dict.fromkeys(judged, found))
    return list(dict.fromkeys(taken.values()))


def chosen(statements: Sequence[Statement], file: str, name: str | None, broken: Sequence[str]) -> list[Found]:
    """The definitions to verify: the named one, or all that are recognised except those that another of them uses.
    Raises ArgumentError if there is none, and says what was found instead.
    """
    whole = File(statements, name)
    every = everything(whole)
    if name is not None:
        if named := [one for one in every if one.name == name]:
            return named
        if name not in whole.definitions:
            expected = f"a definition in {file}; {listed(whole.nodes, broken)}"
            raise ArgumentError("subject", Described(f"{file}:{name}"), expected)
        imports = [n for n in whole.nodes if isinstance(n, ast.Import | ast.ImportFrom)]
        raise not_recognised(f"{file}:{name}", [*imports, whole.definitions[name]], broken, LOOKED_FOR)
    if not every:
        raise not_recognised(file, whole.nodes, broken, LOOKED_FOR)
    judged = {one: set(one.about or one.needs) for one in every}
    names = set[str]().union(*judged.values())
    used = {other for one in every if not one.apart for other in _reach(whole, one) & names - judged[one]}
    return [one for one in every if not used & judged[one]] or every  # if they use each other


def _reach(file: File, found: Found) -> set[str]:
    """The names bound by the statements that a definition in a file reaches."""
    statements = list(file.statements)
    return {name for need in found.needs for s in reached(statements, need) for name in s.binds}
