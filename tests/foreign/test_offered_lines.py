"""The lines that are printed for a file in which nothing is recognised are Python, and empty ones give no verdict."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mlp_core.base.errors import ArgumentError
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
    text = str(error.value).partition(MARK)[2]
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
