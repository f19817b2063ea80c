#!/usr/bin/env bash
# jupytext 1.19.6, its format py:sphinx, the script of a notebook that has a cell of %%bash.
# Seen: the lines of the shell stand in the script as Python code, without their %%bash. Read back, they are a cell of
#   Python: `ls` is a name, and `K=2` sets a variable of the notebook.
# A good engineer would guess: as in py:percent and py:light, where the cell is a comment marked language="bash", and
#   comes back as it was.
# Why: the magic is taken out of the cell into its metadata, and this format has no place for metadata.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check jupytext==1.19.6 nbformat==5.11.1
"$folder/venv/bin/python" - <<'PY'
import sys

import jupytext
from nbformat.v4 import new_code_cell, new_notebook

print("jupytext", jupytext.__version__)
kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
cells = [new_code_cell("K = 1"), new_code_cell("%%bash\nK=2"), new_code_cell("print(K)")]
notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
back = {}
for form in ("py:percent", "py:light", "py:sphinx"):
    read = jupytext.reads(jupytext.writes(notebook, fmt=form), fmt=form)
    back[form] = [cell.source for cell in read.cells if cell.cell_type == "code" and "2" in cell.source]
    print(f"{form}: the cell comes back as {back[form]}")
EXPECTED = {"py:percent": ["%%bash\nK=2"], "py:light": ["%%bash\nK=2"], "py:sphinx": ["K=2"]}
if back != EXPECTED:
    sys.exit("changed: the cell comes back otherwise")
PY
