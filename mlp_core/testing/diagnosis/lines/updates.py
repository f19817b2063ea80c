"""Follows functional updates: compares the arrays that a step returns for each parameter with the reference's."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from mlp_core.testing.diagnosis.lines.cases import Output
from mlp_core.testing.subjects.functional import Functional


def outputs(
    optimizer: Functional, names: list[str], right: list[Tensor], old: list[Tensor], **rest: Any
) -> list[Output]:
    """The values that the last step returned: new parameters, or updates, which are their differences."""
    returned = [optimizer.returned[p] for group in optimizer.param_groups for p in group["params"]]
    expected = [r - o for r, o in zip(right, old, strict=True)] if optimizer.form.updates else right
    return [Output(n, thing, e, **rest) for n, thing, e in zip(names, returned, expected, strict=True)]
