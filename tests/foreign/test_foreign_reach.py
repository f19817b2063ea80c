"""Only what a hand-in's function reaches is run: its imports, helpers and constants, wherever the file defines them."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

from mlp_core import ArgumentError
from mlp_core.testing.foreign.folders import expanded
from mlp_core.testing.foreign.load import found_in, load, statements_of
from mlp_core.testing.foreign.reach import Statement, reached
from mlp_core.testing.foreign.reading.cell import Cell
from mlp_core.testing.report.names import split


def run_for(source: str, name: str = "f") -> list[str]:
    """The statements that are run for `name`, the first line of each."""
    statements = [Statement(node, "here") for node in Cell("here", source).statements()]
    return [ast.unparse(s.node).split("\n")[0] for s in reached(statements, name)]


@pytest.mark.parametrize(("source", "wanted"), [
    ("import torch, numpy\nimport missing\ndef f(x): return torch.ones(x)", {"import torch, numpy"}),
    ("def f(x): return g(x)\ndef g(x): return h(x)\ndef h(x): return x", {"def g(x):", "def h(x):"}),
    ("RATE = 2\nMORE = RATE * 2\nELSE = 3\ndef f(x): return x * MORE", {"RATE = 2", "MORE = RATE * 2"}),
    ("loss = train()\ndef f(x):\n    loss = x\n    return loss", set()),
    ("model = Net()\ndef f(model): return model", set()),
    ("def f(x: Net) -> Net: return x", set()),
    ("def f(x, k=K): return x\nK = 3", {"K = 3"}),
    ("K = [1]\nK[0] = 2\nK += [3]\ndef f(x): return K", {"K = [1]", "K[0] = 2", "K += [3]"}),
    ("import torch\ntorch.ones = None\ndef f(x): return torch.ones(x)", {"import torch"}),
    ("try:\n    import jax\nexcept ImportError:\n    jax = None\ndef f(x): return jax", {"try:"}),
    ("def f(x): return [g(k) for k in range(x)]\ng = lambda k: k + ONE\nONE = 1", {"g = lambda k: k + ONE", "ONE = 1"}),
    ("for i in range(3):\n    print(i)\nprint(f(1))\ndef f(x): return x", set()),
    ("def f(x): return 1\ndef f(x): return K\nK = 1", {"K = 1"}),
    ("from math import *\ndef f(x): return sqrt(x)", {"from math import *"}),
    ("class Net:\n    def go(self): return K\nK = 1\ndef f(x): return Net()", {"class Net:", "K = 1"}),
    ("a: int = 3\ndef f(x): return a", {"a: 'int' = 3"}),
    ("a = [1]\na[0]: Net = 2\ndef f(x): return a", {"a = [1]", "a[0]: 'Net' = 2"}),
    ("x, y = 1, 2\ndef f(z): return y", {"x, y = (1, 2)"}),
], ids=lambda value: value[:40] if isinstance(value, str) else "")  # fmt: skip
def test_what_is_run(source: str, wanted: set[str]) -> None:
    found = run_for(source)
    assert {line for line in found if not line.startswith("def f(")} == wanted
    assert sum(line.startswith("def f(") for line in found) == 1


def test_the_annotations_of_a_class_make_its_fields(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    head = "from dataclasses import dataclass\n@dataclass\nclass Message:\n    delta: Tensor\n    scale: float = 2\n"
    file.write_text(head + "def backprop(model, y_true, y_pred): return Message(y_true)")
    message = load(f"{file}:backprop")(None, 3, None)
    assert (message.delta, message.scale) == (3, 2)


def test_the_annotations_of_a_rule_s_fields_are_its_domains(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(
        "from dataclasses import dataclass\nfrom typing import Annotated, ClassVar\nfrom annotated_types import Ge\n"
        "from mlp_core import rules\n@dataclass(frozen=True)\nclass Mine(rules.UpdateRule):\n"
        "    lr: Annotated[float, Ge(LOWEST)] = 0.1\n    slots: ClassVar = ('v',)\nLOWEST = 0\n"
    )
    rule = load(f"{file}:Mine")
    assert rule(lr=1.0).slots == ("v",)
    with pytest.raises(ArgumentError, match=r"lr: got -1\.0"):
        rule(lr=-1.0)


def test_what_is_needed_at_once_is_run_before() -> None:
    found = run_for("@twice\ndef f(x): return K\nK = L\ndef twice(g): return g\nL = 1")
    assert found.index("def twice(g):") < found.index("@twice")
    assert found.index("L = 1") < found.index("K = L")


@pytest.mark.parametrize(("source", "found"), [
    ("def delta(y_true, y_pred): pass\ndef f(model, y_true, y_pred): pass", ["f"]),
    ("def g(model, y_true, y_pred): pass\ndef f(model, y_true, y_pred): g(model, y_true, y_pred)", ["f"]),
    ("def f(model, y_true, y_pred): pass\ndef g(model, trace, dL_dy): pass", ["f", "g"]),
    ("def my_backprop(net, y, out): pass\ndef backprop(x): pass", ["my_backprop"]),
    ("class Mine(torch.optim.Optimizer): pass\nclass Net(nn.Module): pass", ["Mine"]),
])  # fmt: skip
def test_what_is_recognised(tmp_path: Path, source: str, found: list[str]) -> None:
    path = tmp_path / "a.py"
    path.write_text(source)
    assert found_in(str(path)) == [f"{path}:{name}" for name in found]


def notebook(path: Path, *cells: str) -> Path:
    written = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])  # type: ignore[no-untyped-call]
    nbformat.write(written, path)  # type: ignore[no-untyped-call]
    return path


def test_the_statements_of_a_file_and_what_of_it_is_none(tmp_path: Path) -> None:
    statements, broken = statements_of(notebook(tmp_path / "a.ipynb", "x = 1", "y = = 2", "z = 3"))
    assert [set(s.binds) for s in statements] == [{"x"}, {"z"}]
    assert [words.removeprefix(str(tmp_path)) for words in broken] == ["/a.ipynb, cell 2, line 1: invalid syntax"]


def test_helpers_in_other_cells_of_a_notebook(tmp_path: Path) -> None:
    path = notebook(
        tmp_path / "solution.ipynb",
        "%matplotlib inline\nimport missing",
        "def backpropagation(model, y, out):\n    return g(y)",
        "backpropagation(1, 2, 3)\nraise SystemExit",
        "def g(y):\n    return y + 1",
    )
    assert found_in(str(path)) == [f"{path}:backpropagation"]
    assert load(str(path))(None, 1, None) == 2


def test_a_file_without_a_subject_says_what_was_looked_for_and_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "hand_in.py"
    path.write_text("def train(model, x): pass\nclass Net: pass\n")
    with pytest.raises(ArgumentError, match=r"y_pred.*found train\(model, x\) \(line 1\), class Net \(line 2\)"):
        found_in(str(path))
    with pytest.raises(ArgumentError, match=r"a definition in .*; found train\(model, x\) "):
        found_in(f"{path}:trian")


@pytest.mark.parametrize(("name", "text", "said"), [
    ("a.ipynb", "hello", "a Jupyter notebook"),
    ("a.ipynb", "[1, 2]", "a Jupyter notebook"),
    ("a.py", "def train(model)\n    pass", r"cannot be read: .*a.py, line 1: expected ':'"),
    ("a.txt", "", r"a script \(.py\) or a notebook"),
])  # fmt: skip
def test_what_is_no_code(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ArgumentError, match=said):
        found_in(str(tmp_path / name))


def test_a_folder_is_what_is_in_it(tmp_path: Path) -> None:
    for name in ("b.py", "a.ipynb", "notes.txt", ".ipynb_checkpoints/a-checkpoint.ipynb", "group/c.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert expanded([str(tmp_path)]) == [str(tmp_path / name) for name in ("a.ipynb", "b.py", "group/c.py")]
    assert split("x.py:f") == (Path("x.py"), "f")
