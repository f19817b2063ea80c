"""The gallery of mistakes: its curves show what a mistake does, and its page lists every mistake there is."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from mlp_core.testing import faults
from mlp_core.testing.faults.catalogue import Fault

ROOT = Path(__file__).parents[2]
TRAINED = ("GradientSubject", "OptimizerSubject", "TrainingSubject")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """benchmarks/mistaken/runs.py, as the script imports it."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    from mistaken import runs

    yield runs
    for name in [name for name in sys.modules if name.partition(".")[0] == "mistaken"]:
        del sys.modules[name]


def named(name: str) -> Fault:
    """A mistake of the catalogue; another kind may have one of the same name."""
    return next(fault for fault in faults.every() if fault.name == name and type(fault.subject).__name__ in TRAINED)


def test_a_turned_sign_makes_the_loss_rise(runs: Any) -> None:
    found = runs.curves(named("turns_the_sign"))
    assert found.wrong[-1] > found.wrong[0] > found.right[-1]
    assert found.words in ("rises", "diverges")


def test_a_mean_in_place_of_a_sum_slows_the_training_down(runs: Any) -> None:
    found = runs.curves(named("weight_averaged"))
    assert re.fullmatch(r"ends [\d.]+ times as high", found.words)


@pytest.mark.parametrize(
    "name", ["turns_the_sign", "NeverClearsGradients", pytest.param("DampensTheFirstStep", marks=pytest.mark.slow)]
)
def test_what_is_right_has_the_curve_that_is_right(runs: Any, name: str) -> None:
    fault = named(name)
    right = replace(fault, thing=fault.right)
    several = list(islice(runs.KINDS[type(fault.subject).__name__](right), 3))
    assert several
    assert max(found.difference for found in several) < 1e-6


@pytest.mark.slow
def test_every_mistake_is_in_the_gallery() -> None:
    """Otherwise: python benchmarks/gallery.py."""
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \d+ \| ", page, re.MULTILINE)
    assert len(listed) == len(list(faults.every()))
