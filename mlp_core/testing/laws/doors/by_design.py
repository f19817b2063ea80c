"""A gradient that is not the derivative by design: a straight-through estimate, a reversed gradient. It is to be
declared, and the failure shows the lines.
"""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.examples.arguments import Arguments, Path
from mlp_core.testing.examples.foreign_arrays import like, tensor_of
from mlp_core.testing.subjects.doors.function import FunctionForm
from mlp_core.testing.subjects.doors.pulled import Pulled

OFFSETS = 0.37, -1.13, 2.71
"""where it is seen whether the forward is constant: not at the jump of a rounding"""

NEXT = 2.0**-30
"""the distance to a neighbour, smaller than the steps of a rounding"""

REVERSED = re.compile(r"rever[st]|\bgrl\b", re.IGNORECASE)
"""names of a layer that returns minus the gradient"""

WHY = {
    "straight-through": "the forward is constant there, but the gradient is not 0",
    "reversed": "the name says that it reverses the gradient",
}


def by_design(subject: Any, example: Arguments, got: Pulled) -> str:
    """The lines that declare such a gradient; empty if nothing shows that it is one."""
    numbers = {g.path: tensor_of(g.value) for g in got.gradients}
    if any(bool(g.any()) and _is_constant(subject, example, path) for path, g in numbers.items()):
        word = "straight-through"
    elif REVERSED.search(subject.name) and subject.door == "function":
        word = "reversed"
    else:
        return ""
    return f"{WHY[word]}. If it is so by design, declare it: {_line(subject, word)}"


def _is_constant(subject: Any, example: Arguments, path: Path) -> bool:
    """Whether the forward is constant in one array, apart from jumps."""
    array = tensor_of(example.at(path))
    generic = torch.arange(1, array.numel() + 1, dtype=torch.float64).cos().reshape(array.shape)

    def at(offset: float) -> list[Tensor]:
        moved = like(array + offset * (2 + generic), example.at(path))
        return list(subject.values(example.moved({path: moved})))

    try:
        beside = [(at(offset), at(offset + NEXT)) for offset in OFFSETS]
    except Broken:  # it does not run there
        return False
    return all(one.equal(other) for here, there in beside for one, other in zip(here, there, strict=True))


def _line(subject: Any, word: str) -> str:
    """The declaration, in Python: the whole subject if its shapes alone were found."""
    found = re.search(r'"([^"]*)"$', subject.found)
    if isinstance(subject, FunctionForm) and found is not None and subject.call_word != "by_parts":
        arrays = f'subjects.arrays("{found[1]}", lib="torch")'
        made = f'subjects.function({subject.call_word.removesuffix(".apply")}, {arrays}, waives=["{word}"])'
        return f"from mlp_core.testing import subjects; subject = {made}"
    return f'waives=["{word}"]'
