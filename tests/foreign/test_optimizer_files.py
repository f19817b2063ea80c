"""Optimizers of torch in files: one with the name of a known rule is compared with the version that it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlp_core.testing import laws
from mlp_core.testing.engine.result import Result
from mlp_core.testing.foreign.load import found_in, loaded
from tests.foreign.optimizer_files import ADAM, OPTIMIZERS, TRANSFORMERS

LAW = "equals its reference"


def judged(source: str, folder: Path) -> tuple[Any, Result]:
    path = folder / "an_optimizer_of_a_file.py"
    path.write_text(source)
    (name,) = found_in(str(path))
    found, things = loaded(name)
    subject = found.make(*things, (1, 8))
    (law,) = (one for one in laws(subject) if one.name == LAW)
    assert law.runs is not None
    return subject, law.runs(law, examples=20)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_right_optimizer_equals_the_version_that_it_is(name: str, tmp_path: Path) -> None:
    subject, result = judged(OPTIMIZERS[name].source, tmp_path)
    assert result.verdict == "PASS", result.text()
    assert OPTIMIZERS[name].found in subject.found


WRONG = [
    pytest.param(name, *file.wrong[k], marks=[pytest.mark.slow] * (k != 1))
    for name, file in OPTIMIZERS.items() for k in range(len(file.wrong))
]  # fmt: skip
"""one of them is part of every run"""


@pytest.mark.parametrize(("name", "old", "new", "words"), WRONG)
def test_a_wrong_optimizer_is_broken(name: str, old: str, new: str, words: str, tmp_path: Path) -> None:
    assert old in OPTIMIZERS[name].source
    _, result = judged(OPTIMIZERS[name].source.replace(old, new), tmp_path)
    assert result.verdict == "FAIL"
    assert words in (result.diagnosis or "")
    with pytest.raises(AssertionError):
        exec(compile(result.snippet, "snippet", "exec"), {})  # noqa: S102  (our own snippet)


def test_a_switch_that_no_rule_has_may_be_the_reason_so_the_formula_is_untested(tmp_path: Path) -> None:
    _, result = judged(TRANSFORMERS.replace(") ** 0.5 / (", ") / ("), tmp_path)
    assert result.verdict == "UNTESTED"
    assert "its steps are those of no version of AdamW that is known" in result.reason
    assert "subjects.optimizer(AdamW, reference=...)" in result.reason


def test_a_rate_without_a_default_is_followed(tmp_path: Path) -> None:
    subject, result = judged(ADAM.replace("lr=1e-3, betas", "lr, betas"), tmp_path)
    assert result.verdict == "PASS", result.text()
    assert "compared with Adam" in subject.found


def test_another_name_is_a_rule_of_its_own(tmp_path: Path) -> None:
    subject, result = judged(ADAM.replace("class Adam", "class Cautious"), tmp_path)
    assert subject.reference is None
    assert result.verdict == "SKIP"
