"""Functional update rules as optimizers: init(params) -> state, step(gradients, state, params) -> (params or updates,
state), on their own kind of arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlp_core.testing.examples.scenario import Make

LIBRARIES = ("numpy", "torch", "jax")

FAR, NEAR = 1000.0, 1.0
"""a parameter and its gradient: if a step returns a value near FAR, it returns parameters, otherwise updates"""


@dataclass(frozen=True)
class Form:
    """How a functional rule is called: with which arrays, how many at a time; and what it returns."""

    library: str = "numpy"
    listed: bool = True
    """whether all parameters are passed as one list, or array by array"""
    updates: bool = False
    """whether it returns updates, which are added to the parameters, or new parameters"""

    def words(self) -> str:
        """The form in a sentence."""
        several = "a list of arrays" if self.listed else "one array"
        return f"{self.library}, {several} at a time, returns {'updates' if self.updates else 'parameters'}"


def array_of(tensor: Tensor, library: str) -> Any:
    """The numbers of a tensor in a new array of a library."""
    values = tensor.detach().clone()
    if library == "torch":
        return values
    if library == "numpy":
        return values.numpy()
    return import_module("jax.numpy").asarray(values.numpy())


def copied(array: Any, library: str) -> Any:
    """An array of any library as a new array of this one."""
    return array_of(tensor_of(array), library)


def tensor_of(array: Any) -> Tensor:
    """An array of any library as a new tensor."""
    return array.detach().clone() if isinstance(array, Tensor) else torch.from_numpy(np.array(array))


def pair_of(init: Any, step: Any, hyper: dict[str, Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The two functions of a rule with its hyperparameters. A rule may be two functions, each of which takes the ones
    it names; an object with init and update; or a function that returns such an object or pair.
    """
    if step is not None:
        return _with(init, hyper), _with(step, hyper)
    made = init if hasattr(init, "update") and hasattr(init, "init") else init(**hyper)
    return (made.init, made.update) if hasattr(made, "init") else (made[0], made[1])


def _with(function: Callable[..., Any], hyper: dict[str, Any]) -> Callable[..., Any]:
    parameters = inspect.signature(function).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    own = {name: value for name, value in hyper.items() if open_ended or name in parameters}
    return lambda *args: function(*args, **own)


class Functional(torch.optim.Optimizer):
    """An optimizer that only keeps the state of a functional rule."""

    def __init__(self, params: Any, hyper: dict[str, Any], init: Any, step: Any, form: Form) -> None:
        super().__init__(params, hyper)
        self.form, self.rule = form, (init, step)
        self.states: dict[int, Any] = {}
        self.returned: dict[Tensor, Any] = {}
        """the values that the last step returned for each parameter"""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # no closure is asked for a value
        for index, group in enumerate(self.param_groups):
            params = [p for p in group["params"] if p.grad is not None]
            hyper = {name: value for name, value in group.items() if name != "params"}
            init, step = pair_of(*self.rule, hyper)
            parts = [params] if self.form.listed else [[p] for p in params]
            for k, part in enumerate(parts if params else ()):
                self._step(init, step, part, (index, k))

    def _step(self, init: Any, step: Any, params: Sequence[Tensor], place: Any) -> None:
        arrays, grads = self._arrays(params), self._arrays([p.grad for p in params if p.grad is not None])
        if place not in self.states:
            self.states[place] = init(arrays)
        found, self.states[place] = step(grads, self.states[place], arrays)
        results = list(found) if self.form.listed else [found]
        for p, result in zip(params, results, strict=True):
            self.returned[p] = result
            value = tensor_of(result).to(p.dtype).reshape(p.shape)
            p.copy_(p + value if self.form.updates else value)

    def _arrays(self, tensors: Sequence[Tensor]) -> Any:
        arrays = [array_of(t, self.form.library) for t in tensors]
        return arrays if self.form.listed else arrays[0]


def functional(init: Any, step: Any = None, library: str = "numpy", listed: bool = True, updates: bool = False) -> Make:
    """The constructor (params, **hyper) of an optimizer that steps with a functional rule."""
    form = Form(library, listed, updates)

    def make(params: Any, **hyper: Any) -> torch.optim.Optimizer:
        return Functional(params, hyper, init, step, form)

    return make


def returns_updates(init: Any, step: Any, hyper: dict[str, Any], library: str, listed: bool) -> bool:
    """Whether a rule returns updates, which a parameter far from its gradient shows. Raises what the rule raises."""
    first, following = pair_of(init, step, hyper)
    p, g = (array_of(torch.full((2, 3), v, dtype=torch.float64), library) for v in (FAR, NEAR))
    params, grads = ([p], [g]) if listed else (p, g)
    found, _ = following(grads, first(params), params)
    result = tensor_of(found[0] if listed else found)
    if result.shape != (2, 3):
        raise ValueError(f"an array of shape {tuple(result.shape)} for one of shape (2, 3)")
    return bool((result - FAR).abs().amax() > result.abs().amax())
