"""Python source of numbers, tensors and imports, for the snippets."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # recognition loads this module, and does not wait for torch
    import torch
    from torch import Tensor


def literal(value: float) -> str:
    """A number as Python source."""
    return repr(value) if abs(value) < float("inf") else f'float("{value!r}")'


def source(tensor: Tensor, dtype: torch.dtype | None = None) -> str:
    """A tensor as Python source, every number to the bit."""
    numbers = repr(tensor.tolist()).replace("nan", 'float("nan")').replace("inf", 'float("inf")')
    if tensor.numel() == 0:
        return f"torch.zeros({tuple(tensor.shape)}, dtype={dtype or tensor.dtype})"
    whole = str(tensor.dtype) == "torch.int64"
    return f"torch.tensor({numbers}, dtype={tensor.dtype if whole else dtype or tensor.dtype})"


def few(lines: list[str], most: int = 4, between: str = " ") -> list[str]:
    """The same words in at most this many lines.

    >>> few(["1,", "2,", "3,"], 2)
    ['1, 2,', '3,']
    """
    each = max(1, -(-len(lines) // most))
    return [between.join(lines[k : k + each]) for k in range(0, len(lines), each)]


def listed(begin: str, entries: list[str], width: int = 110, most: int = 2) -> list[str]:
    """A list as Python source: in one line if it fits the width, otherwise with its entries in at most this many lines.

    >>> listed("a = ", ["1", "2"]), listed("a = ", ["1", "2"], width=5)
    (['a = [1, 2]'], ['a = [', '    1,', '    2,', ']'])
    """
    line = f"{begin}[{', '.join(entries)}]"
    if len(line) <= width:
        return [line]
    return [f"{begin}[", *(f"    {row}" for row in few([f"{one}," for one in entries], most)), "]"]


FILE = "__mlp_core_file__"
"""the attribute of a module with the file whose statements run in it: no line can import such a module"""

LOADED = "__mlp_core_loaded__"
"""the attribute of a definition that was loaded from a file: "file:name" """


MADE = "__mlp_core_made__"
"""the attribute of a function that an expression makes: the lines that load its parts, and the expression"""


def import_of(thing: Any) -> list[str]:
    """The lines that import a function or class, or load it from its file; a comment if no line can do that."""
    if isinstance(thing, partial):
        given = [*map(_literal, thing.args), *(f"{k}={_literal(v)}" for k, v in thing.keywords.items())]
        name = name_of(thing.func)
        made = f"{name} = partial({', '.join([name, *given])})"
        return ["from functools import partial", *import_of(thing.func), made]
    if hasattr(thing, MADE):
        lines, text = getattr(thing, MADE)
        return [*lines, f"{name_of(thing)} = {text}"]
    module, name = getattr(thing, "__module__", "__main__"), getattr(thing, "__qualname__", "<")
    file = getattr(sys.modules.get(module or ""), FILE, "")
    place = getattr(thing, LOADED, f"{file}:{name}" if file and name.isidentifier() else "")
    if place:
        load = "from mlp_core.testing.foreign.load import definition"
        return [load, f"{name_of(thing)} = definition({place!r})"]
    if not name.isidentifier():  # a lambda, or a local function
        return [f"{name_of(thing)} = ...  # put here what you passed to verify: no line can import it"]
    if module == "__main__":
        return [f"# {name_of(thing)}: yours, as passed to verify"]
    return [f"from {module} import {name}"]


def import_with(thing: Any, subject: str = "") -> list[str]:
    """The lines that load a definition as the first one that a subject of its file needs, with everything that this
    subject needs; those of `import_of` if it is from no loaded file. subject: its name in the file, by default that of
    the definition.
    """
    place = getattr(thing, LOADED, "")
    if not place:
        return import_of(thing)
    file, _, name = place.rpartition(":")
    load = "from mlp_core.testing.foreign.load import loaded"
    return [load, f"{name_of(thing)} = loaded({f'{file}:{subject or name}'!r})[1][0]"]


def _literal(value: Any) -> str:
    """A value in Python; arrays of numpy as np.array."""
    return f"np.array({value.tolist()!r})" if hasattr(value, "tolist") else repr(value)


def name_of(thing: Any) -> str:
    """The name of a function or class, if it is a valid name in Python code."""
    name = getattr(thing, "__name__", "") or getattr(getattr(thing, "func", None), "__name__", type(thing).__name__)
    return name if name.isidentifier() else "yours"


def few_numbers(tensor: Tensor) -> str:
    """The numbers of a tensor, rounded to a few digits.

    >>> import torch
    >>> few_numbers(torch.tensor([[0.0, -0.125], [1 / 3, 2.0]]))
    '[[0, -0.125], [0.333, 2]]'
    """
    if tensor.ndim:
        return f"[{', '.join(map(few_numbers, tensor))}]"
    return f"{tensor.item():.3g}"
