"""The action that other projects use: its scripts, run by bash as GitHub runs them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "actions" / "verify"
ACTION = yaml.safe_load((FOLDER / "action.yml").read_text(encoding="utf-8"))
INSTALL, VERIFY = ACTION["runs"]["steps"]

WRONG = """
import torch

class WithoutMemory(torch.optim.SGD):
    def state_dict(self):
        return {**super().state_dict(), "state": {}}

    def __init__(self, params, lr=0.1, momentum=0.9):
        super().__init__(params, lr, momentum)
"""


@dataclass
class Done:
    """The outputs of a step."""

    status: int
    said: str
    summary: str
    outputs: dict[str, str]


def run(step: dict[str, object], folder: Path, programs: Path, **inputs: str) -> Done:
    """One step in `folder`, with `programs` before everything else in the path."""
    given = {name: about.get("default") for name, about in ACTION["inputs"].items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    assert set(given) == set(ACTION["inputs"])
    known = {**{f"inputs.{name}": value for name, value in given.items()}, "github.action_path": str(FOLDER)}
    env = step["env"]
    assert isinstance(env, dict)
    filled = {name: re.sub(r"\$\{\{ *(.+?) *\}\}", lambda found: known[found[1]], text) for name, text in env.items()}
    runner = folder.parent / "runner"
    runner.mkdir(exist_ok=True)
    files = {name: runner / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "script")}
    for name, path in files.items():
        path.write_text(str(step["run"]) if name == "script" else "", encoding="utf-8")
    environment = {
        **os.environ, **filled, **{name: str(path) for name, path in files.items()}, "RUNNER_TEMP": str(runner),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    done = subprocess.run(  # noqa: S603  our own script
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(files["script"])],  # noqa: S607  as GitHub does
        cwd=folder / given["working-directory"], env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
    return Done(done.returncode, done.stdout + done.stderr, files["GITHUB_STEP_SUMMARY"].read_text(), outputs)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Somebody's checkout."""
    folder = tmp_path / "work"
    (folder / "part").mkdir(parents=True)
    (folder / "part" / "optimizers.py").write_text(WRONG, encoding="utf-8")
    return folder


HERE = Path(sys.executable).parent


def test_what_is_right_passes(work: Path) -> None:
    done = run(VERIFY, work, HERE, subjects="\n  torch.optim:SGD  \n\ntorch.optim:Adagrad", examples="10")
    assert (done.status, done.outputs["verdict"]) == (0, "pass"), done.said
    report = json.loads(Path(done.outputs["report"]).read_text())
    assert report["ok"]
    assert {result["subject"] for result in report["results"]} == {"SGD", "Adagrad"}
    assert done.summary.startswith("### mlp_core: all lawful\n")
    assert "to repeat: mlp-core verify torch.optim:SGD torch.optim:Adagrad --examples 10 --seed 0\n" in done.summary


def test_what_is_wrong_fails_and_the_summary_names_the_law(work: Path) -> None:
    options = {"examples": "10", "seed": "3", "json": "all.json", "junit": "all.xml", "csv": "all.csv"}
    done = run(
        VERIFY, work, HERE, subjects="optimizers:WithoutMemory", working_directory="part", **options,
        database="failures", jobs="1",
    )  # fmt: skip
    assert (done.status, done.outputs) == (1, {"verdict": "fail", "report": "all.json"}), done.said
    assert done.summary.startswith("### mlp_core: a law is broken\n")
    assert "BROKEN: WithoutMemory: goes on after save and load" in done.summary
    assert {path.name for path in (work / "part").iterdir()} >= {"all.json", "all.xml", "all.csv", "failures"}
    assert json.loads((work / "part" / "all.json").read_text())["seed"] == 3


def test_hand_ins_are_judged_for_batches_where_batches_are_asked_for(work: Path) -> None:
    (work / "a hand-in").mkdir()
    hand_in = work / "a hand-in" / "group12.py"
    hand_in.write_bytes((ROOT / "tests" / "hand_ins" / "hand_in_11_one_sample_only.py").read_bytes())
    done = run(VERIFY, work, HERE, subjects="a hand-in", batch_size="8", examples="10")
    assert (done.status, done.outputs["verdict"]) == (1, "fail"), done.said
    assert "equals autograd for a batch" in done.summary


UNTRIED = """
import torch
from hypothesis import strategies as st
from mlp_core.testing import subjects

same = st.integers(0, 10**6).map(lambda _: ([torch.zeros(2, dtype=torch.float64)],))
subject = subjects.gradient(lambda params: params[0].sum(), lambda params: [torch.ones_like(params[0])], same)
"""
"""a gradient that is tried on nothing but zeros"""


