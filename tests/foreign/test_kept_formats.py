"""Notebooks as other tools keep and export them: what the tool makes of the file is judged."""

from __future__ import annotations

import json
from pathlib import Path

import jupytext
import nbformat
import pytest
from kept import GIVES_K, gives, holds, notebook, noted, outcome, script

from mlp_core.testing.foreign.folders import expanded, unread

F = GIVES_K
INDENTED = F.replace("\n", "\n    ")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}

FUNCTION = "@app.function\n" + F
CELL = "@app.cell\ndef _():\n    "

APP = 'import marimo\n\n__generated_with = "0.25.2"\napp = marimo.App(width="medium")\n\n'
RUN = '\n\nif __name__ == "__main__":\n    app.run()\n'

MARIMO = [
    (1, CELL + "K = 1\n    return (K,)\n\n@app.cell\ndef _(K):\n    " + INDENTED + "\n    return (backpropagation,)\n"),
    (1, "@app.cell(hide_code=True)\ndef _():\n    K = 1\n    return\n\n" + FUNCTION),
    (1, "with app.setup:\n    K = 1\n\n" + FUNCTION),
    (1, "with app.setup(hide_code=True):\n    K = 1\n\n@app.function(hide_code=True)\n" + F + "\n"),
    (1, "@app.cell\nasync def _():\n    async def g():\n        return 1\n    K = await g()\n    return (K,)\n\n"
        "" + FUNCTION),
    (1, "@app.class_definition\nclass K:\n    k = 1\n\n" + FUNCTION.replace("K", "K.k") + "\n"),
    (1, CELL + "_k = 1\n    K = _k\n    return (K,)\n\n" + CELL + "_k = 2\n    return\n\n" + FUNCTION),
    (1, CELL + "_k = 1\n    " + INDENTED.replace("K", "_k") + "\n    return\n\n" + CELL + "_k = 2\n    return\n"),
    (1, "" + FUNCTION + "\n\n" + CELL + "K = 1\n    return (K,)\n"),
    (1, "@app.cell\ndef _(mo):\n    mo.md(r'''# words''')\n    return\n\n" + CELL + "import marimo as mo\n    K = 1\n"
        "    return\n\n" + FUNCTION),
    ("marimo does not run it", "@app.cell(disabled=True)\ndef _():\n    K = 1\n    return (K,)\n\n" + FUNCTION),
    ("marimo could not read it", 'app._unparsable_cell(\n    r"""\n    K = = 1\n    """,\n    name="_"\n)\n\n'
        '@app.function\n' + F),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), MARIMO, ids=range(len(MARIMO)))
def test_notebooks_of_marimo(tmp_path: Path, value: object, text: str) -> None:
    found = outcome(script(tmp_path / "a.py", APP + text + RUN))
    assert holds(found, value), found


CELLS: list[tuple[object, tuple[str, ...]]] = [
    (1, ("K = 1", F)),
    (1, ("%matplotlib inline\nK = 1", F)),
    (1, ("%time K = 1", F)),
    (1, ("%%time\nK = 1\n\n\nL = 2", F)),
    (1, ("K = 1", "%%bash\nK=2", F)),
    (1, ("K = 1", "%%timeit\nK = 2", F)),
    (1, ("!pip install \\\n  x\nK = 1", F)),
    (1, ("%run helpers.py", F)),
    (1, ("# words\n\nand more", "K = 1", F)),
    (1, ("K = 1", F, "print(backpropagation(1, 2, 3))  # right?")),
    ("K is defined only by IPython or a shell", ("K = !nproc", F)),
]  # fmt: skip

KEPT = [("py:percent", "a.py"), ("py:light", "a.py"), ("py:hydrogen", "a.py"), ("md", "a.md"), ("Rmd", "a.Rmd"),
        ("md:myst", "a.md"), ("md:myst", "a.myst"), ("Rmd", "a.qmd")]  # fmt: skip


