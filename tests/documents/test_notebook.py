"""The notebook for students: its cells run, and say what is missing in the function that they begin with."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import nbformat
import pytest

from mlp_core.testing.engine import runner as engine

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebooks" / "check_your_backpropagation.ipynb"

THE_OTHER_LAYERS = """        for l in range(model.L - 1, 0, -1):
            delta = (delta @ model.fc[str(l + 1)].weight) * model.df[l](model.z[l])
            model.dL_dw[l], model.dL_db[l] = delta.T @ model.a[l - 1], delta.sum(0)
"""


def said(monkeypatch: pytest.MonkeyPatch, added: str = "") -> str:
    """The output of the cells, with lines added to the function; lines that only Jupyter understands are left out."""
    monkeypatch.setattr(engine, "SHRINKS", 5)
    cells = [cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    names: dict[str, object] = {"__name__": "__main__"}
    printed = StringIO()
    with redirect_stdout(printed):
        for cell in cells:
            lines = [line for line in cell.splitlines() if not line.startswith("%")]
            source = "\n".join(lines).replace("        # your code: the other layers", added)
            exec(compile(source.replace("examples=50", "examples=10"), "cell", "exec"), names)  # noqa: S102  ours
    return printed.getvalue()


def test_the_function_it_begins_with_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch) == "not yet correct\n"


def test_a_finished_function_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, THE_OTHER_LAYERS) == "correct\n"
