"""Failing examples travel in Hypothesis's databases: kept by one run, tried first by the next, elsewhere too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
import warm_processes
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase, InMemoryExampleDatabase
from numbers_as_examples import Anything, Number

from mlp_core import MLP, ArgumentError, Trace, backprop
from mlp_core.testing import laws, verify
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.evidence import Broken, Evidence
from mlp_core.testing.engine.law import Law

RARE = """
from dataclasses import dataclass
from typing import Annotated
from annotated_types import Ge
from mlp_core.rules import UpdateRule

@dataclass(frozen=True)
class Wrong(UpdateRule):
    lr: Annotated[float, Ge(0)] = 0.1

    def step(self, p, g, t):
        g.mul_(2)
"""


def below(limit: int, name: str = "below") -> Law:
    """A law that is broken by one number in a thousand."""

    def check(subject: Anything, number: Number) -> Evidence:
        if number.value >= limit:
            raise Broken("here", number.value, limit)
        return Evidence(entries=1)

    numbers = st.integers(0, 1_000_000).map(Number)
    return Law(name, "It is small.", check, lambda subject: numbers).bind(Anything())


def test_what_failed_elsewhere_is_tried_first(tmp_path: Path) -> None:
    there = DirectoryBasedExampleDatabase(tmp_path / "there")
    assert engine.run(below(999), examples=1, database=there).verdict == "PASS"  # an example alone does not show it
    found = engine.run(below(999), examples=2000, database=there)
    shutil.copytree(tmp_path / "there", tmp_path / "here")
    here = DirectoryBasedExampleDatabase(tmp_path / "here")
    again = engine.run(below(999), examples=1, database=here)
    assert (found.counterexample, again.verdict, again.counterexample) == ("999", "FAIL", "999")
    assert engine.run(below(999), examples=1).verdict == "PASS"


def test_each_law_has_its_own() -> None:
    database = InMemoryExampleDatabase()
    assert engine.run(below(999), examples=2000, database=database).verdict == "FAIL"
    assert engine.run(below(999, name="another"), examples=1, database=database).verdict == "PASS"
    assert [len(kept) for kept in database.data.values()] == [1]  # the smallest alone


def test_what_breaks_the_law_no_longer_is_forgotten() -> None:
    database = InMemoryExampleDatabase()
    engine.run(below(999), examples=2000, database=database)
    assert engine.run(below(2_000_000), examples=5, database=database).verdict == "PASS"
    assert not any(database.data.values())


def test_laws_of_a_subject_keep_theirs_and_a_run_without_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def doubles_wide_layers(model: MLP, trace: Trace, dL_dy: torch.Tensor) -> None:
        backprop(model, trace, dL_dy)
        if model.sizes[0] > 3:
            model.flat_grad.mul_(2)

    assert not verify(doubles_wide_layers, examples=30).ok
    assert not list(tmp_path.iterdir())
    database = DirectoryBasedExampleDatabase("kept")
    first = verify(doubles_wide_layers, examples=30, database=database)
    again = verify(doubles_wide_layers, examples=1, database=database)
    broken = [[r.law for r in report.results if r.verdict == "FAIL"] for report in (first, again)]
    assert broken[0] == broken[1]
    law = next(law for law in laws(doubles_wide_layers) if law.name == broken[0][0])
    with pytest.raises(AssertionError):
        law.check(examples=1, database=database)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_what_is_no_database_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"database: got 'failures', expected a database of hypothesis\.database"):
        verify(backprop, database="failures")  # type: ignore[arg-type]


def test_the_command_keeps_them_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(RARE)
    options = ("verify", "mine:Wrong", "--database", "kept")
    status, said = warm_processes.Copy(warm_processes.command_line, *options, folder=tmp_path).ended()
    assert status == 1
    assert "--database kept" in said.splitlines()[-1]
    assert any((tmp_path / "kept").iterdir())
    status, said = warm_processes.Copy(warm_processes.command_line, *options, "--jobs", "1", folder=tmp_path).ended()
    assert status == 1
    of_a_file = "verify", "mine.py", *options[2:]
    status, said = warm_processes.Copy(warm_processes.command_line, *of_a_file, folder=tmp_path).ended()
    assert status == 2
    assert "None for scripts and notebooks" in " ".join(said.split())
