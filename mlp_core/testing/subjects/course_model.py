"""The network of the course, as a hand-in receives it: a torch.nn.Module with the numbers of an example."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from mlp_core.testing.engine.evidence import Beyond
from mlp_core.testing.examples.problem import Case


class _Linear(nn.Linear):
    """A linear layer with a given weight and bias."""

    def reset_parameters(self) -> None:
        """Does nothing: drawing numbers that are then replaced took a tenth of all time (measured)."""


class _Layers(dict[int, Tensor]):
    """Pre-activations by layer, from 1 on; index 0 contains the input, because some code reads it there."""

    def __init__(self, values: dict[int, Tensor], x: Tensor) -> None:
        super().__init__(values)
        self._x = x

    def __missing__(self, layer: object) -> Tensor:
        if layer == 0:
            return self._x
        raise KeyError(layer)


class CourseModel(nn.Module):
    """The course's network as students know it: L, n_l, z, a, f, df and fc by layer, and dL_dw, dL_db to be filled.

    The gradients are None at first, as in the course. An attribute that neither nn.Module nor the course's network has
    raises `Beyond` with its name.
    """

    def __init__(self, case: Case) -> None:
        nn.Module.__init__(self)  # not the __init__ of a hand-in's class, which may be in between
        self.L, self.n_l = len(case.model.sizes) - 1, list(case.model.sizes)
        self.a: dict[int, Tensor] = dict(enumerate(case.trace.a))
        self.z = _Layers(dict(enumerate(case.trace.z[1:], start=1)), case.trace.z[0])
        numbered = list(enumerate(case.model.activations, start=1))
        self.f = {layer: f.f for layer, f in numbered}
        self.df = {layer: (lambda z, f=f: f.df(z, f.f(z))) for layer, f in numbered}
        self.fc = nn.ModuleDict()
        for layer, (W, b) in enumerate(zip(case.model.weights, case.model.biases, strict=True), start=1):
            linear = _Linear(W.shape[1], W.shape[0], dtype=W.dtype, device="meta")
            linear.weight, linear.bias = W, b
            self.fc[str(layer)] = linear
        self.dL_dw: dict[int, Tensor | None] = dict.fromkeys(range(1, self.L + 1))
        self.dL_db: dict[int, Tensor | None] = dict.fromkeys(range(1, self.L + 1))

    def forward(self, x: Tensor) -> Tensor:
        """The output (B, n_L) for an input (B, ...); fills z and a."""
        self.a[0] = torch.flatten(x, 1)
        for layer in range(1, self.L + 1):
            self.z[layer] = self.fc[str(layer)](self.a[layer - 1])
            self.a[layer] = self.f[layer](self.z[layer])
        return self.a[self.L]

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError as error:
            raise Beyond(f"it uses model.{name}, which the network of the course does not have") from error


def stand_in(case: Case, owner: type | None = None) -> CourseModel:
    """The network of an example. owner: the class in which the function is defined as a method; the network has the
    other attributes of that class.
    """
    try:
        return _kind(owner)(case)
    except AttributeError:  # a property of that class with a name from the course
        return CourseModel(case)


@cache
def _kind(owner: type | None) -> type[CourseModel]:
    if owner is None:
        return CourseModel
    own = {name: getattr(CourseModel, name) for name in ("__init__", "forward", "__call__")}
    try:
        return type(owner.__name__, (CourseModel, owner), own)
    except TypeError:  # the two classes cannot be combined
        return CourseModel


def owner_of(function: Any) -> type | None:
    """The class in which a function of its module's top level is defined as a method; None for any other function."""
    plain = inspect.unwrap(function)
    outer, _, name = str(getattr(plain, "__qualname__", "")).rpartition(".")
    found = getattr(plain, "__globals__", {}).get(outer)
    return found if isinstance(found, type) and callable(getattr(found, name, None)) else None
