"""A backpropagation in the course's form, and the model that it is handed."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from mlp_core import losses
from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.guards import default_dtype, foreign
from mlp_core.testing.examples.problem import Case
from mlp_core.testing.subjects.gradients import GradientSubject
from mlp_core.testing.subjects.heads import output_first


class Unfilled(Broken):
    """A gradient of the course's form that the function left unfilled; and which it filled."""

    def __init__(self, model: CourseModel, missing: str) -> None:
        written = {"dL_dw": model.dL_dw, "dL_db": model.dL_db}
        filled = ", ".join(f"{name}[{key}]" for name, kept in written.items() for key in kept)
        super().__init__(
            f"model.{missing}", "never filled", f"a gradient there: the function filled {filled or 'nothing'}",
            closing="gradient()",
        )  # fmt: skip


class CourseSubject(GradientSubject):
    """A function of the course contract: f(model, y_true, y_pred), squared error summed, float64."""

    takes_upstream: ClassVar[bool] = False
    dtypes: ClassVar[tuple[torch.dtype, ...]] = (torch.float64,)

    def restrictions(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"objectives": [losses.get("squared_error")], "dtypes": self.dtypes}

    def raw_gradient(self, case: Case, *, clear: bool = True) -> list[Tensor]:
        model = CourseModel(case)
        two = (case.trace.output, case.y) if self.output_first else (case.y, case.trace.output)
        with foreign(), default_dtype(torch.float64):
            self.function(model, *two)
        read = []
        for layer in range(1, model.L + 1):
            for name, written, like in (("dL_dw", model.dL_dw, "weight"), ("dL_db", model.dL_db, "bias")):
                if isinstance(written, dict) and layer not in written:
                    raise Unfilled(model, f"{name}[{layer}]")
                with foreign():
                    value = written[layer]
                    if not isinstance(value, Tensor):
                        expected = f"a tensor shaped like the {like} of layer {layer}"
                        raise ArgumentError(f"{name}[{layer}]", value, expected)
                read.append(value)
        return read

    @cached_property
    def output_first(self) -> bool:
        """Whether its parameters are what the model said and what is right, in this order."""
        return output_first(self.function)

    def call(self) -> list[str]:
        two = "trace.output, y" if self.output_first else "y, trace.output"
        return [
            "from mlp_core.testing.engine.guards import default_dtype",
            "from mlp_core.testing.subjects.course import CourseModel",
            "from mlp_core.testing.examples.problem import Case",
            "def gradient(clear=True):",
            "    course = CourseModel(Case(model, trace, dL_dy, y))",
            "    with default_dtype(torch.float64):",
            f"        {self.function.__name__}(course, {two})",
            '    kinds = (("W", course.dL_dw), ("b", course.dL_db))',
            '    return {f"{kind}{l}": g[l] for l in range(1, model.L + 1) for kind, g in kinds}',
        ]


class _Linear(nn.Linear):
    """A linear layer that is given its weight and bias."""

    def reset_parameters(self) -> None:
        """Nothing: drawing numbers that are then replaced took a tenth of all time (measured)."""


class CourseModel:
    """What the course hands its students: L, n_l, z, a, f, df and fc by layer, and dL_dw, dL_db to be filled."""

    def __init__(self, case: Case) -> None:
        self.L, self.n_l = case.model.L, list(case.model.sizes)
        self.z, self.a = dict(enumerate(case.trace.z)), dict(enumerate(case.trace.a))
        self.f = {layer: f.f for layer, f in enumerate(case.model.activations, start=1)}
        self.df = {
            layer: (lambda z, f=f: f.df(z, f.f(z))) for layer, f in enumerate(case.model.activations, start=1)
        }  # fmt: skip
        self.fc: dict[str, nn.Linear] = {}
        for layer, (W, b) in enumerate(zip(case.model.weights, case.model.biases, strict=True), start=1):
            linear = _Linear(W.shape[1], W.shape[0], dtype=W.dtype, device="meta")
            linear.weight, linear.bias = W, b
            self.fc[str(layer)] = linear
        self.dL_dw: dict[int, Tensor] = {}
        self.dL_db: dict[int, Tensor] = {}

    def __call__(self, x: Tensor) -> Tensor:
        """Forward; fills z and a."""
        self.a[0] = self.z[0] = x
        for layer in range(1, self.L + 1):
            self.z[layer] = self.fc[str(layer)](self.a[layer - 1])
            self.a[layer] = self.f[layer](self.z[layer])
        return self.a[self.L]
