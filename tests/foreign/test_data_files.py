"""Data that a hand-in reads from its own folder: found, unless it is not there, and never changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlp_core.testing.foreign.limits import Limits
from mlp_core.testing.foreign.process import verify_file
from mlp_core.testing.foreign.told import HandIn
from mlp_core.testing.foreign.verdict import headline
from mlp_core.testing.verification.verify import checked

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the limits are those of Linux")

READS = """\
import numpy as np

times = float(open("NAME").read())

def scale_forward(x):
    return times * x, None

def scale_backward(dout, cache):
    return times * dout
"""


def verified(folder: Path, name: str) -> HandIn:
    file = folder / "theirs.py"
    file.write_text(READS.replace("NAME", name))
    limits = Limits(call=5.0, total=60.0, memory=1 << 30)
    return verify_file(f"{file}:scale", limits=limits, examples=3, seed=0, largest=8, laws=checked)


@pytest.mark.parametrize("name", ["scale.txt", "data/scale.txt", "kept.txt"])
def test_data_in_its_folder_are_found(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("3")
    hand_in = verified(tmp_path, name)
    assert [r.verdict for r in hand_in.results if r.verdict not in ("PASS", "SKIP")] == []
    assert hand_in.results
    assert not hand_in.notes


def test_data_that_are_not_there_are_named(tmp_path: Path) -> None:
    hand_in = verified(tmp_path, "input.txt")
    assert not [r for r in hand_in.results if r.verdict == "PASS"]
    said = headline(hand_in.results, course=False)
    assert "it reads 'input.txt', which is not in the folder of the file: put it there" in said
    assert "line 3" in said


def test_data_of_other_folders_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "scale.txt").write_text("3")
    inner = tmp_path / "inner"
    inner.mkdir()
    assert not [r for r in verified(inner, "../scale.txt").results if r.verdict == "PASS"]


def test_the_files_of_the_user_are_never_changed(tmp_path: Path) -> None:
    (tmp_path / "scale.txt").write_text("3")
    file = tmp_path / "theirs.py"
    writes = 'open("scale.txt", "w").write("0")'
    file.write_text(READS.replace("NAME", "scale.txt").replace("return times * x", f"{writes}; return times * x"))
    limits = Limits(call=5.0, total=60.0, memory=1 << 30)
    hand_in = verify_file(f"{file}:scale", limits=limits, examples=3, seed=0, largest=8, laws=checked)
    assert any(r.verdict == "PASS" for r in hand_in.results)
    assert (tmp_path / "scale.txt").read_text() == "3"
