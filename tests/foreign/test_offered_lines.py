"""The lines that are printed for a file in which nothing is recognised are Python, and empty ones give no verdict."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mlp_core.base.errors import ArgumentError
from mlp_core.cli import app
from mlp_core.testing.foreign.load import found_in, found_with_reasons
from mlp_core.testing.foreign.offered import MARK

FILES = {
    "class": "class EMA:\n    def __init__(self, parameters):\n        self.shadow = parameters\n",
    "model": "def fisher_diagonal(model, x, y):\n    return [p * p for p in model.parameters()]\n",
    "arrays": "def smoothed(x, y):\n    return x + y\n",
    "gradient": "def backward(X, T, W, b):\n    return X.T @ T, T.sum(0)\n",
}


def offered(path: Path) -> str:
    with pytest.raises(ArgumentError, match="add these three lines") as error:
        found_in(str(path))
    text = str(error.value).partition(MARK)[2].strip()
    assert text == error.value.paste
    assert len(text.splitlines()) == 3
    ast.parse(text)
    return text


@pytest.mark.parametrize("kind", FILES)
def test_lines_that_are_not_filled_in_are_no_verdict(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "hand_in.py"
    path.write_text(FILES[kind], encoding="utf-8")
    path.write_text(f"{FILES[kind]}\n{offered(path)}\n", encoding="utf-8")
    ((name, reason),) = found_with_reasons(str(path))
    assert name.endswith(":subject")
    assert reason is not None
    assert "not filled in" in reason[0]


def printed(path: Path) -> tuple[str, str]:
    """The message of the command for a file, and the block of lines below it."""
    result = CliRunner().invoke(app, ["verify", str(path), "--examples", "5", "--jobs", "1"])
    assert result.exit_code == 2, result.output
    message, _, block = result.stderr.partition("error: ")[2].partition("\n\n")
    return message, block


@pytest.mark.parametrize("kind", FILES)
def test_the_command_prints_one_sentence_and_a_block_that_can_be_pasted(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "hand_in.py"
    path.write_text(FILES[kind], encoding="utf-8")
    message, block = printed(path)
    assert message.startswith(f"{path} is not recognised: found ")
    assert message.endswith("instead of `...`:")
    assert len(message) - len(str(path)) < 300
    assert block.strip() == offered(path)


def test_the_block_runs_when_it_is_pasted_and_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "hand_in.py"
    text = "def smoothed(x):\n    return x + x\n"
    path.write_text(text, encoding="utf-8")
    block = printed(path)[1]
    assert "return ..." in block
    path.write_text(text + block.replace("return ...", "return 2 * x"), encoding="utf-8")
    result = CliRunner().invoke(app, ["verify", str(path), "--examples", "5", "--jobs", "1"])
    assert result.exit_code == 0, result.output


def test_in_a_table_of_several_files_the_reason_is_short(tmp_path: Path) -> None:
    for kind, text in FILES.items():
        (tmp_path / f"{kind}.py").write_text(text, encoding="utf-8")
    results = CliRunner().invoke(app, ["verify", str(tmp_path), "--json", str(tmp_path / "found.json")])
    assert results.exit_code == 3, results.output
    reasons = [one["reason"] for one in json.loads((tmp_path / "found.json").read_text())["results"]]
    assert len(reasons) == len(FILES)
    assert all("is not recognised: found " in one and len(one) - len(str(tmp_path)) < 300 for one in reasons), reasons


NO_SHAPES = "def odd_forward(x, w):\n    raise ValueError\ndef odd_backward(dout, cache):\n    return dout\n"


def test_lines_for_a_form_that_does_not_run_are_a_block_too(tmp_path: Path) -> None:
    path = tmp_path / "hand_in.py"
    path.write_text(NO_SHAPES, encoding="utf-8")
    message, block = printed(path)
    assert message.startswith(f"{path}:odd cannot be verified: ")
    assert [line.partition("(")[0] for line in block.strip().splitlines()] == [
        "from mlp_core.testing import subjects", "subject = subjects.pair",
    ]  # fmt: skip
    ast.parse(block)
