"""Hand-ins that take too long or too much, or cannot be loaded, are not shown to be right; nobody calls them wrong."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from test_foreign_process import RIGHT, SHORT, verified
from typer.testing import CliRunner

from mlp_core.cli import app
from mlp_core.testing.foreign import process
from mlp_core.testing.foreign.found import subjects_in
from mlp_core.testing.foreign.process import verify_file
from mlp_core.testing.foreign.several import as_report
from mlp_core.testing.foreign.told import HandIn
from mlp_core.testing.foreign.verdict import headline
from mlp_core.testing.verification.verify import checked

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the limits are those of Linux")

NOT_RUN = "not run: an earlier call did not return"


def untested(hand_in: HandIn) -> str:
    """The reason of the one law that is untested; nothing is broken."""
    assert "FAIL" not in {r.verdict for r in hand_in.results}
    (one,) = (r for r in hand_in.results if r.verdict == "UNTESTED")
    assert not as_report([hand_in], seed=0, examples=3).ok
    return one.reason


@pytest.mark.parametrize(("does", "reason"), [
    ("while True: pass", r"the code had not finished after \d s: hand_in.py, line 4: while True: pass; make .*"),
    ("import time; time.sleep(60)", r"the code had not finished after 4 s: hand_in.py, line 4: import .*; make .*"),
    ("torch.ones(10**11)", r"the code needed more memory than the limit: hand_in.py, line 4: .*; use less memory"),
    ("[bytes(2**26) for _ in range(4000)]", r"the code needed more memory than the limit: .*; use less memory"),
    (
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        r"its process ended \(by signal SIGKILL\), probably because it used too much memory; use less memory",
    ),
    (
        "import os, signal; os.kill(os.getpid(), signal.SIGXCPU)",
        r"its process ended \(by signal SIGXCPU\), probably because it took too long; make every call return",
    ),
])  # fmt: skip
def test_time_and_memory_that_run_out(tmp_path: Path, does: str, reason: str) -> None:
    hand_in = verified(tmp_path, does)
    assert re.fullmatch(reason, untested(hand_in)), untested(hand_in)
    ran = [r for r in hand_in.results if r.reason != NOT_RUN]
    assert ran[-1].verdict == "UNTESTED"
    assert ran[-1].judges  # the first law asks for equality with autograd
    words = headline(hand_in.results, course=True)
    assert words.startswith("not shown to be right: 1 law could not be tested, because ")
    assert words.endswith(f"; {len(hand_in.results) - 1} laws not run")


def test_one_that_is_ended_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE", -1.0)
    file = tmp_path / "slow.py"
    unheard = "import signal; signal.setitimer(signal.ITIMER_REAL, 0)\n    while True: pass"
    file.write_text(RIGHT.replace("DOES", unheard))
    limits = replace(SHORT, total=3.0)
    hand_in = verify_file(f"{file}:backpropagation", limits=limits, examples=3, seed=0, largest=8, laws=checked)
    assert untested(hand_in) == "the code did not finish and was stopped after 6 s; make every call return"


def test_where_the_time_for_all_laws_is_over_the_next_is_untested(tmp_path: Path) -> None:
    file = tmp_path / "long.py"
    file.write_text(RIGHT.replace("DOES", "import time; time.sleep(0.2)"))
    limits = replace(SHORT, total=1.0)
    hand_in = verify_file(f"{file}:backpropagation", limits=limits, examples=3, seed=0, largest=8, laws=checked)
    assert untested(hand_in) == "the limit of 1 s for all calls was reached before this law; make calls faster"
    assert "UNTESTED" in {r.verdict for r in hand_in.results}
    assert hand_in.results[-1].reason == "not run: the limit of 1 s for all calls was reached"


INSTALL = (
    "; install the package that contains this module in the environment of mlp_core, put the module into the folder of "
    "the file, or do not import it"
)


@pytest.mark.parametrize(("head", "said"), [
    ("import nothing_of_the_kind as n\nK = n.one\n", "ModuleNotFoundError: No module named 'nothing_of_the_kind'"),
    ("def g():\n    while True: pass\nK = g()\n", "had not finished after "),
    ("import os\nK = os._exit(3)\n", "its process ended (exit status 3)"),
])  # fmt: skip
def test_what_cannot_be_loaded(tmp_path: Path, head: str, said: str) -> None:
    hand_in = verified(tmp_path, "K", head=head)
    reason = untested(hand_in)
    assert said in reason
    helps = INSTALL if said.startswith("ModuleNotFound") else "; make sure that the file loads on its own"
    assert reason.endswith(helps)
    assert headline(hand_in.results, course=False) == reason
    assert [r.law for r in hand_in.results] == ["can be loaded"]


@pytest.mark.parametrize(("head", "helps"), [
    ("from .gone import K\n", ("put gone.py into the folder of the file, or copy the code that you use from it "
     "into the file")),
    ("from ..up.gone import K\n", ("put up/gone.py into the folder above that of the file, or copy the code that you "
     "use from it into the file")),
])  # fmt: skip
def test_a_relative_import_without_its_file(tmp_path: Path, head: str, helps: str) -> None:
    assert untested(verified(tmp_path, "K", head=head)).endswith(f"; this is a relative import: {helps}")


@pytest.mark.parametrize(("head", "helps"), [
    ("K = float(input())\n", "replace input() by a value"),
    ("from argparse import ArgumentParser\np = ArgumentParser()\np.add_argument('file')\nK = p.parse_args()\n",
     "the file gets no command-line options: replace them by values, as in parse_args([])"),
    ("import sys\nK = sys.exit('no')\n", 'remove this line, or move it below `if __name__ == "__main__":`'),
    ("K = undefined * 2\n", "define it above this line: the file is run by itself, from top to bottom"),
    ("import numpy as np\nK = np.load('gone.npy')\n", "or use a few numbers instead"),
    ("def g():\n    raise RuntimeError('No CUDA GPUs are available')\nK = g()\n",
     "use the CPU if torch.cuda.is_available() is False"),
])  # fmt: skip
def test_a_file_that_cannot_be_loaded_is_told_what_helps(
    tmp_path: Path, head: str, helps: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["mlp-core", "verify"])  # a file that takes options does not get these
    said = untested(verified(tmp_path, "K", head=head))
    assert said.endswith(f"; {helps}")
    assert re.search(r"\((?!_)\w+\.py, line \d: ", said)  # a line of the file, not of numpy or argparse


def test_options_with_defaults_have_these(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["mlp-core", "verify", "hand_in.py", "--seed", "0"])  # not those of the file
    head = "from argparse import ArgumentParser\np = ArgumentParser()\np.add_argument('--rate', default=0.5)\n"
    hand_in = verified(tmp_path, "K.rate * 2", head=f"{head}K = p.parse_args()\n")
    assert {r.verdict for r in hand_in.results} <= {"PASS", "SKIP"}


def test_where_there_is_nothing_to_verify(tmp_path: Path) -> None:
    for name in ("else.py", "another.py"):
        (tmp_path / name).write_text("def train(): pass")
    _, without = subjects_in([str(tmp_path / name) for name in ("else.py", "another.py")])
    assert re.search("(?s)found train.*; define or name one", untested(without[0]))


def command(folder: Path, *files: str) -> tuple[int, str]:
    options = [f"--{kind}={folder / f'report.{kind}'}" for kind in ("json", "junit", "csv")]
    names = [str(folder / file) for file in files]
    found = CliRunner().invoke(app, ["verify", *names, "--examples", "3", *options], env={"COLUMNS": "200"})
    return found.exit_code, found.output


def test_the_command_ends_with_3_or_with_1_if_another_is_broken(tmp_path: Path) -> None:
    (tmp_path / "cannot.py").write_text("import nothing_of_the_kind as n\n" + RIGHT.replace("DOES", "n.f()"))
    (tmp_path / "right.py").write_text(RIGHT.replace("DOES", "pass"))
    (tmp_path / "wrong.py").write_text(RIGHT.replace("DOES", "y_true = 2 * y_true"))
    status, said = command(tmp_path, "cannot.py")
    assert status == 3
    assert "No module named 'nothing_of_the_kind' (cannot.py, line 1: import nothing" in " ".join(said.split())
    assert "BROKEN" not in said
    assert command(tmp_path, "cannot.py", "right.py")[0] == 3
    report = json.loads((tmp_path / "report.json").read_text())
    assert not report["ok"]
    assert [words[:19] for words in report["verdicts"].values()] == ["ModuleNotFoundError", "right for one sampl"]
    rows = csv.DictReader((tmp_path / "report.csv").read_text().splitlines())
    assert [(row["ok"], row["untested"]) for row in rows] == [("no", "1"), ("yes", "0")]
    suites = ElementTree.parse(tmp_path / "report.junit").getroot()
    assert [(suite.get("failures"), suite.get("errors")) for suite in suites] == [("0", "1"), ("0", "0")]
    assert command(tmp_path, "cannot.py", "wrong.py")[0] == 1
