"""Reads scripts that other tools export from notebooks (Databricks, Colab, nbconvert), with magics as code or in
comments.

Their cells keep the line numbers of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from mlp_core.testing.foreign.reading.cell import Cell, parsed
from mlp_core.testing.foreign.reading.known_magics import DATABRICKS, RUN_CELL, SHELLS

DATABRICKS_HEAD = "# Databricks notebook source"
COMMAND = re.compile(r"^# COMMAND -+\s*$")

COMMENTED_OUT = "# Commented out IPython magic to ensure Python compatibility."
"""the line that Colab writes above a magic, which it puts in the comments below"""

CELL_MAGIC = re.compile(r"^%%([!\w]+)")
BORDER = re.compile(r"^(?:%%[!\w]|# In ?\[|# %%|# \+|# COMMAND -)")
"""where a cell begins in a script without other marks"""


def is_one(text: str) -> bool:
    """Whether a script was exported by Databricks or Colab."""
    return text.startswith(DATABRICKS_HEAD) or COMMENTED_OUT in text


def read(path: Path, text: str) -> list[Cell]:
    """The cells of a script. There is only one, unless a tool exported the script or it contains a cell magic."""
    label = str(path)
    if text.startswith(DATABRICKS_HEAD):
        return [_databricks(label, start, lines) for start, lines in _between(text.split("\n"))]
    if COMMENTED_OUT in text:
        return list(_colab(label, text.split("\n")))
    if re.search(r"^%%[!\w]", text, re.MULTILINE) and not _is_python(text, label):
        return list(_raw(label, text.split("\n")))
    return [Cell(label, text)]


def _is_python(text: str, label: str) -> bool:
    try:
        parsed(text, label)
    except SyntaxError:
        return False
    return True


def _at(label: str, start: int, lines: list[str], why: str = "") -> Cell:
    return Cell(label, "\n" * start + "\n".join(lines), why=why)


def _between(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    start = 1
    for number, line in enumerate([*lines[1:], "# COMMAND -"], start=1):
        if COMMAND.match(line):
            yield start, lines[start:number]
            start = number + 1


def _databricks(label: str, start: int, lines: list[str]) -> Cell:
    """Reads a Databricks export. A cell that begins with %md, %sql and the like is in that language."""
    code = [re.sub(r"^# MAGIC ?", "", line) for line in lines]
    first = next((k for k, line in enumerate(code) if line.strip() and not line.startswith("#")), None)
    if first is not None and lines[first].startswith("# MAGIC"):
        word = re.match(r"\s*%(\w+)", code[first])
        if word and word[1] in DATABRICKS:
            return _at(label, start, ["" for _ in code])
        if word and word[1] == "python":
            code[first] = ""
    return _at(label, start, code)


def _colab(label: str, lines: list[str]) -> Iterator[Cell]:
    """The lines of a Colab export, with the magics from the comments; a cell magic is a cell of its own."""
    start, code, number = 0, list[str](), 0
    while number < len(lines):
        if lines[number] != COMMENTED_OUT:
            code.append(lines[number])
            number += 1
            continue
        block = list[str]()
        number += 1
        while number < len(lines) and re.match(r"#( |$)", lines[number]) and lines[number] != COMMENTED_OUT:
            block.append(lines[number][2:])
            number += 1
            if block[0].startswith("%") and not block[0].startswith("%%"):
                break  # one line
        if block and block[0].startswith("%%"):
            yield _at(label, start, code)
            yield _at(label, number - len(block), block)
            start, code = number, []
        else:
            code += ["", *block]
    yield _at(label, start, code)


def _raw(label: str, lines: list[str]) -> Iterator[Cell]:
    """A cell magic reaches to the next mark of a cell. If there is none, and the magic does not run its cell in the
    notebook, it is unknown which lines below the first blank line belong to it.
    """
    borders = [0, *(k for k, line in enumerate(lines) if k and BORDER.match(line)), len(lines)]
    marked = any(re.match(r"# In ?\[|# %%|# COMMAND -", line) for line in lines)
    for start, end in pairwise(borders):
        magic = CELL_MAGIC.match(lines[start])
        if magic is None or magic[1] in RUN_CELL or marked:
            yield _at(label, start, lines[start:end])
            continue
        first = next((k for k in range(start, end) if not lines[k].strip()), end)
        yield _at(label, start, lines[start:first])
        python = _first_of_python(label, lines, first, end) if magic[1] in SHELLS else end
        if any(line.strip() for line in lines[first:python]):
            yield _at(label, first, lines[first:python], f"the end of the cell with %%{magic[1]} above it is unknown")
        if any(line.strip() for line in lines[python:end]):
            yield _at(label, python, lines[python:end])


def _first_of_python(label: str, lines: list[str], start: int, end: int) -> int:
    """The line, below a blank line, from which the code is Python to its end, and which cannot be a line of a shell."""
    for k in range(start, end):
        if re.match(r"import \w|from \S+ import |(def|class) \w|@\w", lines[k]) and not lines[k - 1].strip():
            return k if _is_python("\n".join(lines[k:end]), label) else end
    return end
