"""Reads Jupyter notebooks, nbformat 3 to 4.5: their code cells, if they are Python."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.base.extras import BASE, need
from mlp_core.testing.foreign.reading.cell import Cell
from mlp_core.testing.foreign.reading.known_magics import DATABRICKS

PYTHON = frozenset({"python", "ipython", "python3", "ipython3", "python2", "py", "pyspark"})


def read(path: Path, text: str) -> list[Cell]:
    """The code cells of a notebook. Raises ArgumentError for other files, and for notebooks in other languages than
    Python.
    """
    nbformat = need("nbformat", BASE)
    if text.startswith("version https://git-lfs"):
        raise ArgumentError("subject", Described(str(path)), "a notebook (this is a Git LFS pointer: run git lfs pull)")
    try:
        notebook = _as_version_4(nbformat, text)
    except Exception as error:  # whatever is wrong with it: not JSON, no notebook, an unknown version
        first = str(error).strip().split("\n")[0]
        raise ArgumentError("subject", Described(str(path)), f"a Jupyter notebook ({first[:200]})") from error
    return cells(path, notebook)


def _as_version_4(nbformat: Any, text: str) -> Any:
    """Ignores what nbformat itself only warns about, such as missing ids."""
    notebook = nbformat.reader.reads(text)
    if notebook["nbformat"] == 4:
        return notebook
    languages = {c["language"] for sheet in notebook.get("worksheets", ()) for c in sheet["cells"] if "language" in c}
    converted = nbformat.convert(notebook, 4)  # this drops the languages
    if languages:
        converted.metadata["kernelspec"] = {"language": " and ".join(sorted(languages))}
    return converted


def cells(path: Path, notebook: Any) -> list[Cell]:
    """The cells with code, each with its number among all cells. Raises ArgumentError for another language."""
    language = language_of(notebook.get("metadata", {}))
    if language.lower() not in PYTHON:
        raise ArgumentError("subject", Described(str(path)), f"a notebook in Python (its kernel is {language})")
    return [
        Cell(f"{path}, cell {number}", source_of(cell), cell.get("execution_count"), why=_not_run(cell))
        for number, cell in enumerate(notebook["cells"], start=1)
        if cell.get("cell_type") == "code"
    ]


def language_of(metadata: Any) -> str:
    """The language of a notebook's kernel; Python if it names none.

    >>> language_of({"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}), language_of({})
    ('R', 'python')
    """
    kernel, info = metadata.get("kernelspec") or {}, metadata.get("language_info") or {}
    if kernel.get("name") == "sagemath":
        return "SageMath"
    language = kernel.get("language") or info.get("name")
    named = re.match(r"ir$|julia|javascript|deno|xcpp|bash|octave|matlab|scala|\.net-csharp", kernel.get("name") or "")
    return str(language or (kernel.get("display_name") or kernel["name"] if named else "python"))


def source_of(cell: Any) -> str:
    """The source of a Databricks cell; if it is in another language, as a cell magic."""
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    first = re.match(r"\s*%(\w+)", text)
    if first and first[1] in DATABRICKS and "application/vnd.databricks.v1+cell" in cell.get("metadata", {}):
        return text.replace("%", "%%", 1).replace("%%r", "%%script r").replace("%%md", "%%markdown")
    return str(text)


def _not_run(cell: Any) -> str:
    """The reason why the tool of its format does not run a cell; empty if it runs it."""
    metadata, text = cell.get("metadata", {}), str(cell.get("source", ""))
    language = metadata.get("vscode", {}).get("languageId", "python")
    if language != "python":
        return f"it is written in {language}"
    if metadata.get("eval") is False or re.search(r"\A(?:#\|.*\n)*#\|\s*eval:\s*false", text):
        return "it is not run (eval: false)"
    return ""
