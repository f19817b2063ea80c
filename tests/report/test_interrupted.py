"""Ctrl-C: finished results are kept, reported and written, and the exit status says that they are incomplete."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from warm_processes import Copy, command_line

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="signals are those of Linux")

RIGHT = """\
def backpropagation(model, y_true, y_pred):
    delta = -2 * (y_true - y_pred.detach())
    for l in range(model.L, 0, -1):
        delta = delta * model.df[l](model.z[l].detach())
        model.dL_dw[l] = delta.T @ model.a[l - 1].detach()
        model.dL_db[l] = delta.sum(0)
        delta = delta @ model.fc[str(l)].weight.detach()
"""


def begun(folder: Path, *arguments: str) -> Copy:
    return Copy(command_line, "verify", *arguments, "--json", "report.json", folder=folder)


def interrupted(process: Copy) -> str:
    process.interrupt()
    status, said = process.ended()
    assert status == 130, said
    return said


def test_the_hand_ins_that_are_done_are_kept(tmp_path: Path) -> None:
    begins = tmp_path / "begins"
    (tmp_path / "a.py").write_text(RIGHT)
    (tmp_path / "b.py").write_text(
        f"def backpropagation(model, y_true, y_pred):\n    open({str(begins)!r}, 'w')\n    while True: pass\n"
    )
    process = begun(tmp_path, "a.py", "b.py", "--jobs", "1", "--examples", "2")
    while not begins.exists() and process.process.is_alive():
        time.sleep(0.1)
    said = interrupted(process)
    assert "interrupted: 1 of 2 done" in said
    assert "right for one sample" in said
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["ok"], report["interrupted"]) == (False, "1 of 2 done")
    assert {Path(row["subject"]).name for row in report["results"]} == {"a.py:backpropagation"}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_laws_that_are_done_are_kept(tmp_path: Path, jobs: str) -> None:
    process = begun(tmp_path, "relu", "muon", "--jobs", jobs)
    while "has the derivative of autograd" not in process.said() and process.process.is_alive():
        time.sleep(0.1)  # until the first table
    said = interrupted(process)
    report = json.loads((tmp_path / "report.json").read_text())
    assert f"interrupted: {report['interrupted']}" in said
    done, _, all_, *_ = report["interrupted"].split()
    assert len(report["results"]) == int(done) < int(all_)
    assert {row["verdict"] for row in report["results"]} <= {"PASS", "SKIP"}
    assert "Traceback" not in said
