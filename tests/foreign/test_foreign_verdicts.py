"""The words about a hand-in: gradients that it never fills, objects that it changes, names of its parameters."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from mlp_core.testing.foreign.load import found_in
from mlp_core.testing.foreign.process import verify_file
from mlp_core.testing.foreign.verdict import headline
from mlp_core.testing.report.formats import told
from mlp_core.testing.verification.verify import checked

verify_file = partial(verify_file, laws=checked)

HEAD = """
import torch
def backpropagation(model, y_true, y_pred):
    {before}
    with torch.no_grad():
        delta = -2 * (y_true - y_pred) * model.df[model.L](model.z[model.L])
        for l in range(model.L, 0, -1):
            {fills}
            if l > 1:
                delta = (delta @ model.fc[str(l)].weight) * model.df[l - 1](model.z[l - 1])
"""
FILLS = "model.dL_dw[l] = delta.T @ model.a[l - 1]; model.dL_db[l] = delta.sum(0)"


def said_of(tmp_path: Path, source: str) -> tuple[str, list[str]]:
    """The headline, and what is said to be wrong."""
    file = tmp_path / "hand_in.py"
    file.write_text(source)
    (name,) = found_in(str(file))
    hand_in = verify_file(name, examples=20, seed=0, largest=8)
    return headline(hand_in.results, course=hand_in.course), told(hand_in.results)


@pytest.mark.parametrize("fills", ["pass", "return delta", "model.dL_dw[l] = delta.T @ model.a[l - 1]"])
def test_what_is_not_filled_is_said_and_nothing_else(tmp_path: Path, fills: str) -> None:
    words, wrong = said_of(tmp_path, HEAD.format(before="pass", fills=fills))
    assert words == "wrong"  # of its conduct nothing is known
    filled = "dL_dw[" if "dL_dw" in fills else "nothing"
    assert wrong[0].startswith("model.dL_d")
    assert f": got never filled, expected a gradient there: the function filled {filled}" in wrong[0]


def test_a_prediction_changed_in_place_is_a_matter_of_conduct(tmp_path: Path) -> None:
    before = "w = y_pred; y_pred = w.clone(); w.zero_()"
    words, _ = said_of(tmp_path, HEAD.format(before=before, fills=FILLS))
    assert words.startswith("right for one sample (what the course asks), and for batches; not so: leaves everything")


def test_a_course_function_is_called_by_the_names_of_its_parameters(tmp_path: Path) -> None:
    source = HEAD.format(before="pass", fills=FILLS).replace("y_true, y_pred)", "y_pred, y_true)", 1)
    assert said_of(tmp_path, source)[0] == "right for one sample (what the course asks), and for batches"
