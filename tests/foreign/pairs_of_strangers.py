"""Right files and the same with one mistake, and what is said of both."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from mlp_core.testing.engine import runner as engine
from mlp_core.testing.foreign.child import laws_of
from mlp_core.testing.foreign.load import found_in, loaded
from mlp_core.testing.verification.verify import checked


class Case(NamedTuple):
    """A right file; a part of it, and its text in the wrong file; what is verified; where it is wrong."""

    text: str
    old: str
    new: str
    names: tuple[str, ...]
    where: str

    def wrong(self) -> str:
        assert self.text.count(self.old) == 1, self.old
        return self.text.replace(self.old, self.new)


def said(folder: Path, text: str, examples: int = 6) -> dict[str, list[tuple[str, str, str, str]]]:
    """Per subject of a file: law, verdict, where and diagnosis, of its laws until one of them fails."""
    path = folder / "theirs.py"
    path.write_text(text, encoding="utf-8")
    told: dict[str, list[tuple[str, str, str, str]]] = {}
    with patch.object(engine, "SHRINKS", 3):
        for name in found_in(str(path)):
            found, things = loaded(name)
            results = told.setdefault(name.rpartition(":")[2], [])
            for law in laws_of(found, things, 8, checked):
                if law.runs is not None and not any(verdict == "FAIL" for _, verdict, _, _ in results):
                    r = law.runs(law, examples=examples)
                    results.append((r.law, r.verdict, r.where or "", r.diagnosis or ""))
    return told


def holds(folder: Path, case: Case) -> None:
    """The right file is lawful, the wrong one is broken where it is wrong."""
    right = said(folder, case.text)
    assert tuple(right) == case.names
    broken = [(name, *one) for name, told in right.items() for one in told if one[1] not in ("PASS", "SKIP")]
    assert not broken
    wrong = [one for told in said(folder, case.wrong()).values() for one in told]
    assert any(verdict == "FAIL" and case.where in where for _, verdict, where, _ in wrong), wrong