def test_what_is_not_shown_to_be_right_is_no_pass_and_says_so(work: Path) -> None:
    (work / "untried.py").write_text(UNTRIED, encoding="utf-8")
    done = run(VERIFY, work, HERE, subjects="untried:subject", examples="60", jobs="1")
    assert (done.status, done.outputs["verdict"]) == (3, "untested"), done.said
    assert done.summary.startswith("### mlp_core: not shown to be right\n")
    assert "draw inputs that differ" in done.summary
    assert not json.loads(Path(done.outputs["report"]).read_text())["ok"]


def program(folder: Path, name: str, script: str) -> Path:
    """A program of that name in a folder of its own."""
    folder.mkdir()
    path = folder / name
    path.write_text(f"#!/usr/bin/env bash\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("script", "status", "verdict"),
    [
        ("touch report.json; exit 0", 0, "pass"),
        ("touch report.json; exit 1", 1, "fail"),
        ("touch report.json; exit 3", 3, "untested"),
        ("exit 3", 3, "error"),
        ("exit 1", 1, "error"),  # Python itself ends so, over what nobody caught
        ("exit 2", 2, "error"),
        ("touch report.json; exit 130", 130, "error"),
    ],
)
def test_a_verdict_is_told_from_an_accident(
    work: Path, tmp_path: Path, script: str, status: int, verdict: str
) -> None:
    programs = program(tmp_path / "programs", "mlp-core", f"printf 'it said \\033[1mthis\\033[0m\\n'; {script}")
    (work / "report.json").touch()  # an earlier run's
    done = run(VERIFY, work, programs, subjects="anything", json="report.json")
    assert (done.status, done.outputs["verdict"]) == (status, verdict)
    assert done.outputs["report"] == ("report.json" if "touch" in script else "")
    assert "\nit said this\n" in done.summary
    assert "\nit said this\n" not in done.said  # in colour, in the log


def test_what_is_asked_for_reaches_the_command_as_it_stands(work: Path, tmp_path: Path) -> None:
    programs = program(tmp_path / "programs", "mlp-core", 'printf "%s\\n" "$@" > given.txt; touch r.json')
    options = {"examples": "7", "seed": "random", "jobs": "2", "database": "d", "junit": "j.xml", "html": "h.html"}
    subjects = "hand_in 08 (outer products).ipynb\n$(touch oops)\n--list\n"
    done = run(VERIFY, work, programs, subjects=subjects, json="r.json", csv="a table.csv", batch_size="4", **options)
    assert done.status == 0, done.said
    given = (work / "given.txt").read_text().splitlines()
    assert given == [
        "verify", "--seed", "random", "--json", "r.json", "--examples", "7", "--batch-size", "4", "--jobs", "2",
        "--database", "d", "--junit", "j.xml", "--csv", "a table.csv", "--html", "h.html", "--",
        "hand_in 08 (outer products).ipynb", "$(touch oops)", "--list",
    ]  # fmt: skip
    assert not (work / "oops").exists()


def test_without_subjects_nothing_is_verified_and_that_is_no_pass(work: Path, tmp_path: Path) -> None:
    programs = program(tmp_path / "programs", "mlp-core", "exit 0")
    done = run(VERIFY, work, programs, subjects=" \n")
    assert (done.status, done.outputs["verdict"]) == (2, "error")
    assert "error: subjects: got nothing, expected one a line" in done.summary


@pytest.mark.parametrize(
    ("install", "installed"), [("", str(ROOT)), ("0.1.0", "mlp_core==0.1.0"), ("../elsewhere", "../elsewhere")]
)
def test_one_call_of_pip_installs_all(work: Path, tmp_path: Path, install: str, installed: str) -> None:
    script = 'printf "%s\\n" "$@" > given.txt; cp "$5" requirements.txt'
    programs = program(tmp_path / "programs", "python", script)
    packages = "-e .\nmy-package>=2 ; python_version > '3'\n"
    done = run(INSTALL, work, programs, subjects="x", install=install, packages=packages, html="page.html")
    assert done.status == 0, done.said
    given = (work / "given.txt").read_text().splitlines()
    assert given[:4] == ["-m", "pip", "install", "-r"]
    assert given[5:] == [installed, "mlp_core[report]"]
    assert (work / "requirements.txt").read_text().strip() == packages.strip()
    done = run(INSTALL, work, programs, subjects="x", install=install)
    assert (work / "given.txt").read_text().splitlines()[5:] == [installed]
