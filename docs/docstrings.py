"""Docstrings are plain text with formulas: what reStructuredText would read as markup in them is written out."""

from __future__ import annotations

import re

CODE = re.compile(r"(`[^`]+`)")
EMPHASIS = re.compile(r"(?<![\w*])\*(?=[A-Z])([^*\n]+)\*(?![\w*])")
"""a title, *Numerical Recipes*; other stars multiply"""


def as_rest(app: object, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Rewrite a docstring's lines in place: indented formulas as literal blocks, stars and bars as themselves."""
    if lines and lines[0].startswith("Alias for field number"):  # Python's words about a named tuple
        lines[:] = []
    out: list[str] = []
    literal = example = False
    for line in lines:
        indented = line.startswith("    ")
        if not line.strip():
            example = False
        elif line.startswith(">>>"):
            example = True
        elif indented and not literal and not example:
            literal = True
            out += ["", "::", ""]
        elif not indented and literal:
            literal = False
            out += [""]
        out.append(line if literal or example or indented else _escaped(line))
    lines[:] = out


def _escaped(line: str) -> str:
    parts = CODE.split(line)
    for k in range(0, len(parts), 2):  # between the pieces of code
        title = EMPHASIS.sub(lambda found: f"\0{found[1]}\1", parts[k])
        title = re.sub(r"([*|_\\])", r"\\\1", title)
        parts[k] = title.replace("\0", "*").replace("\1", "*")
    return "".join(f"`{part}`" if k % 2 else part for k, part in enumerate(parts))
