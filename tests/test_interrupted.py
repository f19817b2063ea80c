"""Ctrl-C: what is done is kept, told and written, and the exit status says that it is not all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import mlp_core

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="signals are those of Linux")

COMMAND = [sys.executable, "-c", "from mlp_core.cli import main; main()", "verify"]

RIGHT = """\
def backpropagation(model, y_true, y_pred):
    delta = -2 * (y_true - y_pred.detach())
    for l in range(model.L, 0, -1):
        delta = delta * model.df[l](model.z[l].detach())
        model.dL_dw[l] = delta.T @ model.a[l - 1].detach()
        model.dL_db[l] = delta.sum(0)
        delta = delta @ model.fc[str(l)].weight.detach()
"""


def begun(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """The command in a process group of its own, as a terminal has it, so that all of it is interrupted."""
    command = [*COMMAND, *arguments, "--json", "report.json"]
    env = {**os.environ, "PYTHONPATH": str(Path(mlp_core.__file__).parents[1])}
    return subprocess.Popen(  # noqa: S603  (ours)
        command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # shells ignore it for what runs behind
    )  # fmt: skip


def interrupted(process: subprocess.Popen[str]) -> str:
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=100)
    assert process.returncode == 130, said
    return said


def test_the_hand_ins_that_are_done_are_kept(tmp_path: Path) -> None:
    begins = tmp_path / "begins"
    (tmp_path / "a.py").write_text(RIGHT)
    (tmp_path / "b.py").write_text(
        f"def backpropagation(model, y_true, y_pred):\n    open({str(begins)!r}, 'w')\n    while True: pass\n"
    )
    process = begun(tmp_path, "a.py", "b.py", "--jobs", "1", "--examples", "2")
    while not begins.exists() and process.poll() is None:
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
    assert process.stdout is not None
    for line in process.stdout:  # until the first table
        if "has the derivative of autograd" in line:
            break
    said = interrupted(process)
    report = json.loads((tmp_path / "report.json").read_text())
    assert f"interrupted: {report['interrupted']}" in said
    done, _, all_, *_ = report["interrupted"].split()
    assert len(report["results"]) == int(done) < int(all_)
    assert {row["verdict"] for row in report["results"]} <= {"PASS", "SKIP"}
    assert "Traceback" not in said
