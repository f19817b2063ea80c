"""Recognising definitions in files: classes by their bases, methods, subjects. Code that only looks alike is
refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from refusals import refusal

from mlp_core.testing.foreign.load import found_in, load, loaded
from mlp_core.testing.foreign.recognisers import LOOKED_FOR
from mlp_core.testing.laws.books import laws_of
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.verification.verify import run

CASES = os.environ.get("MLP_CORE_CASES", "")
needs_cases = pytest.mark.skipif(not CASES, reason="needs the real cases: set MLP_CORE_CASES to their folder")

RULE = "from dataclasses import dataclass\nfrom mlp_core import rules\n"
BODY = "\n@dataclass(frozen=True)\nclass Mine(BASE):\n    pass\n"

DERIVED = [
    "import torch\nclass Mine(torch.optim.Adam): pass", "from torch.optim import *\nclass Mine(SGD): pass",
    "import torch.optim as o\nclass Mine(o.Optimizer): pass", "from torch import optim\nclass Mine(optim.SGD): pass",
    "from torch.optim import Optimizer as Base\nclass Mine(Base): pass",
    "try:\n    from torch.optim import Muon as B\nexcept ImportError:\n    B = object\nclass Mine(B): pass",
    "import torch\nBase = torch.optim.SGD\nclass Half(Base): pass\nclass Mine(Half): pass",
    RULE + BODY.replace("BASE", "rules.get('nadam')"), RULE + "B = rules.get('sgd')" + BODY.replace("BASE", "B"),
    "from mlp_core.rules import get as g\nfrom dataclasses import dataclass" + BODY.replace("BASE", "g('adam')"),
    RULE + "from mlp_core.rules.nadam import NAdam" + BODY.replace("BASE", "NAdam"),
    "from mlp_core.rules import UpdateRule\nclass Mine(UpdateRule): pass",
]  # fmt: skip

NOT_DERIVED = [
    "class Optimizer: pass\nclass Mine(Optimizer): pass", "class Adam:\n    def step(self): pass",
    "import torch\nclass Mine(torch.nn.Module): pass", "class UpdateRule: pass\nclass Mine(UpdateRule): pass",
    "from abc import ABC\nclass Mine(ABC): pass", "from enum import Enum\nclass Optimizer(Enum):\n    SGD = 1",
    "import rules\nclass Mine(rules.get('nadam')): pass", "class Mine(Mine): pass", "A = B\nB = A\nclass Mine(A): pass",
    "from mlp_core import rules\nclass Mine(rules.get('nothing')): pass",
    "from torch.utils.data import Dataset\nclass Mine(Dataset): pass",
]  # fmt: skip

ALIKE = [
    "def huber_prime(y_true, y_pred, delta): return 0", "def backprop(X, y, W): return X.T @ W @ y",
    "def backpropagate(node, reward): node.value += reward", "def backprop(self, reward, player): pass",
    "def confusion(y_true, y_pred, classes): pass", "def backpropagate(root, path, result): pass",
    "class Net:\n    def backprop(self, y, output): self.w -= output - y",
    "class Metric:\n    def update(self, y_true, y_pred): pass", "def backprop(network, first, second): return 0",
    "class Tree:\n    def backpropagate(self, result, winner): self.visits += 1",
    "def backprop(model, x, y): pass", "def accuracy(y_true, y_pred): pass",
]  # fmt: skip

COURSE = "    for l in model.fc: model.dL_dw[int(l)] = model.dL_db[int(l)] = 0\n"


def written(folder: Path, source: str) -> str:
    file = folder / "hand_in.py"
    file.write_text(source, encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("source", DERIVED)
def test_classes_by_what_they_derive_from(tmp_path: Path, source: str) -> None:
    file = written(tmp_path, source)
    assert [name.rpartition(":")[2] for name in found_in(file)] == ["Mine"]


@pytest.mark.parametrize("source", [*NOT_DERIVED, *ALIKE])
def test_what_only_looks_alike(tmp_path: Path, source: str) -> None:
    said = refusal(found_in, written(tmp_path, source))
    assert LOOKED_FOR in said
    assert "(line " in said


@pytest.mark.parametrize(("source", "found"), [
    (f"def backprop(model, first, second):\n{COURSE}", ["backprop"]),
    (f"class Net:\n  def backprop(model, y, y_hat):\n{COURSE}\n  def forward(self, x): return x", ["Net.backprop"]),
    (f"class Net:\n  @staticmethod\n  def backprop(model, y, y_hat):\n{COURSE}", ["Net.backprop"]),
    (f"def gradients(model, target, output):\n{COURSE}", ["gradients"]),
    (f"def backprop(model, y, y_hat):\n{COURSE}\ndef mse(model, y_true, y_pred): return 0", ["backprop"]),
    ("from mlp_core.testing import subjects\nsubject = subjects.course(lambda a, b, c: None)", ["subject"]),
    (f"def f(model, trace, dL_dy): return trace\ndef backprop(model, y, y_hat):\n{COURSE}", ["backprop", "f"]),
])  # fmt: skip
def test_what_is_found(tmp_path: Path, source: str, found: list[str]) -> None:
    file = written(tmp_path, source)
    names = found_in(file)
    assert [name.rpartition(":")[2] for name in names] == found
    for name in names:
        (one, things) = loaded(name)
        assert laws_of(one.make(*things, (1, 1)))
    assert load(names[0]) is not None


def judged(name: str, group: str = "") -> dict[str, str]:
    """The verdict of every law, of a few examples, in this process."""
    found, things = loaded(name)
    laws = laws_of(found.make(*things, (1, 8)))
    return {law.name: run(law, examples=10).verdict for law in laws if law.judges and group in ("", law.group)}


def files(folder: str, *starts: str) -> list[Any]:
    if not CASES:
        return []
    every = sorted((Path(CASES) / folder).glob("*.py"))
    return [pytest.param(path, id=path.name) for path in every if not starts or path.name[:2] in starts]


@needs_cases
@pytest.mark.parametrize("path", files("contract"))
def test_real_functions_of_the_course_are_right(path: Path) -> None:
    (name,) = found_in(str(path))
    assert set(judged(name).values()) == {"PASS"}


@needs_cases
@pytest.mark.parametrize("path", files("recognised"))
def test_real_rules_and_optimizers_are_recognised(path: Path) -> None:
    (name,) = found_in(str(path))
    (found, things) = loaded(name)
    (reference, *_) = laws_of(found.make(*things, (1, 8)))
    assert run(reference, examples=10).verdict == ("SKIP" if path.name.startswith("torch") else "FAIL")


@needs_cases
@pytest.mark.parametrize("path", files("wild", "01", "04", "06", "07", "44", "46", "62", "63"))
def test_real_functions_in_the_wild(tmp_path: Path, path: Path) -> None:
    """Without the adapters that a user had to write."""
    text = path.read_text(encoding="utf-8").partition("# adapter")[0]
    case: dict[str, Any] = {}
    exec(text[text.index("CASE =") : text.index("import torch")], case)  # noqa: S102  (a record)
    (name,) = found_in(written(tmp_path, text))
    assert (set(judged(name, "one sample").values()) == {"PASS"}) == (case["CASE"]["one"] == "right")
    assert (set(judged(name, "batches").values()) == {"PASS"}) == (case["CASE"]["batch"] == "right")


@needs_cases
@pytest.mark.parametrize("path", files("wild", "60"))
def test_a_numpy_function_of_three_parameters_is_none_of_the_course(tmp_path: Path, path: Path) -> None:
    text = path.read_text(encoding="utf-8").partition("# adapter")[0]
    (name,) = found_in(written(tmp_path, text))
    found, things = loaded(name)
    assert isinstance(found.make(*things, (1, 8)), Form)
    assert [name.rpartition(":")[2] for name in found_in(str(path))] == ["subject"]  # with it
