"""Reads notebooks kept as text, with jupytext: scripts in percent and light format, Markdown, R Markdown, MyST,
Quarto."""

from __future__ import annotations

import re
from pathlib import Path

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.base.extras import MissingExtra, need
from mlp_core.testing.foreign.reading import notebooks
from mlp_core.testing.foreign.reading.cell import Cell
from mlp_core.testing.foreign.reading.magics import EXTRA

FORMATS = {
    ".md": "md", ".markdown": "md", ".myst": "md:myst", ".mystnb": "md:myst", ".mnb": "md:myst",
    ".Rmd": "Rmd", ".rmd": "Rmd",
    ".qmd": "Rmd",  # its chunks are like R Markdown's; jupytext's own reader would run quarto
}  # fmt: skip

HEADER = re.compile(r"\A(?:#!.*\n|# -\*-.*\n|\s*\n)*# ---\n(?:#.*\n)*?# +(?:jupyter|jupytext):(?:.*\n)*?# ---\n")
"""the header that jupytext writes at the top of a script"""

MARKED = re.compile(r"^# %%(?:\s|$)", re.MULTILINE)
COMMENTED = re.compile(r"^#\s?(?:[%!](?!%\s)\S|\w+ = [%!]|\+.*active=)|^[%!]\w", re.MULTILINE)
"""the cells of a script, and the parts that are in comments: magics, and cells that only a notebook has"""

KERNEL = re.compile(r"^(?:# )?\s*kernelspec:\n((?:# )?\s+)(?:\S.*\n)(?:\1\S.*\n)*", re.MULTILINE)

OF_A_NOTEBOOK = re.compile(
    r"^\s*(?:jupyter|jupytext|kernelspec):|^```\{(?:python|code-cell)|^```python.*\.marimo", re.MULTILINE
)
"""shows that a text contains a notebook"""


def is_script(text: str) -> bool:
    """Whether a script contains a notebook with magics in its comments."""
    return bool((HEADER.match(text) or MARKED.search(text)) and COMMENTED.search(text))


def keeps_a_notebook(path: Path) -> bool:
    """Whether a text that was found in a folder contains a notebook; a README does not."""
    try:
        return OF_A_NOTEBOOK.search(path.read_text(encoding="utf-8-sig")) is not None
    except (OSError, UnicodeDecodeError):
        return False


def read(path: Path, text: str) -> list[Cell]:
    """The cells. Raises ArgumentError without jupytext, and if the text is not a notebook in Python."""
    try:
        jupytext = need("jupytext", EXTRA)
    except MissingExtra as error:
        raise ArgumentError("subject", Described(str(path)), f"a script or an .ipynb ({error})") from error
    form = FORMATS.get(path.suffix, "py" if HEADER.match(text) else "py:percent")
    kernel = KERNEL.search(text)
    if kernel is not None and "display_name:" not in kernel.group():  # jupytext requires it, and people leave it out
        text = f"{text[: kernel.start(1)]}{kernel[1]}display_name: kernel\n{text[kernel.start(1) :]}"
    try:
        notebook = jupytext.reads(text, fmt=form)
    except Exception as error:  # whatever is wrong with it
        first = str(error).strip().split("\n")[0][:200]
        raise ArgumentError("subject", Described(str(path)), f"a notebook that jupytext reads ({first})") from error
    if path.suffix == ".qmd" and re.search(r"\A---\n(?:.*\n)*?\s*eval:\s*false\s*\n(?:.*\n)*?---\n", text):
        for cell in notebook.cells:
            cell.metadata["eval"] = False
    main = notebook.metadata.get("jupytext", {}).get("main_language")
    if main and "kernelspec" not in notebook.metadata:
        notebook.metadata["kernelspec"] = {"language": main}
    return notebooks.cells(path, notebook)
