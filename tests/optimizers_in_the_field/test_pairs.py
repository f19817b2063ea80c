"""Bugs out of reports, rebuilt small: the wrong one of each pair fails the law for it, in words that were
measured; the right one does not fail."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import company
import more_company
import more_numbers
import numbers_of_the_field
import pytest
from field import PAIRS

from mlp_core.testing import Report, verify
from mlp_core.testing.engine import runner
from mlp_core.testing.laws.books import laws_of

assert all((company, numbers_of_the_field, more_company, more_numbers))

BOTH = [False, True]


@pytest.fixture(autouse=True)
def unshrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SHRINKS", 0)  # how small a counterexample gets is not looked at here


def result(subject: Any, name: str) -> Any:
    (law,) = (law for law in laws_of(subject) if law.name == name)
    return runner.run(law, explain=lambda subject, example, broken: (broken.measured or None, None))


def accused(report: Report) -> list[str]:
    return [r.text() for r in report.results if r.verdict == "FAIL"]


@pytest.mark.parametrize("name", PAIRS)
def test_its_law_tells_the_two_apart(name: str) -> None:
    pair = PAIRS[name]
    told = result(pair.subject(pair.wrong, referenced=pair.reference is not None), pair.law)
    assert told.verdict == "FAIL", told.text()
    assert pair.words in (told.diagnosis or ""), told.diagnosis
    for referenced in BOTH if pair.reference is not None else BOTH[:1]:
        held = result(pair.subject(pair.right, referenced=referenced), pair.law)
        assert held.verdict in ("PASS", "SKIP"), held.text()


ALONE = (
    "equals its reference in a long run", "equals its reference on tiny gradients", "handles nan as its reference does"
)  # fmt: skip
"""laws that no optimizer without a reference is asked"""


@pytest.mark.slow
@pytest.mark.parametrize("name", PAIRS)
def test_the_whole_battery_tells_the_two_apart(name: str) -> None:
    pair = PAIRS[name]
    for referenced in BOTH if pair.reference is not None else BOTH[:1]:
        assert not accused(verify(pair.subject(pair.right, referenced=referenced)))
        if referenced or pair.law not in ALONE:
            assert accused(verify(pair.subject(pair.wrong, referenced=referenced)))


CASES = Path(os.environ.get("MLP_CORE_CASES", "nowhere")) / "optimizers"


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"case_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.skipif(not CASES.is_dir(), reason="the handed cases are not here")
@pytest.mark.parametrize("path", sorted(CASES.glob("*.py")), ids=lambda path: path.stem)
def test_the_handed_cases(path: Path) -> None:
    case = loaded(path)
    assert accused(verify(case.wrong))
    assert accused(verify(case.unreferenced))
    assert not accused(verify(case.right))
