"""The cost of importing, and the direction of imports: downwards, by the rank of a file's folder, and never in a
circle."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from import_graph import circles, names_of, planted, upward

import mlp_core
from mlp_core import rules

PACKAGE = Path(mlp_core.__file__).parent
ABOVE_THE_CORE = ("experiment", "testing", "cli")


IMPORTED = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1:]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
import torch
before = set(sys.modules)
from mlp_core import *
print(*set(sys.modules) - before)
from mlp_core import MLP, fit, rules
x, model = torch.ones(4, 1), MLP([1, 1])
options = {"loss": "mse", "rule": rules.get("adam")(), "epochs": 1, "batch_size": 2}
fit(model, x, x, start=fit(model, x, x, **options).checkpoint, **options)
print("torch._dynamo" in sys.modules)
"""
"""Imports mlp_core where the libraries on the command line are missing, and prints what it loads beyond torch's own.

Then it trains, and prints whether that has loaded torch's compiler, which takes seconds."""

NOT_OF_THE_CORE = (
    "hypothesis", "jinja2", "matplotlib", "nbformat", "optuna", "rich", "safetensors", "torchvision", "typer",
)  # fmt: skip


def test_the_core_imports_no_more_than_it_needs_and_stands_without_the_rest() -> None:
    """The cost of importing mlp_core beyond torch: its own modules, the rules' not among them, and annotated_types."""
    command = [sys.executable, "-c", IMPORTED, *NOT_OF_THE_CORE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (ours)
    assert done.returncode == 0, done.stderr
    modules, compiler = done.stdout.splitlines()
    loaded = set(modules.split())
    beyond = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert beyond == {"mlp_core", "annotated_types"}
    own = {name for name in loaded if name.startswith("mlp_core.")}
    assert not [name for name in own if name.startswith(tuple(f"mlp_core.{part}" for part in ABOVE_THE_CORE))]
    assert not {f"mlp_core.rules.{name}" for name in rules.names()} & own
    assert compiler == "False"


RIGHT = """
def f(x):
    return x**2


def f_prime(x):
    return 2 * x
"""

HELP = """
import sys
from mlp_core.cli import app
for asked in ("--version", "--help", "verify --help", "train --help", "search --help"):
    app(asked.split(), standalone_mode=False)
print(*sys.modules)
"""


def test_help_waits_for_no_library() -> None:
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)  # noqa: S603  (ours)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "mlp_core.experiment.options" in loaded
    assert not {"torch", "numpy", *NOT_OF_THE_CORE} - {"rich", "typer"} & loaded


FILES = """
import sys
from mlp_core.cli import app
print(app(["verify", *sys.argv[1:]], standalone_mode=False))
print(*sys.modules)
"""


@pytest.mark.parametrize(("text", "verdict"), [("f = lambda x: x", "is not"), ("", "is not"), (RIGHT, "lawful")])
def test_a_file_is_verified_without_importing_torch_a_second_time(text: str, verdict: str, tmp_path: Path) -> None:
    """The process in which the file runs has imported it. The process of the command waits for that one only."""
    (tmp_path / "file.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", FILES, "file.py", "--examples", "5"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)  # noqa: S603  (ours)
    assert verdict in done.stdout + done.stderr
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "mlp_core.testing.report.report" in loaded
    assert not {"torch", "numpy", "hypothesis"} & loaded


LOOKS = """
import sys
from mlp_core.testing.foreign.found import looked
print(looked(sys.argv[1:]).names)
print(*sys.modules)
"""

OPTIMIZERS = """
import torch
from torch import nn
from torch.optim import Optimizer
class Net(nn.Module):
    def forward(self, x):
        return x
"""


