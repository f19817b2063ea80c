"""The code of a notebook's cells is what IPython makes of them."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from kept import GIVES_K, gives, notebook, outcome

from mlp_core.testing.foreign.reading import magics
from mlp_core.testing.foreign.reading.cell import Cell

F = GIVES_K

READ: list[tuple[object, tuple[str, ...]]] = [
    (1, ("%matplotlib inline\nK = 1 # sum or mean?", F)),
    (1, ("!pip install --quiet \\\n    torch\nK = 1", F)),
    (1, ("pip install torch\nK = 1", F)),
    (1, ("pip install torch", "K = 1", F)),
    (1, ("%time K = 1", F)),
    (2, ("%time K = 1\nK += 1", F)),
    (3, ("K = %time 1 + 2", F)),
    (1, ("%prun -l 5 K = 1", F)),
    (1, ("%%time\nK = 1", F)),
    (1, ("%%time\n%%capture\nK = 1", F)),
    (1, ("%%capture out\nK = 1\n!ls", F)),
    (1, ("%%prun -s cumulative\nK = 1", F)),
    (1, ("\n\n%%time\n\nK = 1  # why?", F)),
    (1, ("%%time\n" + gives(1) + "  # sum?",)),
    (1, ("K = 1", "%%timeit -n 1 -r 1\nK = 2", F)),
    (1, ("K = 1", "%%python\nK = 2", F)),
    (1, ("K = 1", "%%bash\nK=2", F)),
    (1, ("K = 1", "%%html\n<b>K = 2</b>", F)),
    (1, ("K = 1", "%%R\nK <- 2", F)),
    (1, ("K = 1", "%timeit -n 1 -r 1 K = 2", F)),
    (1, ("K = 1", "%%javascript\nvar K = 2", F)),
    (1, ("%%writefile helpers.py\nK = 1", "from helpers import K", F)),
    (1, ("%%writefile part/helpers.py\nK = 1", "from part.helpers import K", F)),
    (1, ("%%file helpers.py\nK = 1", "import helpers\nK = helpers.K", F)),
    (1, ("%%writefile helpers.py\nK = 1", "%run helpers.py", F)),
    (1, ("?print\nK = 1\nprint?\nK?", F)),
    (1, ("if True:\n    !ls\n    %time K = 1\n", F)),
    (1, ("  K = 1", F)),
    (1, (">>> K = 1", F)),
    (1, ("%load_ext autoreload\n%autoreload 2\nK = 1", F)),
    (1, ("%lprun -f backpropagation backpropagation(0, 1, 2)\nK = 1", F)),
    (1, ("get_ipython().run_line_magic('time', 'K = 1')", F)),
    (1, ("get_ipython().run_cell_magic('time', '', 'K = 1\\n')", F)),
    (1, ("get_ipython().magic(u'time K = 1')", F)),
    (1, ("text = '''\n%time K = 2\n'''\nK = 1", F)),
    (1, ("def backpropagation(model, y_true, y_pred):\n    !ls\n    return 1",)),
    (1, ("display(1)\nK = 1", "def backpropagation(model, y_true, y_pred):\n    display(K)\n    return K")),
    (True, ("IN_COLAB = 'google.colab' in str(get_ipython())", "K = True", F)),
]


@pytest.mark.parametrize(("value", "cells"), READ, ids=[" | ".join(cells)[:50] for _, cells in READ])
def test_what_a_notebook_means(tmp_path: Path, value: object, cells: tuple[str, ...]) -> None:
    assert outcome(notebook(tmp_path / "a.ipynb", *cells)) == value


UNKNOWN: list[tuple[str, tuple[str, ...]]] = [
    ("cell 1, line 1: K is defined only by IPython or a shell", ("K = !nproc", F)),
    ("cell 1, line 2: K is defined only by IPython or a shell", ("import os\nK = %env HOME", F)),
    ("cell 1, line 1: K is defined only by IPython or a shell", ("%%bash --out K\nls", F)),
    ("cell 1, line 1: K is defined only by IPython or a shell", ("%%capture K\nprint(1)", F)),
    ("cell 1, line 1: K is defined only by IPython or a shell", ("%%R -o K\nK <- 3", F)),
    ("cell 1, line 1: K is defined only by IPython or a shell", ("%store -r K", F)),
    ("cell 1, line 1: the magic %%sql is unknown", ("%%sql K <<\nselect 1", F)),
    ("cell 2, line 1: the magic %%cython is unknown", ("K = 1", "%%cython\ndef K():\n    pass", F)),
    ("cell 1, line 2: %run missing.py: there is no such file", ("import torch\n%run missing.py", F)),
    ("cell 1, line 1: IPython does not run code in the line of %%time", ("%%time print(1)\nK = 1", F)),
    ("cell 1, line 2: %strange: the magic %strange is unknown", ("x = 1\n%strange K << 1", F)),
]  # fmt: skip


@pytest.mark.parametrize(("said", "cells"), UNKNOWN, ids=[" | ".join(cells)[:50] for _, cells in UNKNOWN])
def test_what_only_ipython_knows_is_the_reason(tmp_path: Path, said: str, cells: tuple[str, ...]) -> None:
    words = outcome(notebook(tmp_path / "a.ipynb", *cells))
    assert words.startswith("untested: ")
    assert said in words


SHELL = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
for cells in json.load(sys.stdin):
    shell.user_ns.pop("K", None)
    for cell in cells:
        shell.run_cell(cell, silent=True)
    print("value", json.dumps(shell.user_ns["backpropagation"](None, 1, None)))
"""

