"""Constants that another file is executed for; exercises by what the judged function reaches; scripts of raw magics."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from kept import GIVES_K, gives, holds, notebook, outcome, script

from mlp_core.testing.foreign.listed import head_of
from mlp_core.testing.foreign.stubs import stub

F = GIVES_K


@pytest.mark.parametrize(("value", "line"), [
    (7, "exec(open('consts.py').read())"),
    (7, "exec(open('consts.py', encoding='utf-8').read(), globals())"),
    (7, "exec(compile(open('consts.py').read(), 'consts.py', 'exec'))"),
    (7, "exec(compile(open('consts.py', 'rb').read(), filename='consts.py', mode='exec'))"),
    (7, "with open('consts.py') as f:\n    exec(f.read())"),
    (7, "with open('consts.py') as f:\n    exec(compile(f.read(), 'consts.py', 'exec'), globals())"),
    (7, "from pathlib import Path\nexec(Path('consts.py').read_text())"),
    (7, "import pathlib\nexec(pathlib.Path('consts.py').read_text(encoding='utf-8'))"),
    (7, "import io\nexec(io.open('./consts.py').read())"),
    (7, "exec(open('folder/more consts.py').read())"),
    ("untested: K may be defined in code that cannot be read", "exec(open('nowhere.py').read())"),
    ("there is no such file", "exec(open('nowhere.py').read())"),
], ids=range(12))  # fmt: skip
def test_what_is_executed_from_a_file_is_reached(tmp_path: Path, value: object, line: str) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("consts.py", "folder/more consts.py"):
        script(tmp_path / name, "K = 7\nraise_nothing = 1\n")
    for path in (script(tmp_path / "a.py", f"{line}\n\n{F}"), notebook(tmp_path / "a.ipynb", line, F)):
        found = outcome(path)
        assert holds(found, value), found


USES = "def backpropagation(model, y_true, y_pred):\n    return delta(y_true) + 1\n"


@pytest.mark.parametrize(("value", "text"), [
    ("not filled in: delta, which backpropagation uses (line 1)", f"def delta(y): pass\n{USES}"),
    ("not filled in: delta, which backpropagation uses (line 3)",
     f"def delta(y):\n    # TODO\n    raise NotImplementedError\n{USES}"),
    ("not filled in: delta", f"def delta(y):\n    out = None\n    return out\n{USES}"),
    ("not filled in: delta", f"def delta(y):\n    out = ...\n    return out\n{USES}"),
    (3, f"def delta(y): return 2\ndef other(y): raise NotImplementedError\n{USES}"),
    (2, "def log(y): pass\ndef backpropagation(model, y_true, y_pred):\n    log(y_true)\n    return 2\n"),
    (2, ("class Base:\n    def f(self): raise NotImplementedError\nclass Two(Base):\n    def f(self): return 2\n"
         "def backpropagation(model, y_true, y_pred):\n    return Two().f()\n")),
], ids=range(7))  # fmt: skip
def test_an_exercise_that_the_judged_function_reaches_is_not_filled_in(
    tmp_path: Path, value: object, text: str
) -> None:
    found = outcome(script(tmp_path / "a.py", text))
    assert holds(found, value), found


CLASS = """class Net:
    def __init__(self):
        raise NotImplementedError
    def predict(self, x):
        pass
    def backprop(self, y_true, y_pred):
        self.help(y_true)
        self.dL_dw = 1
    def help(self, y):
        return HELPED
"""


def test_of_a_class_the_judged_method_and_those_it_uses_are_looked_at() -> None:
    filled, unfilled = (ast.parse(CLASS.replace("HELPED", value)).body[0] for value in ("1", "..."))
    assert stub(filled) == 3
    assert (stub(filled, "backprop"), stub(unfilled, "backprop"), stub(filled, "predict")) == (None, 10, 5)


@pytest.mark.parametrize(("value", "text"), [
    (2, "%%bash\npip install torch\n\nimport math\n" + gives(2)),
    (2, "%%!\nls\n\n\nfrom math import pi\nK = 2\n" + F),
    ("above it is unknown", "%%writefile a.py\nK = 1\n\nfrom math import pi\nK = 2\n" + F),
    ("above it is unknown", "%%html\n<b>\n\nfrom math import pi\nK = 2\n" + F),
    (2, "import math\n%%sh\nls\n\n@staticmethod\ndef g():\n    return 2\n" + gives("2")),
    ("the end of the cell with %%bash above it is unknown", "%%bash\nls\n\nK=2\n\nimport math\n" + F),
    ("above it is unknown", "%%bash\nls\n\nimport -window root a.png\n" + gives(2) + "\n)"),
    (2, "%%bash\nls\n\nK=1\n\nimport math\nK = 2\n" + F),
], ids=range(8))  # fmt: skip
def test_python_below_a_raw_magic_is_read_from_where_nothing_else_has_its_words(
    tmp_path: Path, value: object, text: str
) -> None:
    found = outcome(script(tmp_path / "a.py", text))
    assert holds(found, value), found


@pytest.mark.parametrize(("name", "form"), [
    ("accuracy", None), ("mse_loss", None), ("plot_predictions", None), ("f1_score", None), ("evaluate", None),
    ("loss_gradient", "course"), ("backprop_loss", "course"), ("gradients", "course"), ("f", "course"),
    ("logistic_backward", "course"), ("catalogue", "course"),
])  # fmt: skip
def test_what_measures_is_not_taken_for_what_propagates(name: str, form: str | None) -> None:
    (node,) = ast.parse(f"def {name}(model, y_true, y_pred): return 1").body
    assert isinstance(node, ast.FunctionDef)
    assert head_of(node).form(chosen=False) == form
    assert head_of(node).form(chosen=True) == "course"
