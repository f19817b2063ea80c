"""Folders of files of all kinds by the command: a line for each, what was not read, and a status that says which."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from kept import notebook, script
from typer.testing import CliRunner

from mlp_core.cli import app

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the limits are those of Linux")

RIGHT = """def backpropagation(model, y_true, y_pred):
    with torch.no_grad():
        delta = -2 * (y_true - y_pred) * model.df[model.L](model.z[model.L])
        for l in range(model.L, 0, -1):
            model.dL_dw[l], model.dL_db[l] = delta.T @ model.a[l - 1], delta.sum(0)
            if l > 1:
                delta = (delta @ model.fc[str(l)].weight) * model.df[l - 1](model.z[l - 1])
"""


def command(folder: Path, *files: str) -> tuple[int, str, dict[str, str]]:
    """The status, what is said, and the verdicts by the names of the files."""
    names, report = [str(folder / file) for file in files] or [str(folder)], folder.parent / "report.json"
    options = ["--examples", "3", "--json", str(report)]
    found = CliRunner().invoke(app, ["verify", *names, *options], env={"COLUMNS": "300"})
    verdicts = json.loads(report.read_text())["verdicts"] if report.exists() else {}
    short = {Path(name.rpartition(":")[0]).name: words for name, words in verdicts.items()}
    return found.exit_code, found.output, short


def test_a_folder_of_all_kinds(tmp_path: Path) -> None:
    folder = tmp_path / "hand_ins"
    folder.mkdir()
    notebook(folder / "a.ipynb", "%matplotlib inline\nimport torch", "%%time\n" + RIGHT)
    notebook(folder / "b.ipynb", "import torch", RIGHT, RIGHT.replace("-2", "2") + "\nbackpropagation(1, 2, 3)?")
    notebook(folder / "c.ipynb", "import torch", RIGHT.split("\n")[0] + "\n    raise NotImplementedError()")
    script(folder / "e.py", "# In[1]:\n\n%pylab inline\nimport torch\n\n# In[2]:\n\n" + RIGHT.replace("-2", "2"))
    script(folder / "helper.R", "x <- 3")
    status, said, verdicts = command(folder)
    assert status == 1, said
    assert verdicts["a.ipynb"].startswith("right for one sample")
    assert "backpropagation may be defined in code that cannot be read" in verdicts["b.ipynb"]
    assert "b.ipynb, cell 3, line 9" in verdicts["b.ipynb"]
    assert verdicts["c.ipynb"] == "not filled in: backpropagation (cell 2, line 2)"
    assert verdicts["e.py"].startswith("wrong")
    assert f"not read: {folder / 'helper.R'}" in said
    status, said, _ = command(folder, "b.ipynb")
    assert status == 3
    assert "cell 3, line 9" in said.replace("\n", "")
    assert command(folder, "c.ipynb")[0] == 3