ASKS = (
    "!", "pip", "bash", "%%R",
    "autoreload", "lprun", "%%html", "%%java", "%%file", "writefile", "matplotlib", "prun", "torch",
    ".magic(u", "display(",
)  # fmt: skip
"""what would ask for a shell, write, print pages, import what is large, or is of an older IPython"""


def test_what_is_read_is_what_a_shell_of_ipython_defines() -> None:
    """The same cells, run by IPython itself."""
    run = [(value, cells) for value, cells in READ if not any(word in "".join(cells) for word in ASKS)]
    assert len(run) > 15
    command, cells = [sys.executable, "-c", SHELL], json.dumps([cells for _, cells in run])
    done = subprocess.run(command, input=cells, capture_output=True, text=True, check=False)  # noqa: S603  (ours)
    assert done.returncode == 0, done.stderr
    values = [json.loads(line.removeprefix("value ")) for line in done.stdout.split("\n") if line.startswith("value ")]
    assert values == [value for value, _ in run]


@pytest.mark.parametrize(("cell", "left"), [
    ("%matplotlib inline\nx = 1", "pass\nx = 1"),
    ("if True:\n    !ls\ny = 2", "if True:\n    pass\ny = 2"),
    ("%%time\nx = 1", "x = 1"),
    ("%%bash\nrm -r x", ""),
    ("torch.nn?", "pass"),
    ("x = (3\n% 2)", "x = 3 % 2"),
])  # fmt: skip
def test_the_statements_of_a_cell(cell: str, left: str) -> None:
    assert "\n".join(ast.unparse(node) for node, _ in magics.read(Cell("here", cell)).nodes) == left


@pytest.mark.parametrize("cell", [
    "!pip install \\\n  torch \\\n  numpy\n%time x = 1\ny = 1/0",
    "\n\n%%time\n\n\ny = 1/0",
    "%%capture\n%time x = 1\n!ls \\\n -l\n\ny = 1/0",
    "# words\n%matplotlib inline\n\n\n\ny = 1/0",
])  # fmt: skip
def test_every_line_keeps_its_number(cell: str) -> None:
    nodes = magics.read(Cell("here", cell)).nodes
    assert nodes[-1][0].lineno == 6 - (cell[0] == "!")
