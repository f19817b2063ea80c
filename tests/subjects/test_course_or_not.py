"""Which code is treated as a backpropagation of the course, and which is not: a function, in a file, on the command
line."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from refusals import refusal
from typer.testing import CliRunner

from mlp_core.cli import app
from mlp_core.testing import verify
from mlp_core.testing.foreign.load import found_in, load
from mlp_core.testing.subjects.course import CourseSubject
from mlp_core.testing.subjects.recognise import resolve

OF_THE_COURSE = [
    "def backpropagation(model, y_true, y_pred)", "def f(model, y_true, y_pred)", "def f(net, y_pred, y_true)",
    "def f(self, y_true, y_pred)", "def f(my_net, y_true, y_pred)", "def f(neural_network, y_true, y_pred)",
    "def f(model, y_true, y_pred, verbose=False)", "def f(model, y_true, y_pred, *, verbose=False)",
    "def f(model, y_true, y_pred=None)", "def my_backprop(net, y, out)", "def backprop(mlp, target, output)",
    "def back_prop(nett, fasit, gjett)", "def backprop(modell, a_L, facit)", "def BackProp(NN, labels, y_hat)",
]  # fmt: skip
ASKED_FOR = [
    "def bp(model, y, y_hat)", "def g(network, target, output)", "def g(mlp, labels, pred)", "def g(net, out, y)",
    "def g(m, t, o)",
]  # fmt: skip
ONLY_ALIKE = [
    "def pinball(y_true, y_pred)", "def pinball(y_pred, y_true)", "def accuracy(y_true, y_pred, sample_weight=None)",
    "def huber_prime(y_true, y_pred, delta)", "def huber_prime(delta, y_true, y_pred)",
    "def confusion(y_true, y_pred, classes)", "def metric(y_true, y_pred, model)", "def f(*args, y_true, y_pred)",
    "def f(model, *args, y_true=1, y_pred=2)", "def f(model, y_true, y_pred, *rest)",
    "def f(model, y_true, y_pred, lr)", "def f(model, y_true, y_pred, *, lr)", "def f(y_true, y_pred, **options)",
    "def objective(y_true, y_pred, weight, group)", "def backpropagate(node, reward, player)",
    "def backprop(model, x, y)", "def backprop(self, x, y)", "def backprop(y_true, y_pred)",
    "def backprop(net, dA, cache)", "def backpropagation(X, y, weights)", "def loss(planet, y_true, y_pred)",
    "def evaluate(model, loader, y_pred)",
]  # fmt: skip


def defined(head: str) -> Any:
    found: dict[str, Any] = {}
    exec(f"{head}: raise AssertionError('was called')", found)  # noqa: S102  (heads of our own)
    return found[head[4:].split("(")[0]]


def written(folder: Path, head: str) -> str:
    path = folder / "hand_in.py"
    path.write_text(f"{head}: pass\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("head", [*OF_THE_COURSE, *ASKED_FOR])
def test_a_function_of_the_course(tmp_path: Path, head: str) -> None:
    function, file = defined(head), written(tmp_path, head)
    subject = resolve(function)
    assert isinstance(subject, CourseSubject)
    assert subject.output_first == (head.split(", ")[1].strip(")") in ("y_pred", "out", "a_L"))
    assert found_in(f"{file}:{function.__name__}") == [f"{file}:{function.__name__}"]
    if head in ASKED_FOR:  # too little to take it for one unasked
        assert refusal(found_in, file).startswith(f"subject: got {file}, expected f(model, y_true, y_pred) of the")
    else:
        assert found_in(file) == [f"{file}:{function.__name__}"]


@pytest.mark.parametrize("head", ONLY_ALIKE)
def test_what_only_looks_alike_is_refused_and_not_called(tmp_path: Path, head: str) -> None:
    function, file = defined(head), written(tmp_path, head)
    message = refusal(verify, function)
    assert message.startswith(f"subject: got the function {function.__name__}")
    assert f"(its parameters are {', '.join(inspect.signature(function).parameters)}" in message or "*" in head
    assert "f(model, y_true, y_pred)" in message
    for name in (file, f"{file}:{function.__name__}"):
        said = refusal(verify, name)
        assert said.startswith(f"subject: got {name}, expected f(model, y_true, y_pred) of the course")
        assert f"found {function.__name__}(" in said


def test_the_command_refuses_it_as_bad_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "def pinball_objective(y_true, y_pred)")
    monkeypatch.chdir(tmp_path)
    for name in (file, f"{file}:pinball_objective", "hand_in:pinball_objective"):
        result = CliRunner().invoke(app, ["verify", name, "--examples", "2"], env={"COLUMNS": "300"})
        assert result.exit_code == 2, result.output
        assert ("f(model, y_true, y_pred)" if name.startswith("hand_in:") else " is not recognised: ") in result.output


def test_a_method_bound_to_its_network_or_a_part_of_a_function_is_told_by_what_is_left() -> None:
    from functools import partial

    def loss(kind: str, y_true: Any, y_pred: Any) -> None: ...
    def course(kind: str, model: Any, y_true: Any, y_pred: Any) -> None: ...

    assert "y_true, y_pred" in refusal(resolve, partial(loss, "mse"))
    assert isinstance(resolve(partial(course, "mse")), CourseSubject)


def test_the_objective_of_a_booster_is_not_recognised() -> None:
    folder = os.environ.get("MLP_CORE_CASES")
    if not folder:
        pytest.skip("needs the real cases: set MLP_CORE_CASES to their folder")
    case = Path(folder) / "misjudged" / "objective_taken_for_a_backpropagation.py"
    done = subprocess.run([sys.executable, str(case)], capture_output=True, text=True, check=False)  # noqa: S603  (ours)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("refused: subject: got the function pinball_objective")


def test_a_decorator_that_takes_anything_does_not_hide_what_a_function_of_a_file_is(tmp_path: Path) -> None:
    source = "def timed(f):\n    return lambda *args, **kwargs: f(*args, **kwargs)\n\n\n"
    file = tmp_path / "hand_in.py"
    file.write_text(f"{source}@timed\ndef backpropagation(model, y_true, y_pred):\n    print(1)\n", encoding="utf-8")
    assert isinstance(resolve(load(f"{file}:backpropagation")), CourseSubject)
