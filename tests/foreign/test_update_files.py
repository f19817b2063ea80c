"""Update rules in files: lawful if they are right, in every dialect, and broken if they are wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlp_core.testing import Report, verify
from mlp_core.testing.engine import runner
from mlp_core.testing.foreign.load import found_in, loaded
from tests.foreign.update_files import FILES as FIRST
from tests.foreign.update_files_adam import ADAMS
from tests.foreign.update_files_layers import LAYERED, NETWORK
from tests.foreign.update_files_made import MADE
from tests.foreign.update_files_more import FALLING_RATE, MORE

FILES = FIRST | MORE | ADAMS | LAYERED | MADE

WRONG = [(name, k) for name, file in FILES.items() for k in range(len(file.wrong))]
EVERY = {*FIRST, "Nesterov on lists", "an optimizer with its layers", "updates that are applied", *MADE}

QUICK = [pytest.param(name, k, marks=[pytest.mark.slow] * (k > 0 or name not in EVERY)) for name, k in WRONG]
"""the first mistake of some files is part of every run"""


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(runner, "SHRINKS", 5)
    path = tmp_path / "update_rule_of_a_file.py"

    def judge(source: str) -> tuple[Any, Report]:
        path.write_text(source)
        (name,) = found_in(str(path))
        found, things = loaded(name)
        subject = found.make(*things, (1, 8))
        return subject, verify(subject, examples=10)

    yield judge
    sys.modules.pop(path.stem, None)


@pytest.mark.parametrize("name", FILES)
def test_a_right_rule_is_lawful_and_its_reading_is_told(name: str, judged: Any) -> None:
    subject, report = judged(FILES[name].source)
    assert report.ok, report
    assert FILES[name].found in subject.found


@pytest.mark.parametrize(("name", "k"), QUICK)
def test_a_wrong_rule_is_broken_and_its_mistake_is_named(name: str, k: int, judged: Any) -> None:
    old, new, words = FILES[name].wrong[k]
    assert old in FILES[name].source
    _, report = judged(FILES[name].source.replace(old, new))
    broken = [r for r in report.results if r.verdict == "FAIL"]
    assert not report.ok
    assert broken
    assert any(words in (one.diagnosis or "") for one in broken), [one.diagnosis for one in broken]


def test_a_failure_marks_lines_of_the_file_itself(judged: Any) -> None:
    """Not those of this package that call the rule and copy what it returns."""
    name, k = WRONG[0]
    old, new, _ = FILES[name].wrong[k]
    _, report = judged(FILES[name].source.replace(old, new))
    lines = next(r.lines for r in report.results if r.verdict == "FAIL" and r.lines is not None)
    assert lines["file"] == "update_rule_of_a_file.py"
    assert "writes" in [mark for _, mark in lines["marks"]]
    assert not lines["elsewhere"]


def test_a_rule_with_a_number_that_no_reference_has_is_not_compared(judged: Any) -> None:
    subject, report = judged(FALLING_RATE)
    assert report.ok, report
    assert subject.reference is None
    assert "compared with" not in subject.found


def test_a_method_of_a_network_is_an_update_rule_beside_the_network_itself(tmp_path: Path) -> None:
    path = tmp_path / "network_that_updates.py"
    path.write_text(NETWORK)
    names = [name.rpartition(":")[2] for name in found_in(str(path))]
    assert names == ["Network.update", "Network"]
    found, things = loaded(f"{path}:Network.update")
    assert verify(found.make(*things, (1, 8)), examples=10).ok
    path.write_text(NETWORK.replace("lr * layer.db", "lr * layer.db.sum()"))
    found, things = loaded(f"{path}:Network.update")
    assert not verify(found.make(*things, (1, 8)), examples=10).ok
