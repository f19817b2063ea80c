"""Backpropagations by hand as subjects: in our form, and in the course's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from typing import Any, ClassVar

import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from mlp_core import losses
from mlp_core.errors import ArgumentError
from mlp_core.testing.conduct import default_dtype, foreign, import_of
from mlp_core.testing.law import Broken, Law
from mlp_core.testing.problem import Case, Problem
from mlp_core.testing.strategies import problems

BATCH_SIZES = (1, 8)


@dataclass(frozen=True)
class GradientSubject:
    """A backpropagation by hand."""

    function: Callable[..., Any]
    name: str
    batch_sizes: tuple[int, int] = BATCH_SIZES
    to_the_bit: bool = False
    takes_upstream: ClassVar[bool] = True
    dtypes: ClassVar[tuple[torch.dtype, ...]] = (torch.float64, torch.float32)

    def laws(self) -> list[Law]:
        from mlp_core.testing import exact_laws, gradient_conduct, gradient_edges, gradient_laws

        books = gradient_laws.book, exact_laws.gradient_book, gradient_edges.book, gradient_conduct.book
        return [law.bind(self) for book in books for law in book.laws]

    def problems(
        self, *, one: bool | None = None, most: int | None = None, large: bool = False, **options: Any
    ) -> st.SearchStrategy[Problem]:
        """Problems for this subject: of single samples (one=True), of several (False), or of any number, up to hundreds
        if `large`."""
        low, high = self.batch_sizes
        high = 300 if large and high > 1 else high
        high = high if most is None else max(low, min(high, most))
        low, high = (1, 1) if one else (max(2, low), high) if one is False else (low, high)
        if "objectives" in options:
            options["objectives"] = [losses.get(name) for name in options["objectives"]]
        return problems(batch=(low, high), **{**options, **self.restrictions(options)})

    def restrictions(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options that this subject cannot be asked otherwise."""
        return {}

    def raw_gradient(self, case: Case, *, clear: bool = True) -> list[Tensor]:
        """The gradients W1, b1, W2, ... as the function leaves them; NaN stood there before, if `clear`."""
        case.model.flat_grad  # noqa: B018  (binds every parameter's grad)
        for g in case.model.grad_views if clear else ():
            g.fill_(float("nan"))
        with foreign():
            self.function(case.model, case.trace, case.dL_dy)
        return [p.new_full(p.shape, float("nan")) if p.grad is None else p.grad for p in case.model.parameters()]

    def gradient(self, case: Case, *, clear: bool = True) -> list[Tensor]:
        """The same as plain tensors that the next call does not overwrite. Raises Broken for one of a wrong shape."""
        got = [g.detach().clone() for g in self.raw_gradient(case, clear=clear)]
        for (name, p), g in zip(case.model.named_parameters(), got, strict=True):
            if g.shape != p.shape:
                shapes = f"shape {tuple(g.shape)}", f"shape {tuple(p.shape)}"
                closing = f'got = gradient()["{name}"].shape\nassert got == {tuple(p.shape)}, got'
                raise Broken(name, *shapes, closing=closing)
        return got

    def diagnose(self, example: Any, broken: Broken) -> str | None:
        """The known mistakes that do what this function does, in words."""
        from mlp_core.testing.gradient_diagnosis import diagnose

        return diagnose(self, [broken.example or example, *broken.others])

    def exhibit(self, example: Any, broken: Broken) -> dict[str, Any] | None:
        """What can be drawn of an example on which a law is broken; None where nothing can."""
        from mlp_core.testing.exhibit import exhibit

        problem = broken.example or example
        return exhibit(self, problem) if isinstance(problem, Problem) else None

    def snippet(self, example: Any, closing: str) -> str:
        """Lines to paste that build the example, call the function and fail as the law did."""
        head = ["import torch", "from mlp_core import MLP, Trace, activations, losses", *import_of(self.function)]
        return "\n".join([*head, "", *example.setup(), "", *self.call(), "", closing or "gradient()"])

    def call(self) -> list[str]:
        return [
            "def gradient(clear=True):",
            "    model.flat_grad",
            "    for p in model.parameters() if clear else ():",
            '        p.grad.fill_(float("nan"))',
            f"    {self.function.__name__}(model, trace, dL_dy)",
            "    return {name: p.grad.clone() for name, p in model.named_parameters()}",
        ]


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
        """Whether its parameters are named y_pred and y_true, in this order."""
        names = list(signature(self.function).parameters)
        return {"y_true", "y_pred"} <= set(names) and names.index("y_pred") < names.index("y_true")

    def call(self) -> list[str]:
        two = "trace.output, y" if self.output_first else "y, trace.output"
        return [
            "from mlp_core.testing.conduct import default_dtype",
            "from mlp_core.testing.gradient_subjects import CourseModel",
            "from mlp_core.testing.problem import Case",
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
