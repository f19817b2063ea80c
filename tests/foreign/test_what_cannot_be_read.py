"""No cell is dropped in silence: code that an unreadable cell could define is not judged, and the reason names the
cell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kept import GIVES_K, gives, notebook, noted, outcome, script

F, BROKEN = GIVES_K, "def g(:\n    pass\n"

LOST: list[tuple[str, tuple[str, ...]]] = [
    ("backpropagation .*cell 2, line 1", (gives(1), BROKEN + gives(2))),
    ("backpropagation .*cell 1, line 1", (BROKEN + gives(2),)),
    ("backpropagation .*cell 2, line 3", (gives(1), gives(2) + "\nx = f(x)?")),
    ("K .*cell 2, line 2", ("K = 1", "K = 2\nprint 'x'", F)),
    ("K .*cell 2, line 1", ("K = 1\nK = 3", "for K in range(3) print(K)", F)),
    ("K .*cell 1, line 1", ("from constants import (a,\n K", F)),
    ("K .*cell 1, line 1", ("import numpy as K, as", F)),
    ("K .*cell 1, line 2", ("K: int = 3\nreturn K", F)),
    ("K .*cell 2, line 2", ("K = [1]", "K[0] = 2\n)", F)),
    ("K .*cell 2, line 2", ("class K: pass", "K.x = 2\n)", F)),
    ("g .*cell 3, line 1", ("def g(y): return y", "def backpropagation(m, y, o): return g(y)", "def g(y) return -y")),
    ("K .*cell 1, line 1", ("with open('f') as K\n    pass", F)),
    ("K .*cell 1, line 1", ("(K := 3", F)),
    ("K .*is unknown", ("%%julia\nK = 3", F)),
    ("K .*cell 1, line 1: too many nested", ("K = " + "(" * 300 + "1" + ")" * 300, F)),
    ("K .*cell 1", ("K = 1\0", F)),
    ("K .*cell 3, line 1", ("K = 1", F, "if K = 1: pass")),
]  # fmt: skip


@pytest.mark.parametrize(("said", "cells"), LOST, ids=[" | ".join(cells)[:40] for _, cells in LOST])
def test_what_could_be_in_it_is_not_judged(tmp_path: Path, said: str, cells: tuple[str, ...]) -> None:
    words = outcome(notebook(tmp_path / "a.ipynb", *cells))
    assert isinstance(words, str)
    unread = " may be defined in code that cannot be read: .*"
    assert re.match("untested: " + said.replace(" .*", unread, 1), words), words


ELSEWHERE: list[tuple[str, ...]] = [
    ("K = 1", F, BROKEN),
    ("K = 3\n)", "K = 1", F),
    (BROKEN + "K == 1", "K = 1", F),
    ("K = 1", F, "print backpropagation(1, 2, 3)"),
    ("K = 1", F, "train(K=3, f=backpropagation"),
    ("K = 1", F, "%%sql\nselect K from backpropagation"),
    ("K = 1", F, "%run train.py"),
    (gives(2) + "\n)", "K = 1", F),
    ("import K\n)", "K = 1", F),
]


@pytest.mark.parametrize("cells", ELSEWHERE, ids=[" | ".join(cells)[:40] for cells in ELSEWHERE])
def test_what_cannot_be_in_it_is_judged_and_the_cell_is_named(tmp_path: Path, cells: tuple[str, ...]) -> None:
    path = notebook(tmp_path / "a.ipynb", *cells)
    assert outcome(path) == 1
    assert [words for words in noted(path) if words.startswith("not read: a.ipynb, cell")]


SCRIPTS = [
    ("def backpropagation(model, y_true, y_pred)\n    pass", "line 1: expected ':'"),
    (gives(1) + "\nprint 'x'", "line 3: Missing parentheses"),
    (gives(1) + "\n" + "x = " + "[" * 3000, "line 3: too many nested"),
    (gives(1) + "\nx = '\0'", "null bytes"),
    (gives(1) + "\n  x = 3", "line 3: unexpected indent|line 3: unindent"),
]


@pytest.mark.parametrize(("text", "said"), SCRIPTS, ids=[said for _, said in SCRIPTS])
def test_a_script_is_read_whole_or_not_at_all(tmp_path: Path, text: str, said: str) -> None:
    words = outcome(script(tmp_path / "a.py", text))
    assert re.search(f"backpropagation may be defined in code that cannot be read: .*a.py, .*({said})", words), words


def test_a_script_in_the_encoding_that_it_names(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes("# -*- coding: latin-1 -*-\nK = 'ø'\n".encode("latin-1") + GIVES_K.encode())
    assert outcome(path) == "ø"
    path.write_bytes("K = 'ø'\n".encode("latin-1") + GIVES_K.encode())
    assert "can be read as UTF-8" in outcome(path)


NOTED: list[tuple[str, dict[str, object], tuple[str, ...]]] = [
    ("backpropagation is defined in cell 1, line 1 and cell 2, line 1; the last definition was verified", {},
     (gives(2), gives(1))),
    ("backpropagation is defined in cell 1, line 1 and cell 1, line 3; the last definition was verified", {},
     (gives(2) + "\n" + gives(1),)),
    ("g is defined in cell 1, line 1 and cell 2, line 1; the last definition was verified", {},
     ("def g(): return 2", "def g(): return 1", "def backpropagation(m, y, o): return g()")),
    ("cell 1 was run last ([7]); backpropagation was verified in the order of the file", {"counts": (7, 2)},
     (gives(2), gives(1))),
    ("cell 1 was run last ([7]); K was verified in the order of the file", {"counts": (7, 2, 3)},
     ("K = 2", "K = 1", F)),
    ("its cells were run in another order than in the file; the order of the file was verified: [3, 1]",
     {"counts": (3, 1)}, ("K = 1", F)),
]  # fmt: skip


@pytest.mark.parametrize(("said", "options", "cells"), NOTED, ids=[said[:50] for said, _, _ in NOTED])
def test_which_of_two_was_judged_is_said(
    tmp_path: Path, said: str, options: dict[str, object], cells: tuple[str, ...]
) -> None:
    path = notebook(tmp_path / "a.ipynb", *cells, **options)  # type: ignore[arg-type]
    assert outcome(path) == 1
    assert said in noted(path)


@pytest.mark.parametrize("options", [{"counts": (1, 2)}, {"counts": (None, None)}, {"counts": (None, 4)}, {}])
def test_where_there_is_one_in_order_nothing_is_said(tmp_path: Path, options: dict[str, object]) -> None:
    assert noted(notebook(tmp_path / "a.ipynb", "K = 1", F, **options)) == []  # type: ignore[arg-type]


HEAD = "def backpropagation(model, y_true, y_pred):\n    '''Words.'''\n"

STUBS = [
    HEAD + "    # YOUR CODE HERE\n    raise NotImplementedError()",
    HEAD + "    raise NotImplementedError",
    HEAD + "    ...",
    HEAD + "    pass",
    HEAD,
    HEAD + "    delta = ...\n    model.dL_dw[1] = delta",
    HEAD + "    dw, db = None, None\n    # TODO\n    pass\n    return dw, db",
    HEAD + "    return ...",
    HEAD + "    w = model.L\n    # BEGIN\n    raise NotImplementedError('3')\n    # END\n    return w",
    HEAD + "    delta = None\n    return delta",
    HEAD + "    a, b = ..., ...",
    "import torch\nclass Mine(torch.optim.Optimizer):\n    def step(self):\n        raise NotImplementedError",
]  # fmt: skip


@pytest.mark.parametrize("source", STUBS, ids=[s[-30:] for s in STUBS])
def test_an_exercise_that_is_not_filled_in(tmp_path: Path, source: str) -> None:
    words = outcome(notebook(tmp_path / "a.ipynb", source))
    assert str(words).startswith("untested: not filled in: "), words


@pytest.mark.parametrize("source", [
    HEAD + "    return 1",
    HEAD + "    if model:\n        raise NotImplementedError\n    return 1",
    HEAD + "    delta = None\n    delta = y_true\n    return delta",
    "def log(*a):\n    pass\n" + HEAD + "    log(1)\n    return 1",
    "class Base:\n    def forward(self):\n        raise NotImplementedError\n" + HEAD + "    Base()\n    return 1",
])  # fmt: skip
def test_what_is_filled_in(tmp_path: Path, source: str) -> None:
    assert outcome(notebook(tmp_path / "a.ipynb", source)) == 1
