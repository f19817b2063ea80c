"""Hand-ins that do what they should not: each gets a clear verdict, and nothing of ours is harmed."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner
from warm_processes import Copy, pasted

from mlp_core.cli import app
from mlp_core.testing.foreign import process
from mlp_core.testing.foreign.found import subjects_in
from mlp_core.testing.foreign.limits import Limits, guarded
from mlp_core.testing.foreign.process import verify_file
from mlp_core.testing.foreign.several import verify_files
from mlp_core.testing.foreign.told import HandIn
from mlp_core.testing.foreign.verdict import headline
from mlp_core.testing.report.findings import NO_FORMULA
from mlp_core.testing.verification.verify import checked

verify_file = partial(verify_file, laws=checked)
verify_files = partial(verify_files, laws=checked)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the limits are those of Linux")

RIGHT = """\
import torch

def backpropagation(model, y_true, y_pred):
    DOES
    with torch.no_grad():
        delta = -2 * (y_true - y_pred) * model.df[model.L](model.z[model.L])
        for l in range(model.L, 0, -1):
            model.dL_dw[l] = delta.T @ model.a[l - 1]
            model.dL_db[l] = delta.sum(0)
            if l > 1:
                delta = delta @ model.fc[str(l)].weight * model.df[l - 1](model.z[l - 1])
"""

SHORT = Limits(call=2.0, total=20.0, memory=1 << 29)


def verified(path: Path, does: str, *, head: str = "", **options: Any) -> HandIn:
    file = path / "hand_in.py"
    file.write_text(head + RIGHT.replace("DOES", does))
    return verify_file(f"{file}:backpropagation", limits=SHORT, examples=3, seed=0, largest=8, **options)


def broken(hand_in: HandIn) -> list[str]:
    return [f"{r.law}: {r.where}: {r.got} {r.reason}" for r in hand_in.results if r.verdict == "FAIL"]


def test_a_right_one(tmp_path: Path) -> None:
    hand_in = verified(tmp_path, "pass")
    assert hand_in.course
    assert not broken(hand_in)
    assert not hand_in.notes
    assert headline(hand_in.results, course=True) == "right for one sample (what the course asks), and for batches"


def test_a_rule_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "descent.py"
    file.write_text(
        "from dataclasses import dataclass\nfrom typing import Annotated\nfrom annotated_types import Ge\n"
        "from mlp_core.rules import UpdateRule\n@dataclass(frozen=True)\nclass Descent(UpdateRule):\n"
        "    lr: Annotated[float, Ge(0)] = 0.1\n    def step(self, p, g, t): p.add_(g, alpha=-self.lr)\n"
    )
    hand_in = verify_file(f"{file}:Descent", examples=20, seed=0, largest=8)
    assert re.fullmatch(rf"lawful \(\d+ laws skipped\); {NO_FORMULA}", headline(hand_in.results, course=False))
    file.write_text(file.read_text().replace("[float, Ge(0)]", "[str, 'a rate']"))
    hand_in = verify_file(f"{file}:Descent", examples=20, seed=0, largest=8)
    assert "annotation of lr" in headline(hand_in.results, course=False)


def test_one_alone_is_shared_out_among_the_jobs(tmp_path: Path) -> None:
    """The laws, in order, and the notes are those of one process."""
    alone = verified(tmp_path, "print('hello')")
    options = {"limits": SHORT, "examples": 3, "seed": 0, "largest": 8}
    (shared,) = verify_files([alone.name], jobs=3, **options)
    assert [(r.law, r.verdict) for r in shared.results] == [(r.law, r.verdict) for r in alone.results]
    assert all("hello" in note for note in shared.notes)
    (tmp_path / "hand_in.py").write_text("import missing_module\n" + RIGHT.replace("DOES", "missing_module.f()"))
    (failed,) = verify_files([alone.name], jobs=2, **options)
    assert [r.law for r in failed.results] == ["can be loaded"]


def test_the_time_until_a_process_runs_is_not_the_hand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that is busy enough, the start took all of it: "stopped after 0 s"."""
    seen: list[float] = []

    @contextmanager
    def slow(*_: Any) -> Iterator[None]:
        time.sleep(0.5)
        seen.append(time.monotonic())
        yield

    def listened(hand_in: HandIn, running: None, until: float, *_: Any) -> None:
        seen.append(until)

    monkeypatch.setattr(process, "_started", slow)
    monkeypatch.setattr(process, "_listen", listened)
    limits = Limits(total=7.0)
    verify_file(str(tmp_path / "a.py:f"), limits=limits)
    started, until = seen
    assert until - started >= 7.0 + process.PATIENCE * limits.call + process.GRACE


def test_a_machine_that_slept_accuses_nobody() -> None:
    """Whatever time has passed on the clock, one alarm comes when it wakes up."""
    before = signal.getsignal(signal.SIGALRM)
    try:
        assert guarded(lambda: os.kill(os.getpid(), signal.SIGALRM), lambda: 1.0)() is None
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(("does", "said"), [
    ("import os; os._exit(3)", "its process ended (exit status 3)"),
    ("import os; os.abort()", "its process ended (by signal SIGABRT)"),
    ("raise SystemExit", "SystemExit: it tried to end the program hand_in.py, line 4: raise SystemExit"),
    ("input('how many?')", "EOFError: input() was called, but there is no user to answer hand_in.py, line 4"),
    ("y_true.nothing", "AttributeError: 'Tensor' object has no attribute 'nothing' hand_in.py, line 4: y_true.nothing"),
    ("torch.matmul = None", "leaves everything else alone: torch.matmul: replaced by another"),
])  # fmt: skip
def test_each_gets_a_verdict(tmp_path: Path, does: str, said: str) -> None:
    hand_in = verified(tmp_path, does)
    assert any(said in text for text in broken(hand_in)), broken(hand_in)
    assert len(hand_in.results) > 10  # the laws after it are reported