@pytest.mark.parametrize("text", [RIGHT, OPTIMIZERS + RIGHT, "from torch.nn import *\n" + RIGHT])
def test_definitions_are_recognised_without_torch(text: str, tmp_path: Path) -> None:
    """A file in which nothing is recognised is refused at once."""
    (tmp_path / "file.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", LOOKS, "file.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)  # noqa: S603  (ours)
    names, modules = done.stdout.splitlines()
    assert names == "['file.py:f']"
    assert not {"torch", "numpy", "hypothesis"} & set(modules.split())


FAILING = """
import sys
from mlp_core.testing import subjects, verify
def backward(above, cache):
    return above * cache
square = subjects.pair(lambda x: (x**2, x), backward, subjects.arrays("(5,5)"))
print(verify(square, examples=5))
print(*sys.modules)
"""


def test_a_failure_is_reported_without_importing_sympy() -> None:
    """torch.unravel_index imports it, and waits a second for that."""
    done = subprocess.run([sys.executable, "-c", FAILING], capture_output=True, text=True, check=True)  # noqa: S603  (ours)
    assert "half as large as it should be" in done.stdout
    assert "sympy" not in done.stdout.splitlines()[-1].split()


def test_every_import_goes_to_a_lower_rank_or_stays_in_its_folder() -> None:
    assert not (found := upward(PACKAGE)), "\n".join(["these imports go upwards (RANKS says what may):", *found])


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert not (found := circles(PACKAGE)), "\n".join(["circles:", *map(" ".join, found)])


@pytest.mark.parametrize("how", ["at the top", "in a function", "by later", "for types alone", "relative"])
@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("testing/engine/law.py", "mlp_core.testing.laws.books"),
        ("testing/subjects/gradients.py", "mlp_core.testing.diagnosis.explain"),
        ("testing/oracles/gradients.py", "mlp_core.testing.faults.catalogue"),  # the same rank
        ("testing/report/report.py", "mlp_core.testing"),
        ("quotients.py", "mlp_core.testing.engine.law"),
        ("base/errors.py", "mlp_core.equality"),
        ("testing/report/formats.py", "mlp_core.experiment.usage"),  # a lower rank, and not of its house
    ],
)
def test_an_import_planted_upwards_is_found(tmp_path: Path, where: str, what: str, how: str) -> None:
    root = shutil.copytree(PACKAGE, tmp_path / "mlp_core", ignore=shutil.ignore_patterns("__pycache__"))
    (root / where).write_text(planted((root / where).read_text(encoding="utf-8"), where, what, how), encoding="utf-8")
    assert any(f"imports {what} " in line for line in upward(root)), upward(root)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mlp_core.testing.engine.evidence", "mlp_core.testing.engine.runner"),  # through law.py
        ("mlp_core.testing.laws.gradients.shared", "mlp_core.testing.laws.gradients.equality"),
        ("mlp_core.rules._segment", "mlp_core.rules._rule"),
    ],
)
def test_a_planted_circle_is_found(tmp_path: Path, one: str, other: str) -> None:
    root = shutil.copytree(PACKAGE, tmp_path / "mlp_core", ignore=shutil.ignore_patterns("__pycache__"))
    path = names_of(root)[one]
    path.write_text(f"{path.read_text(encoding='utf-8')}\ndef late():\n    import {other}\n", encoding="utf-8")
    assert any({one, other} <= set(circle) for circle in circles(root)), circles(root)


def test_the_function_laws_is_not_replaced_by_the_folder_of_its_name() -> None:
    code = "import mlp_core.testing as t; import mlp_core.testing.laws.books; print(callable(t.laws))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603  (ours)
    assert done.stdout == "True\n", done.stderr


def test_a_public_name_is_what_it_was_however_its_file_was_imported() -> None:
    """backprop.py is a file and a function; the package imports both late."""
    import mlp_core.backprop as first
    from mlp_core import backprop, training

    assert first is backprop is mlp_core.backprop
    assert backprop is vars(sys.modules["mlp_core.backprop"])["backprop"]
    assert callable(backprop)
    assert training is sys.modules["mlp_core.training"]
    assert set(mlp_core.__all__) <= set(dir(mlp_core))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        mlp_core.nothing  # type: ignore[attr-defined]  # noqa: B018
