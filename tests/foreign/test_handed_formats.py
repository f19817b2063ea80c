"""Notebooks and exports that were misjudged once, each with the right answer in its name; MLP_CORE_CASES has them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kept import nothing_left
from typer.testing import CliRunner

from mlp_core.cli import app
from mlp_core.testing.foreign.load import found_with_reasons, load
from mlp_core.testing.verification.verify import laws, run

ONE = "equals autograd for one sample"

CASES = sorted(Path(os.environ.get("MLP_CORE_CASES", "/nowhere")).glob("formats/[rw]*_*"))


@pytest.mark.skipif("MLP_CORE_CASES" not in os.environ, reason="the cases are elsewhere")
def test_there_are_cases() -> None:
    assert len([path for path in CASES if path.name.startswith(("right", "wrong"))]) > 10


@pytest.mark.parametrize("path", CASES, ids=[path.name for path in CASES])
def test_its_answer_is_that_of_its_name(path: Path) -> None:
    """By the law that none of these mistakes passes."""
    ((name, reason),) = found_with_reasons(str(path))
    assert reason is None
    with nothing_left():
        (law,) = (law for law in laws(load(name), batch_sizes=(1, 1)) if law.name == ONE)
        result = run(law, examples=10, seed=0)
    assert result.verdict == ("PASS" if path.name.startswith("right") else "FAIL"), result.text()


@pytest.mark.slow
@pytest.mark.skipif("MLP_CORE_CASES" not in os.environ, reason="the cases are elsewhere")
def test_the_command_gives_them_all() -> None:
    files = [str(path) for path in CASES if path.name.startswith(("right", "wrong"))]
    found = CliRunner().invoke(app, ["verify", *files, "--examples", "10"], env={"COLUMNS": "300"})
    assert found.exit_code == 1
    for path in CASES:
        (line,) = (words for words in found.output.split("\n") if words.startswith(path.name))
        assert ("right for one sample" in line) == path.name.startswith("right"), line