@pytest.mark.parametrize(("form", "name"), KEPT)
def test_notebooks_that_jupytext_keeps_as_text(tmp_path: Path, form: str, name: str) -> None:
    script(tmp_path / "helpers.py", "K = 1")
    for value, cells in CELLS:
        path = notebook(tmp_path / "kept.ipynb", *cells, kernelspec=KERNEL)
        kept = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        found = outcome(script(tmp_path / name, jupytext.writes(kept, fmt=form)))
        assert holds(found, value), (found, cells)


MARKDOWN = [
    (1, "a.md", "Words.\n\n```python\nK = 1\n```\n\n```python\n" + F + "\n```\n"),
    (1, "a.md", "Words.\n\n```python\nK = 1\n```\n\n```bash\nK=2\n```\n\n```python\n" + F + "\n```\n"),
    (1, "a.md", "---\nkernelspec:\n  name: python3\n---\n\n```{code-cell} ipython3\n:tags: [a]\n\nK = 1\n" + F + "\n"
        "```\n"),
    (1, "a.md", "---\ntitle: x\nmarimo-version: 0.25\n---\n\n```python {.marimo}\nK = 1\n```\n\n```python {.marimo}\n"
        "" + F + "\n```\n"),
    (1, "a.Rmd", "---\ntitle: x\noutput: html_document\n---\n\n```{python}\nK = 1\n```\n\n```{r}\nK <- 2\n```\n\n"
        "```{python}\n" + F + "\n```\n"),
    (1, "a.qmd", "---\ntitle: x\njupyter: python3\n---\n\n```{python}\n#| label: a\n#| echo: false\nK = 1\n```\n\n"
        "```{python}\n" + F + "\n```\n"),
    (1, "a.qmd", "```{python}\nK = 1\n```\n\n```python\nK = 2\n```\n\n```{python}\n" + F + "\n```\n"),
    ("it is not run (eval: false)", "a.qmd", "```{python}\n#| label: a\n#| eval: false\nK = 1\n```\n\n```{python}\n"
        "" + F + "\n```\n"),
    ("it is not run (eval: false)", "a.qmd", "---\nexecute:\n  eval: false\n---\n\n```{python}\nK = 1\n```\n\n"
        "```{python}\n" + F + "\n```\n"),
    ("it is not run (eval: false)", "a.Rmd", "```{python, eval=FALSE}\nK = 1\n```\n\n```{python}\n" + F + "\n```\n"),
    ("its kernel is R", "a.Rmd", "---\njupyter:\n  kernelspec:\n    language: R\n    name: ir\n---\n```{r}\nx\n```\n"),
    ("its kernel is R", "a.Rmd", "```{r}\nx <- 3\n```\n"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "name", "text"), MARKDOWN, ids=range(len(MARKDOWN)))
def test_texts_with_cells(tmp_path: Path, value: object, name: str, text: str) -> None:
    found = outcome(script(tmp_path / name, text))
    assert holds(found, value), found


BRICKS, NEXT = "# Databricks notebook source\n", "\n\n# COMMAND ----------\n\n"
COLAB = '# -*- coding: utf-8 -*-\n"""a.ipynb\n\nAutomatically generated by Colab.\n"""\n\n'
OUT = "# Commented out IPython magic to ensure Python compatibility.\n"

