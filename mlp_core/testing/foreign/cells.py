"""The code in a file, read as the tool that wrote it does: scripts, notebooks, and notebooks kept as text."""

from __future__ import annotations

import stat
import tokenize
from io import BytesIO
from pathlib import Path

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.foreign.reading import exports, marimo, notebooks, texts
from mlp_core.testing.foreign.reading.cell import Cell
from mlp_core.testing.report.names import FILES

LARGEST = 64 << 20
"""the largest size of a file in bytes; a notebook contains its pictures"""


def cells_of(path: Path) -> list[Cell]:
    """The code of a file. Raises ArgumentError if it cannot be read, or is neither a notebook nor a script."""
    if path.suffix not in FILES:
        raise ArgumentError("subject", str(path), f"a script (.py) or a notebook (.ipynb, {', '.join(FILES[2:])})")
    text = text_of(path)
    if path.suffix == ".ipynb":
        return notebooks.read(path, text)
    if path.suffix in texts.FORMATS:
        return texts.read(path, text)
    try:
        if marimo.is_one(text):
            return marimo.read(path, text)
    except SyntaxError:
        return [Cell(str(path), text)]
    known = exports.is_one(text) or not texts.is_script(text)
    return exports.read(path, text) if known else texts.read(path, text)


def text_of(path: Path) -> str:
    """The text of a file, in the encoding that it declares, as Python reads it. Raises ArgumentError if that fails."""
    shown = Described(ascii(str(path)) if not str(path).isprintable() else str(path))
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ArgumentError("subject", shown, "a regular file (this is a pipe or a device)")
        if path.stat().st_size > LARGEST:
            raise ArgumentError("subject", shown, f"a file of at most {LARGEST >> 20} MiB")
        content = path.read_bytes()
        encoding = tokenize.detect_encoding(BytesIO(content).readline)[0] if path.suffix == ".py" else "utf-8-sig"
        return content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, SyntaxError, ValueError) as error:  # SyntaxError: an unknown encoding
        if isinstance(error, ArgumentError):
            raise
        raise ArgumentError("subject", shown, f"a file that can be read as UTF-8 ({error})") from error
