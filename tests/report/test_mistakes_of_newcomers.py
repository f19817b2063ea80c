"""Typical mistakes of a newcomer at the command line: each message names the argument, the value and the expectation,
says what to do next, and has no traceback of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mlp_core.base.errors import ArgumentError
from mlp_core.cli import app
from mlp_core.testing import Report, verify
from mlp_core.testing.foreign.load import found_in

FILES = {
    "good.py": "def f_forward(x, w):\n    return x @ w, (x, w)\n\n\ndef f_backward(dout, cache):\n    x, w = cache\n"
    "    return dout @ w.T, x.T @ dout\n",
    "broken.py": "def f_forward(x, w)\n    return x @ w\n",
    "unclosed.py": "def backpropagation(model, y_true, y_pred):\n    delta = (y_true - y_pred\n    return delta\n",
    "two.py": "def backpropagation(model, y_pred):\n    model.dL_dw[1] = y_pred\n",
    "stars.py": "def f_forward(*args):\n    return args\n\n\ndef f_backward(*args):\n    return args\n",
    "lambdas.py": "import numpy as np\nf = lambda x: np.sin(x)\ndf = lambda x: np.cos(x)\n",
}

INPUTS = "from mlp_core.testing import subjects\ninputs = subjects.arrays('(n,d),(d,k)')\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command line, in a folder with the files."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["verify", *arguments])

    return command


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("good.py", "--jobs", "-1"), "error: jobs: got -1, expected a positive whole number"),
        (("sgd", "--jobs", "0"), "error: jobs: got 0, expected a positive whole number"),
        (("good.py", "--batch-size", "0"), "error: batch_size: got 0, expected a positive whole number"),
        (("good.py", "--examples", "ten"), "Invalid value for '--examples': got 'ten', expected a whole number"),
        (("good.py", "--jobs", "1.5"), "Invalid value for '--jobs': got '1.5', expected a whole number"),
        (("torch.optim.Adam",), "got 'torch.optim.Adam', expected torch.optim:Adam, with a colon between"),
        (("torch.optim",), "got 'torch.optim', expected torch.optim:NAME, with a colon between the module and"),
        (("torch.optim:",), "subject: got 'torch.optim:', expected torch.optim:NAME"),
        ((":Adam",), "subject: got ':Adam', expected MODULE:Adam"),
        (("*.txt",), "subject: got '*.txt', expected a pattern that matches a file"),
        (("good.py:f_forward:x",), "got 'good.py:f_forward:x', expected good.py:NAME, with one name after the file"),
        (("no_folder/",), "subject: got 'no_folder/', expected an existing file or folder in '"),
        (("God.py",), "did you mean 'good.py'?"),
        (("no_folder/good.py",), "expected an existing file; the folder 'no_folder' does not exist"),
        (("sgd", "adam", "--shapes", "(n)"), "error: --shapes: got sgd, adam, expected a script, a notebook or a"),
        (("broken.py",), ("line 1: expected ':'; found f_forward(x, w) (line 1). docs/gradients.md shows the forms "
         "that are recognised. First correct the code that cannot be read.")),
        (("two.py",), ("found backpropagation(model, y_pred) (line 1). A backpropagation of a network needs these "
         "three parameters: def backpropagation(model, y_true, y_pred). docs/course-contract.md says what they are.")),
        (("stars.py",), "found f_forward(*args) (line 1), f_backward(*args) (line 5)"),
        (("lambdas.py",), "found f, a lambda (line 2): write it with def, df, a lambda (line 3): write it with def"),
    ],
)  # fmt: skip
def test_a_mistake_at_the_command_line(run: Any, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_a_file_without_the_command_is_answered_with_it(run: Any) -> None:
    for name in ("good.py", "package.module:Name"):
        result = CliRunner().invoke(app, [name, "--examples", "3"])
        assert result.exit_code == 2
        said = " ".join(result.output.replace("│", " ").split())
        assert f"No such command '{name}'. To verify it: mlp-core verify {name} --examples 3" in said
    assert "To verify it" not in CliRunner().invoke(app, ["verfy"]).output


@pytest.mark.parametrize(
    "line", ["search --trials abc", "search --workers 1.5", "train --epochs 1e2", "train --seed x"]
)
def test_a_number_for_training_that_is_no_whole_number(run: Any, line: str) -> None:
    result = CliRunner().invoke(app, line.split())
    _, option, number = line.split()
    assert result.exit_code == 2
    said = " ".join(result.output.replace("│", " ").split())
    assert f"Invalid value for '{option}': got '{number}', expected a whole number" in said


HTML, CSV = "a name that ends with .html or .htm", "a name that ends with .csv"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--html", "page.pdf"), f"error: --html: got 'page.pdf', expected {HTML}: the report is HTML"),
        (("--html", "out/report.json"), f"error: --html: got 'out/report.json', expected {HTML}"),
        (("--csv", "grades.xlsx"), f"error: --csv: got 'grades.xlsx', expected {CSV}: the report is CSV"),
        (("--json", "page.HTML"), "error: --json: got 'page.HTML', expected a name that ends with .json: the"),
        (("--junit", "report.json"), "error: --junit: got 'report.json', expected a name that ends with .xml"),
    ],
)  # fmt: skip
def test_a_report_has_no_name_of_another_format(run: Any, arguments: tuple[str, ...], said: str) -> None:
    result = run("good.py", *arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert not Path(arguments[1]).exists()
    assert "verifying" not in result.output  # refused before anything runs


def test_a_database_that_is_no_folder_is_refused(run: Any) -> None:
    """Hypothesis keeps nothing in it, without an error."""
    result = run("sgd", "--examples", "1", "--database", "good.py")
    assert result.exit_code == 2, result.output
    assert "error: --database: got good.py (not a folder), expected a folder that can be written to" in result.output


def test_a_report_from_python_is_refused_the_same_names(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"path: got '.*page\.pdf', expected a name that ends with \.html or \.htm"):
        Report([]).to_html(tmp_path / "page.pdf")
    Report([]).to_csv(tmp_path / "grades")
    Report([]).to_csv(tmp_path / "grades.2026-11-30")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grades", "grades.2026-11-30"]


def test_a_file_that_is_no_python_gets_no_lines_to_add(run: Any) -> None:
    assert "add these three lines" not in run("broken.py").output
    said = run("stars.py").output
    assert "add these three lines" in said
    assert "f_backward()" not in said


def test_a_syntax_error_is_shown_once(run: Any) -> None:
    result = run("unclosed.py")
    said = " ".join(result.output.split())
    assert result.exit_code == 3
    assert said.count("'(' was never closed") == 1
    assert "may be defined in code that cannot be read: unclosed.py, line 2: '(' was never closed" in said
    assert "0 of 0" not in said


def test_a_forward_or_a_backward_that_is_named_is_verified_with_its_partner(run: Any) -> None:
    for name in ("f_forward", "f_backward"):
        result = run(f"good.py:{name}", "--examples", "3", "--jobs", "1")
        assert result.exit_code == 0, result.output
        assert "is the derivative of its own forward" in result.output


def test_inputs_are_no_subject(tmp_path: Path) -> None:
    path = tmp_path / "with_inputs.py"
    path.write_text(INPUTS + FILES["good.py"], encoding="utf-8")
    assert found_in(str(path)) == [f"{path}:f"]
    path.write_text(INPUTS + FILES["good.py"] + "s = subjects.pair(f_forward, f_backward, inputs)\n", encoding="utf-8")
    assert found_in(str(path)) == [f"{path}:s"]


def test_a_path_is_taken_like_its_text(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(FILES["good.py"], encoding="utf-8")
    assert verify(tmp_path / "good.py", examples=3).ok