EXPORTS = [
    (1, BRICKS + "K = 1" + NEXT + F),
    (1, BRICKS + "# MAGIC %md\n# MAGIC # Title K = 2" + NEXT + "K = 1" + NEXT + F),
    (1, BRICKS + "K = 1" + NEXT + "# MAGIC %sql\n# MAGIC select K as backpropagation" + NEXT + F),
    (1, BRICKS + "# MAGIC %pip install torch" + NEXT + "K = 1" + NEXT + F),
    (1, BRICKS + "# MAGIC %run ./helpers" + NEXT + F),
    (1, BRICKS + "# DBTITLE 1,Constants\n# MAGIC %python\n# MAGIC K = 1" + NEXT + F),
    (1, BRICKS + "# MAGIC %%time\n# MAGIC K = 1" + NEXT + F),
    ("there is no such file", BRICKS + "# MAGIC %run ./nowhere" + NEXT + F),
    (1, COLAB + "!pip install torch\nK = 1\n\n" + F),
    (1, COLAB + OUT + "# %matplotlib inline\nK = 1\n\n" + F),
    (1, COLAB + OUT + "# %%time\n# K = 1\n#\n# L = 2\n\n" + F),
    (1, COLAB + "K = 1\n" + OUT + "# %%bash\n# K=2\n\n" + F),
    (1, COLAB + "K = 1\n" + OUT + "# %%writefile k.py\n# K = 2\n\n" + F),
    (1, COLAB + OUT + "# %time K = 1\n# K = 2 in words\n" + F),
    (1, "#!/usr/bin/env python\n# coding: utf-8\n\n# In[1]:\n\n\nget_ipython().run_line_magic('time', 'K = 1')\n\n\n"
        "# In[2]:\n\n\n" + F),
    (1, "# In[1]:\n\n\nget_ipython().run_cell_magic('time', '', 'K = 1\\n')\n\n\n# In[ ]:\n\n\n" + F),
    (1, "# In[1]:\n\nget_ipython().system('pip install x')\nget_ipython().run_line_magic('pinfo', 'K')\nK = 1\n\n"
        "# In[2]:\n\n" + F),
    (1, "# In[1]:\n\n%%time\nK = 1\n\n# In[2]:\n\n%%bash\nK=2\n\n# In[3]:\n\n" + F),
    (1, "%matplotlib inline\n!pip install x\nK = 1\n\n" + F),
    (1, "K = 1\n\n%%time\n" + F),
    (1, "K = 1\n\n%%bash\nK=2\n\n%%time\n" + F),
    (1, "K = 1\n\n%%bash\nls\n\n" + F),
    (1, "# AUTOGENERATED! DO NOT EDIT! File to edit: ../nbs/00_core.ipynb.\n\n# %% auto #0\n__all__ = ['K']\n\n"
        "# %% ../nbs/00_core.ipynb #1\nK = 1\n\n# %% ../nbs/00_core.ipynb #2\n" + F),
    (3, "# AUTOGENERATED! DO NOT EDIT! File to edit: ../nbs/00_core.ipynb.\n\n# %% ../nbs/00_core.ipynb #1\n"
        "from fake_fastcore import patch\nclass A: pass\n\n# %% ../nbs/00_core.ipynb #2\n@patch\n"
        "def k(self: A): return 3\n\n" + F.replace("K", "A().k()")),
]  # fmt: skip

PATCH = "def patch(f):\n    setattr(f.__annotations__['self'], f.__name__, f)\n"


@pytest.mark.parametrize(("value", "text"), EXPORTS, ids=range(len(EXPORTS)))
def test_scripts_that_other_tools_export(tmp_path: Path, value: object, text: str) -> None:
    script(tmp_path / "helpers.py", "K = 1")
    script(tmp_path / "fake_fastcore.py", PATCH)
    found = outcome(script(tmp_path / "a.py", text))
    assert holds(found, value), found


def test_an_export_keeps_the_lines_of_the_file(tmp_path: Path) -> None:
    path = script(tmp_path / "a.py", BRICKS + gives(2) + NEXT + gives(1))
    assert noted(path) == ["backpropagation is defined in line 2 and line 7; the last definition was verified"]


CODE = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": "K = 1\n" + F}


