"""Files as people keep them, and what becomes of them: the value that their backpropagation gives, or why none is
asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.foreign.load import found_with_reasons, load, notes_of

GIVES_K = "def backpropagation(model, y_true, y_pred):\n    return K"


def gives(value: object) -> str:
    return f"def backpropagation(model, y_true, y_pred):\n    return {value}"


def notebook(path: Path, *cells: str, counts: tuple[int | None, ...] = (), **metadata: Any) -> Path:
    """A notebook of these code cells; those that begin with # are of words."""
    made = [new_markdown_cell(c) if c.startswith("# ") else new_code_cell(c) for c in cells]  # type: ignore[no-untyped-call]
    for cell, count in zip(made, counts, strict=False):
        cell["execution_count"] = count
    written = new_notebook(cells=made, metadata=metadata)  # type: ignore[no-untyped-call]
    nbformat.write(written, path)  # type: ignore[no-untyped-call]
    return path


def script(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def nothing_left() -> Iterator[None]:
    """Removes the traces of loading from this process, as if the process of the hand-in had ended."""
    path, meta, modules = list(sys.path), list(sys.meta_path), set(sys.modules)
    try:
        yield
    finally:
        sys.path[:], sys.meta_path[:] = path, meta
        for name in set(sys.modules) - modules:
            if not name.startswith(("IPython", "jupytext", "nbformat", "markdown_it", "mdit")):
                del sys.modules[name]


def outcome(path: Path, name: str = "") -> Any:
    """The result of the only function of a file; or in words, why it is not judged, or that the file has none."""
    try:
        ((found, reason),) = found_with_reasons(f"{path}{name}")
    except ArgumentError as error:
        return f"refused: expected {error.expected}"
    if reason is not None:
        return f"untested: {reason[0]}"
    with nothing_left():
        return load(found)(None, 1, None)


def holds(found: Any, value: object) -> bool:
    """Whether this was found: a value, or words that are in those found."""
    return value in found if isinstance(value, str) and isinstance(found, str) else bool(found == value)


def noted(path: Path) -> list[str]:
    """The notes beside the verdict of the only function of a file."""
    ((found, _),) = found_with_reasons(str(path))
    return [words.replace(str(path), path.name) for words in notes_of(found)]