def test_what_it_prints_writes_and_removes_is_noted(tmp_path: Path) -> None:
    does = "print('delta'); open('mine.txt', 'w').close(); import os; os.remove('kept.txt')"
    hand_in = verified(tmp_path, does)
    assert not broken(hand_in)
    prints, removes, writes = hand_in.notes
    assert prints.startswith("it prints: ")
    assert "first 'delta'" in prints
    assert (removes, writes) == ("it removes files of its working folder", "it writes files: mine.txt")


def test_no_secret_and_no_folder_of_ours_reaches_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "hush")
    does = f"import os; assert 'A_SECRET' not in os.environ and os.getcwd() not in {[str(tmp_path), str(Path.cwd())]}"
    assert not broken(verified(tmp_path, does))


def test_one_does_not_reach_the_next(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(RIGHT.replace("DOES", "torch.Tensor.sum = None; torch.set_default_dtype(None)"))
    (tmp_path / "good.py").write_text(RIGHT.replace("DOES", "pass"))
    (tmp_path / "nothing.ipynb").write_text("hello")
    names, without = subjects_in([str(tmp_path / name) for name in ("bad.py", "good.py", "nothing.ipynb")])
    done = {h.name: h for h in verify_files(names, jobs=2, limits=SHORT, examples=3, seed=0, largest=8)}
    assert broken(done[f"{tmp_path}/bad.py:backpropagation"])
    assert not broken(done[f"{tmp_path}/good.py:backpropagation"])
    assert "a Jupyter notebook" in without[0].results[0].reason


def test_a_slow_one_is_judged_by_all_laws_but_that_of_large_networks(tmp_path: Path) -> None:
    """Which is checked last, so that nothing waits for it, and is given up."""
    file = tmp_path / "slow.py"
    file.write_text(RIGHT.replace("DOES", "sum(range(2000 * y_pred.numel())) if y_pred.numel() > 64 else None"))
    hand_in = verify_file(
        f"{file}:backpropagation", limits=replace(SHORT, large=0.1), examples=100, seed=0, largest=8, share=(3, 5)
    )  # fmt: skip
    assert len(hand_in.results) == 5  # every fifth law, that of large networks among them
    skipped = [result for result in hand_in.results if "too slow" in result.reason]
    assert skipped == hand_in.results[-1:]
    assert {r.verdict for r in hand_in.results} == {"PASS", "SKIP"}
    assert not any("not run" in r.reason for r in hand_in.results)


@pytest.fixture
def hand_ins(tmp_path: Path) -> Path:
    """A folder of one right for single samples only, one right, and one file of something else."""
    (tmp_path / "one.py").write_text(RIGHT.replace("DOES", "pass").replace("delta.sum(0)", "delta[0]"))
    (tmp_path / "right.py").write_text(RIGHT.replace("DOES", "print('x')"))
    (tmp_path / "else.py").write_text("def train(): pass")
    return tmp_path


def command(*arguments: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["verify", *arguments, "--examples", "5"], env={"COLUMNS": "200"})
    return found.exit_code, found.output


def test_the_command_says_in_a_line_what_the_course_asks_and_what_it_does_not(hand_ins: Path) -> None:
    status, said = command(str(hand_ins / "one.py"))
    assert status == 0
    assert "one.py  right for one sample (what the course asks); wrong for batches" in said
    assert "the bias gradient is delta of the first sample only" in said
    assert command(str(hand_ins / "one.py"), "--batch-size", "8")[0] == 1


def test_the_command_takes_folders_and_writes_tables(hand_ins: Path) -> None:
    names = "report.json", "report.xml", "report.csv"
    options = [f"--{kind}={hand_ins / name}" for kind, name in zip(("json", "junit", "csv"), names, strict=True)]
    status, said = command(str(hand_ins), "--jobs", "2", *options)
    assert status == 3  # for the file of something else
    assert "note: it prints" in said
    else_, one, right = csv.DictReader((hand_ins / "report.csv").read_text().splitlines())
    assert (else_["ok"], one["ok"], right["ok"]) == ("no", "yes", "yes")
    assert one["verdict"] == "right for one sample (what the course asks); wrong for batches"
    suites = ElementTree.parse(hand_ins / "report.xml").getroot()
    assert [suite.get("errors") for suite in suites] == ["1", "0", "0"]
    rows = json.loads((hand_ins / "report.json").read_text())["results"]
    assert {row["subject"] for row in rows} == {else_["subject"], one["subject"], right["subject"]}


def test_a_file_that_is_not_there_is_bad_usage(tmp_path: Path) -> None:
    status, said = command(str(tmp_path / "nothing.py"))
    assert status == 2
    assert "expected an existing file" in said


def test_a_snippet_loads_the_hand_in_from_its_file(tmp_path: Path) -> None:
    """It fails wherever it is pasted, by its assertion, and no more once the file is corrected."""
    hand_in = verified(tmp_path, "y_true = 2 * y_true", share=(0, 24))  # one law
    snippet = next(r.snippet for r in hand_in.results if r.verdict == "FAIL" and r.got)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert str(tmp_path / "hand_in.py") in snippet
    assert "AssertionError" in Copy(pasted, snippet, folder=elsewhere).ended()[1]
    (tmp_path / "hand_in.py").write_text(RIGHT.replace("DOES", "pass"))
    assert Copy(pasted, snippet, folder=elsewhere).ended() == (0, "")
