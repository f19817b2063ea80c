"""One run of an example through a form: outputs, upstream gradients, gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor

from mlp_core.testing.examples.arguments import Arguments
from mlp_core.testing.examples.foreign_arrays import copied, like, tensor_of
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.returned import Gradient


@dataclass
class Pulled:
    """One run, its upstream gradients, and the gradients."""

    outs: list[Any]
    above: list[Any]
    gradients: list[Gradient]

    def tensors(self) -> list[Tensor]:
        return [tensor_of(g.value) for g in self.gradients]

    def cut(self) -> list[Tensor]:
        return [tensor_of(c) for c in self.above]


def wide(example: Arguments) -> Arguments:
    """The same in float64, whatever the dtype of the arguments."""
    narrow = [p for p in example.paths() if str(example.at(p).dtype).rpartition(".")[2] != "float64"]
    if not narrow:
        return example
    others = {p: widened(example.at(p)) for p in narrow}
    return replace(example, args=tuple(example.moved(others)))


def widened(value: Any) -> Any:
    return value.detach().double() if isinstance(value, Tensor) else np.asarray(value, dtype=np.float64)


def pulled(subject: Form, example: Arguments, above: Sequence[Tensor] | None = None, draw: int = 0) -> Pulled:
    """Run an example again, and compute its gradients: with the given upstream gradients, or with those of the example.
    """
    run = subject.call(example.fresh())
    if above is None:
        cut = subject.above(example, run.outs, draw)
    else:
        cut = [like(c, o) for c, o in zip(above, run.outs, strict=True)]
    found = run.pull([copied(c) for c in cut])
    return Pulled(run.outs, cut, subject.gradients(example, found, cut))


def finite(outs: Sequence[Any]) -> bool:
    return bool(outs) and all(bool(tensor_of(o).isfinite().all()) for o in outs)