@pytest.mark.parametrize(("value", "whole"), [
    (1, {"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": [CODE]}),
    (1, {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{**CODE, "id": "a"}]}),
    (1, {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [CODE]}),
    (1, {"nbformat": 4, "nbformat_minor": 9, "metadata": {}, "cells": [{**CODE, "more": 1}]}),
    (1, {"nbformat": 4, "metadata": {}, "cells": [{**CODE, "source": ["K = 1\n", *F.splitlines(keepends=True)]}]}),
    (1, {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"metadata": {}, "cells": [
        {"cell_type": "code", "collapsed": False, "input": "K = 1\n"
        "" + F, "language": "python", "metadata": {}, "outputs": []},
        {"cell_type": "heading", "level": 1, "metadata": {}, "source": "x"}]}]}),
    ("its kernel is haskell", {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{
        "metadata": {}, "cells": [
        {"cell_type": "code", "collapsed": False, "input": "x", "language": "haskell", "metadata": {}, "outputs":
        []}]}]}),
    ("its kernel is R", {"nbformat": 4, "metadata": {"kernelspec": {"name": "ir", "language": "R"}}, "cells": [CODE]}),
    ("its kernel is Julia 1.11", {"nbformat": 4, "metadata": {"kernelspec": {"name": "julia-1.11", "display_name":
        "Julia 1.11"}}, "cells": []}),
    ("its kernel is C#", {"nbformat": 4, "metadata": {"kernelspec": {"name": ".net-csharp", "language": "C#"}},
        "cells": []}),
    ("its kernel is javascript", {"nbformat": 4, "metadata": {"language_info": {"name": "javascript"}}, "cells": []}),
    ("its kernel is SageMath", {"nbformat": 4, "metadata": {"kernelspec": {"name": "sagemath", "language":
        "sage"}}, "cells": []}),
    (1, {"nbformat": 4, "metadata": {"kernelspec": {"name": "conda-env-torch-py", "language": "python"}}, "cells":
        [CODE]}),
    (1, {"nbformat": 4, "metadata": {"kernelspec": {"name": "torch-env", "display_name": "Torch"}}, "cells": [CODE]}),
    ("it is written in sql", {"nbformat": 4, "metadata": {}, "cells": [{**CODE, "metadata": {"vscode": {"languageId":
        "sql"}}}]}),
    (1, {"nbformat": 4, "metadata": {}, "cells": [CODE, {**CODE, "source": "%md\n# K = 2",
                                                         "metadata": {"application/vnd.databricks.v1+cell": {}}}]}),
    ("a Jupyter notebook", {"nbformat": 7, "metadata": {}, "cells": []}),
    ("a Jupyter notebook", {"metadata": {}}),
    ("a Jupyter notebook", []),
])  # fmt: skip
def test_versions_and_kernels(tmp_path: Path, value: object, whole: object) -> None:
    found = outcome(script(tmp_path / "a.ipynb", json.dumps(whole)))
    assert holds(found, value), found


def test_half_a_character_is_no_code(tmp_path: Path) -> None:
    text = json.dumps({"nbformat": 4, "metadata": {}, "cells": [{**CODE, "source": "K = '\ud800'"}, {**CODE,
        "source": F}]})
    assert "K may be defined in code that cannot be read" in outcome(script(tmp_path / "a.ipynb", text))


def test_a_pointer_of_git_lfs_is_said_to_be_one(tmp_path: Path) -> None:
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"
    assert "git lfs pull" in outcome(script(tmp_path / "a.ipynb", text))


def test_without_ipython_and_jupytext_what_is_plain_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlp_core.testing.foreign.reading import magics

    for module in ("IPython.core.inputtransformer2", "jupytext"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    magics._manager.cache_clear()
    try:
        assert outcome(notebook(tmp_path / "a.ipynb", "K = 1", F)) == 1
        words = outcome(notebook(tmp_path / "a.ipynb", "%time K = 1", F))
        assert 'read by IPython' in words
        assert 'pip install "mlp_core[notebooks]"' in words
        words = outcome(script(tmp_path / "a.md", "```python\nK = 1\n```\n"))
        assert 'pip install "mlp_core[notebooks]"' in words
        assert outcome(script(tmp_path / "b.py", "# %%\nK = 1\n# %%\n" + F)) == 1
    finally:
        magics._manager.cache_clear()


def test_of_a_folder_what_is_not_read_is_listed(tmp_path: Path) -> None:
    names = ("a.ipynb", "b.py", "c.md", "d.qmd", "group/e.py", "README.md", "f.R", "g.zip", "group/h.txt",
        ".git/i", "j.md")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    script(tmp_path / "c.md", "---\nkernelspec:\n  name: python3\n---\n")
    script(tmp_path / "d.qmd", "```{python}\nK = 1\n```\n")
    read = [str(tmp_path / name) for name in ("a.ipynb", "b.py", "c.md", "d.qmd", "group/e.py")]
    assert expanded([str(tmp_path)]) == read
    left = [str(tmp_path / name) for name in ("README.md", "f.R", "g.zip", "group/h.txt", "j.md")]
    assert unread([str(tmp_path)]) == left
