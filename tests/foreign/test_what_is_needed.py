"""Whatever a definition needs is run, wherever it stands: loops, with, await, files that are run or imported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kept import GIVES_K, notebook, outcome, script

from mlp_core.testing.engine.evidence import place_of

F = GIVES_K
GIVEN = "import functools\n@functools.singledispatch\ndef given(x): return 1\n"

NEEDED: list[tuple[object, tuple[str, ...]]] = [
    (1, ("async def load():\n    return 1\nK = await load()", F)),
    (3, ("import contextlib\nasync def many():\n    for i in (1, 3): yield i\nasync for i in many():\n    K = i", F)),
    (1, ("import contextlib\nwith contextlib.nullcontext(1) as K:\n    pass", F)),
    (1, ("import torch\nwith torch.no_grad():\n    K = 1", F)),
    (2, ("for K in range(3):\n    pass", F)),
    ({"a": 1, "b": 2}, ("K = {}", "for name, value in [('a', 1), ('b', 2)]:\n    K[name] = value", F)),
    ([1, 2], ("K = []", "for k in (1, 2):\n    K.append(k)", F)),
    (1, ("try:\n    import nothing_of_the_kind\nexcept ImportError:\n    K = 1", F)),
    (1, ("K = 1\nif False:\n    K = 2", F)),
    (1, ("if False:\n    K = 2\nelse:\n    K = 1", F)),
    (2, ("K = 1\nfor k in (1,):\n    K = 2", F)),
    (1, ("K = 1\nfor k in ():\n    K = 2", F)),
    (1, ("while (K := 1) > 3:\n    pass", F)),
    (3, ("print(K := 3)", F)),
    (2, ("x = [K := 2 for _ in (1,)]", F)),
    (1, ("match [1, 2]:\n    case [K, _]:\n        pass", F)),
    ([1, 2], ("K = [1]\nK.append(2)", F)),
    ({1: 2}, ("K = {}\nK.update({1: 2})", F)),
    (1, ("def start():\n    global K\n    K = 1\nstart()", F)),
    (1, ("if __name__ == '__main__':\n    K = 1", F)),
    (2, (f"{GIVEN}@given.register\ndef _(x: int): return 2\nK = given(0)", F)),
    (3, (f"{GIVEN}given.register(int, lambda x: 3)\nK = given(0)", F)),
    (1, ("from helpers import K", F)),
    (2, ("import helpers\nK = helpers.twice(1)", F)),
    (1, ("from helpers import *", F)),
    (1, ("%run helpers.py", F)),
    (1, ("%run ./helpers", F)),
    (1, ("%run -i helpers.py 3", F)),
    (7, ("%run other.ipynb", F)),
    (1, ("from part.inner import K", F)),
    (1, ("%run -m part.inner", F)),
    (1, ("K = 2\n%run helpers.py", F)),
    (2, ("%run helpers.py\nK = 2", F)),
    (1, ("%run helpers.py\n%run again.py", F)),
]


@pytest.mark.parametrize(("value", "cells"), NEEDED, ids=[" | ".join(cells)[:40] for _, cells in NEEDED])
def test_what_is_needed_is_run(tmp_path: Path, value: object, cells: tuple[str, ...]) -> None:
    script(tmp_path / "helpers.py", "K = 1\ndef twice(x):\n    return 2 * x\n")
    script(tmp_path / "again.py", "from helpers import K\n")
    (tmp_path / "part").mkdir()
    script(tmp_path / "part" / "inner.py", "K = 1\n")
    notebook(tmp_path / "other.ipynb", "K = 7")
    assert outcome(notebook(tmp_path / "a.ipynb", *cells)) == value


@pytest.mark.parametrize(("text", "value"), [
    ("from .helpers import K\n", 1),
    ("from . import helpers\nK = helpers.K\n", 1),
    ("from ..top import K\n", 5),
])  # fmt: skip
@pytest.mark.parametrize("package", [True, False])
def test_what_a_script_imports_of_its_own_package(tmp_path: Path, text: str, value: int, package: bool) -> None:
    folder = tmp_path / "outer" / "inner"
    folder.mkdir(parents=True)
    script(folder / "helpers.py", "K = 1\n")
    script(folder.parent / "top.py", "K = 5\n")
    if package:
        for one in (folder, folder.parent):
            script(one / "__init__.py", "")
    elif value == 5:
        pytest.skip("without __init__.py the folder above is no part of it")
    assert outcome(script(folder / "a.py", text + F)) == value


@pytest.mark.parametrize(("text", "said"), [
    ("import nothing_of_the_kind as K\n", r"a.py, line 1: import nothing_of_the_kind as K"),
    ("K = [1][2]\n", r"a.py, line 1: K = \[1\]\[2\]"),
    ("import broken as K\n", r"a.py, line 1: import broken as K|broken.py, line 1"),
    ("import fails as K\n", r"fails.py, line 1: 1/0"),
    ("from .nowhere import K\n", r"a.py, line 1: from .nowhere import K"),
])  # fmt: skip
def test_what_fails_is_named_by_a_line_of_the_hand_in(tmp_path: Path, text: str, said: str) -> None:
    script(tmp_path / "broken.py", "K = (\n")
    script(tmp_path / "fails.py", "1/0\n")
    with pytest.raises(Exception) as caught:  # noqa: PT011  (whatever it is, it is of the user's own line)
        outcome(script(tmp_path / "a.py", text + F))
    assert re.fullmatch(said, place_of(caught.value)), place_of(caught.value)


def test_files_that_run_each_other_end(tmp_path: Path) -> None:
    notebook(tmp_path / "b.ipynb", "%run a.ipynb", "K = 1")
    assert outcome(notebook(tmp_path / "a.ipynb", "%run b.ipynb", F)) == 1
