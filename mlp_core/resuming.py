"""Checks of a checkpoint before training continues from it: a damaged one is refused, and nothing changes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.model import MLP
from mlp_core.placing import wanted
from mlp_core.rules import UpdateRule
from mlp_core.rules._optimizer import RuleOptimizer

CHECKPOINT = {"epoch", "step", "flat", "state", "generator", "sizes", "rule", "updates"}
"""the keys of a checkpoint"""

RAISED = (RuntimeError, KeyError, TypeError, ValueError, AttributeError, IndexError, NotImplementedError)
"""the exceptions of an optimizer for a state that does not fit"""

Make = Callable[[UpdateRule, Iterable[Any]], torch.optim.Optimizer]


def check_counts(start: Any) -> None:
    """Raises ArgumentError unless `start` is a checkpoint with valid counts."""
    if not (isinstance(start, dict) and start.keys() >= CHECKPOINT):
        raise ArgumentError("start", start, "the checkpoint of a History")
    for name in ("epoch", "step"):
        if type(start[name]) is not int or start[name] < 0:
            raise _damaged(name, start[name], "a whole number >= 0")


def check_start(start: dict[str, Any], model: MLP, rule: UpdateRule, updates: str, make: Make) -> None:
    """Raises ArgumentError for a checkpoint of another model, rule or engine, or for a damaged one. make(rule,
    parameters): the optimizer that continues from it."""
    if start["updates"] != updates:
        raise ArgumentError("start", Described(f"updates by {start['updates']}"), f"updates by {updates}")
    own, wanted = str(start["rule"]).partition("("), repr(rule).partition("(")
    if own[1] != wanted[1] or (own[1] and own[0] != wanted[0]):
        raise ArgumentError("start", Described(f"a checkpoint of {own[0]}"), f"one of {wanted[0]}")
    flat = start["flat"]
    if not isinstance(flat, Tensor):
        raise _damaged("flat", flat, "a tensor")
    sizes = list(start["sizes"]) if isinstance(start["sizes"], (list, tuple)) else start["sizes"]
    got, expected = f"sizes {sizes} in {flat.dtype}", f"sizes {list(model.sizes)} in {model.flat.dtype}"
    if got != expected:
        raise ArgumentError("start", Described(got), f"a checkpoint of this model, {expected}")
    if flat.shape != model.flat.shape:
        raise _damaged("flat", Described(f"shape {tuple(flat.shape)}"), f"shape {tuple(model.flat.shape)}")
    if _nowhere(flat):
        raise _damaged("flat", Described(f"{flat.layout} on {flat.device}"), "a dense tensor with data")
    _check_state(start, model, rule, make)


def check_generator(start: dict[str, Any], generator: torch.Generator) -> None:
    """Raises ArgumentError for a state that the generator cannot load; the generator does not change."""
    state = start["generator"]
    try:
        torch.Generator(generator.device).set_state(state)
    except RAISED as error:
        raise _damaged("generator", state, f"the state of a torch.Generator ({_first_line(error)})") from error


def copied(state: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """The state of an optimizer, with every tensor copied, because steps write to them."""
    return {
        index: {name: value.detach().clone() if isinstance(value, Tensor) else value for name, value in own.items()}
        for index, own in state.items()
    }  # fmt: skip


def _check_state(start: dict[str, Any], model: MLP, rule: UpdateRule, make: Make) -> None:
    state, names, parameters = start["state"], [*wanted(model.sizes)], model.in_order()
    if not isinstance(state, dict):
        raise _damaged("state", state, "a dict of dicts, by the number of a parameter")
    clones = [p.detach().clone().requires_grad_() for p in parameters]
    for clone in clones:
        clone.grad = torch.zeros_like(clone)
    fresh = make(rule, clones)
    fresh.step()
    for index, own in state.items():
        if type(index) is not int or not 0 <= index < len(names) or not isinstance(own, dict):
            raise _damaged("state", Described(f"{own!r:.40} of parameter {index!r}"), f"dicts of 0 to {len(names) - 1}")
        like = fresh.state[clones[index]]
        if isinstance(fresh, RuleOptimizer) and own.keys() != like.keys():
            got, expected = Described(", ".join(map(str, own)) or "nothing"), ", ".join(like)
            raise _damaged(f"state[{index}]", got, f"{expected} of {names[index]}")
        for name, value in own.items():
            _check_slot(f"state[{index}][{name!r}]", name, value, like.get(name))
    if isinstance(fresh, RuleOptimizer) and start["step"] and not state:
        raise _damaged("state", Described("nothing"), f"that of {start['step']} steps")
    try:
        fresh.load_state_dict({**fresh.state_dict(), "state": copied(state)})
        fresh.step()
    except RAISED as error:
        raise _damaged("state", Described("another state"), f"that of {rule} ({_first_line(error)})") from error


def _check_slot(where: str, name: object, value: Any, like: Any) -> None:
    """One number or tensor of a parameter's state; like: the value after a first step, if there is one."""
    if isinstance(value, Tensor) and _nowhere(value):
        raise _damaged(where, Described(f"{value.layout} on {value.device}"), "a dense tensor with data")
    if isinstance(value, Tensor) and value.ndim:
        if isinstance(like, Tensor) and (value.shape != like.shape or value.dtype != like.dtype):
            got = f"shape {tuple(value.shape)} in {value.dtype}"
            raise _damaged(where, Described(got), f"shape {tuple(like.shape)} in {like.dtype}")
        return
    number = value.item() if isinstance(value, Tensor) else value
    if isinstance(like, Tensor) and like.ndim and number is not None:
        raise _damaged(where, number, f"a tensor of shape {tuple(like.shape)}")
    if number is None and name != "step":
        return  # this option is off
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
        raise _damaged(where, number, "a finite number")
    if name == "step" and (number < 0 or number != int(number)):
        raise _damaged(where, number, "a whole number >= 0")


def _nowhere(t: Tensor) -> bool:
    return t.device.type == "meta" or t.layout is not torch.strided


def _first_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _damaged(where: str, value: object, expected: str) -> ArgumentError:
    head, bracket, rest = where.partition("[")
    return ArgumentError(f"start[{head!r}]{bracket}{rest}", value, expected)
