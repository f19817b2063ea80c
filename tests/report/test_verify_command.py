"""`mlp-core verify` as a user meets it: the table, the exit status, the JSON, the command that repeats the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mlp_core import __version__
from mlp_core.cli import app
from mlp_core.testing.engine import runner as engine

RULES = '''
import torch
from dataclasses import dataclass
from typing import ClassVar
from mlp_core import backprop
from mlp_core.rules.sgd import SGD

@dataclass(frozen=True)
class Wrong(SGD):
    """Steps up where it should step down, by a little."""

    def step(self, p, g, t, v):
        super().step(p, g, t, v)
        p.add_(g, alpha=2e-10 * self.lr)

def half(model, trace, dL_dy):
    backprop(model, trace, dL_dy / 2)
'''


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """The command line, run in an empty folder."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(engine, "SHRINKS", 5)  # how small the example gets is not looked at here

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["verify", *arguments, "--jobs", "1"])

    return command


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "wrong_rules.py").write_text(RULES, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return "wrong_rules"


def test_a_lawful_subject_ends_with_0_and_writes_nothing(run, tmp_path: Path) -> None:
    result = run("relu", "mse", "--examples", "10", "--seed", "3")
    assert result.exit_code == 0, result.output
    assert "all lawful: " in result.output
    assert "to repeat: mlp-core verify relu mse --examples 10 --seed 3\n" in result.output
    assert result.output.startswith(f"mlp_core {__version__}, torch ")
    assert not list((tmp_path / "work").iterdir())
    assert all(len(line) <= 80 for line in result.output.splitlines())


@pytest.mark.parametrize("name", ["Wrong", "half"])
def test_a_broken_law_ends_with_1_and_shows_itself(run, wrong: str, name: str) -> None:
    result = run(f"{wrong}:{name}", "--examples", "15")
    assert result.exit_code == 1
    assert "FAIL" in result.output
    assert f"BROKEN: {name}: " in result.output
    assert "got  " in result.output
    assert "expected  " in result.output
    assert f"from wrong_rules import {name}" in result.output
    assert "not lawful: " in result.output


def test_the_json_holds_every_law(run, tmp_path: Path) -> None:
    result = run("tanh", "--examples", "10", "--json", "deep/report.json")
    assert result.exit_code == 0
    report = json.loads(Path("deep/report.json").read_text(encoding="utf-8"))
    assert report["ok"] is True
    assert {row["verdict"] for row in report["results"]} == {"PASS", "SKIP"}
    assert report["results"][0]["law"] == "has the derivative of autograd"
    assert [p.name for p in Path("deep").iterdir()] == ["report.json"]


def test_a_random_seed_is_told(run) -> None:
    output = run("identity", "--examples", "5", "--seed", "random").output
    seed = output.rsplit("--seed ", 1)[1].strip()
    assert int(seed) >= 0
    assert "to repeat" in run("identity", "--examples", "5", "--seed", seed).output


def test_list_names_everything(run) -> None:
    result = run("--list")
    assert result.exit_code == 0
    assert "* backprop" in result.output
    assert "  softsign" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sdg",), "expected a file, a folder, package.module:NAME, or a name that `mlp-core verify --list` prints"),
        (("sdg",), "did you mean 'sgd'?"),
        (("no_such_module:Rule",), "subject: got 'no_such_module:Rule', expected a module that can be imported"),
        (("math:no_such",), "subject: got 'math:no_such', expected a name that module math defines"),
        (("torch.optim:SDG",), "did you mean 'SGD'?"),
        (("math:sin",), "subject: got the function sin (its parameters are x), expected f(model, trace, dL_dy)"),
        (("sgd", "--examples", "0"), "examples: got 0, expected a positive whole number"),
        (("hand_in.py", "--examples", "-1"), "examples: got -1, expected a positive whole number"),
        (("sgd", "--seed", "soon"), "seed: got 'soon', expected a whole number"),
        (("sgd", "--json", "/dev/null/report.json"), "--json: got /dev/null"),
    ],
)
def test_bad_usage_ends_with_2(run, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output
    assert not list((tmp_path / "work").iterdir())


def test_a_file_that_is_no_script_is_refused_as_one(run) -> None:
    Path("notes.txt").write_text("hello", encoding="utf-8")
    assert "subject: got 'notes.txt', expected a script or a notebook (.py, .ipynb" in run("notes.txt").output


def test_a_wrong_claim_in_a_module_is_no_failed_import(run) -> None:
    lines = ["from mlp_core.testing import subjects", "from torch.optim import SGD"]
    lines.append("s = subjects.optimizer(SGD, claims=['od'])")
    Path("wrong_claims.py").write_text("\n".join(lines), encoding="utf-8")
    result = run("wrong_claims:s")
    assert result.exit_code == 2
    assert "error: claim: got 'od', expected one of" in result.output
    assert "did you mean 'odd'?" in result.output
