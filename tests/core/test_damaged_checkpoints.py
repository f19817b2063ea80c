"""A checkpoint with a damaged part is refused by name before anything changes; an aliased one is repaired."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from refusals import refusal
from short_runs import data

from mlp_core import MLP, fit, rules
from mlp_core.equality import same_bits
from mlp_core.rules import UpdateRule

X, Y = data(20, "mse", torch.float32)
NAN, INF = float("nan"), float("inf")
ADAM: Any = rules.get("adam")
SGD: Any = rules.get("sgd")


def model_of(seed: int = 2) -> MLP:
    return MLP([6, 4, 3], "tanh", generator=torch.Generator().manual_seed(seed))


def go(model: MLP, start: Any = None, updates: Any = "manual", rule: UpdateRule | None = None, **options: Any) -> Any:
    rule = ADAM(lr=0.01) if rule is None else rule
    options = {"loss": "mse", "epochs": 1, "batch_size": 8, "shuffle": True, **options}
    return fit(model, X, Y, rule=rule, start=start, updates=updates, **options)


def changed(start: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A copy with something else at start[path[0]][path[1]]...; a function makes it of what was there."""
    start = copy.deepcopy(start)
    inner: Any = start
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value(inner[path[-1]]) if callable(value) else value
    return start


def meta(t: torch.Tensor) -> torch.Tensor:
    return t.to("meta")


DAMAGED: dict[str, tuple[tuple[Any, ...], Any, str]] = {
    "epoch negative": (("epoch",), -1, "start['epoch']: got -1, expected a whole number >= 0"),
    "epoch NaN": (("epoch",), NAN, "start['epoch']: got nan, expected a whole number >= 0"),
    "epoch None": (("epoch",), None, "start['epoch']: got None"),
    "epoch True": (("epoch",), True, "start['epoch']: got True"),
    "epoch a tensor": (("epoch",), torch.tensor(1), "start['epoch']: got tensor(1)"),
    "epoch in words": (("epoch",), "1", "start['epoch']: got '1'"),
    "step negative": (("step",), -3, "start['step']: got -3, expected a whole number >= 0"),
    "step half": (("step",), 1.5, "start['step']: got 1.5"),
    "step infinite": (("step",), INF, "start['step']: got inf"),
    "flat a list": (("flat",), torch.Tensor.tolist, "start['flat']: got [0."),
    "flat None": (("flat",), None, "start['flat']: got None, expected a tensor"),
    "flat short": (("flat",), lambda t: t[:-16], "start['flat']: got shape (64,), expected shape (80,)"),
    "flat one number": (("flat",), torch.tensor(1.0), "start['flat']: got shape (), expected shape (80,)"),
    "flat as a matrix": (("flat",), lambda t: t.view(8, 10), "start['flat']: got shape (8, 10)"),
    "flat double": (("flat",), torch.Tensor.double, "start: got sizes [6, 4, 3] in torch.float64"),
    "flat complex": (("flat",), lambda t: t + 0j, "start: got sizes [6, 4, 3] in torch.complex64"),
    "flat integers": (("flat",), torch.Tensor.long, "start: got sizes [6, 4, 3] in torch.int64"),
    "flat nowhere": (("flat",), meta, "start['flat']: got torch.strided on meta, expected a dense tensor with data"),
    "flat sparse": (("flat",), torch.Tensor.to_sparse, "start['flat']: got torch.sparse_coo on cpu"),
    "sizes other": (("sizes",), [6, 3, 4], "start: got sizes [6, 3, 4] in torch.float32"),
    "sizes None": (("sizes",), None, "start: got sizes None in torch.float32"),
    "rule other": (("rule",), "SGD(lr=0.1)", "start: got a checkpoint of SGD, expected one of Adam"),
    "updates other": (("updates",), "by hand", "start: got updates by by hand, expected updates by"),
    "generator None": (("generator",), None, "start['generator']: got None, expected the state of a torch.Generator"),
    "generator short": (("generator",), lambda t: t[:-8], "start['generator']: got tensor("),
    "generator float": (("generator",), torch.Tensor.float, "start['generator']: got tensor("),
    "generator spoilt": (("generator",), torch.zeros_like, "start['generator']: got tensor("),
    "state a list": (("state",), [], "start['state']: got [], expected a dict of dicts, by the number of a parameter"),
    "state of more": (("state",), lambda s: {**s, 4: s[0]}, "start['state']: got "),
    "state by name": (("state",), lambda s: {"W1": s[0]}, "start['state']: got "),
    "state of no dict": (("state", 1), 3.0, "start['state']: got 3.0 of parameter 1, expected dicts of 0 to 3"),
    "slot wide": (("state", 0, "exp_avg"), lambda t: t.t(), "start['state'][0]['exp_avg']: got shape (6, 4) in"),
    "slot of one row": (("state", 2, "exp_avg"), lambda t: t[:1], "start['state'][2]['exp_avg']: got shape (1, 4) in"),
    "slot double": (("state", 1, "exp_avg_sq"), torch.Tensor.double, "shape (4,) in torch.float64, expected shape"),
    "slot half": (("state", 1, "exp_avg_sq"), torch.Tensor.half, "shape (4,) in torch.float16, expected shape (4,)"),
    "slot complex": (("state", 1, "exp_avg"), lambda t: t + 0j, "shape (4,) in torch.complex64, expected shape (4,)"),
    "slot nowhere": (("state", 3, "exp_avg"), meta, "start['state'][3]['exp_avg']: got torch.strided on meta"),
    "slot None": (("state", 0, "exp_avg"), None, "start['state']"),
    "slot a number": (("state", 0, "exp_avg"), 0.0, "start['state'][0]['exp_avg']: got 0.0, expected a tensor of"),
    "slot in words": (("state", 0, "exp_avg"), "zeros", "start['state'][0]['exp_avg']: got 'zeros'"),
    "own step NaN": (("state", 0, "step"), NAN, "start['state'][0]['step']: got nan, expected a finite number"),
    "own step NaN, a tensor": (("state", 0, "step"), torch.tensor(NAN), "start['state'][0]['step']: got nan"),
    "own step negative": (("state", 1, "step"), -2, "start['state'][1]['step']: got -2, expected a whole number >= 0"),
    "own step half": (("state", 1, "step"), 0.5, "start['state'][1]['step']: got 0.5, expected a whole number >= 0"),
    "own step None": (("state", 2, "step"), None, "start['state'][2]['step']: got None, expected a finite number"),
    "own step infinite": (("state", 3, "step"), INF, "start['state'][3]['step']: got inf, expected a finite number"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Sparse invariant checks are implicitly disabled")  # torch's, at the first of all
@pytest.mark.parametrize("updates", ["manual", "torch"])
@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_checkpoint_is_refused_and_nothing_changes(damage: str, updates: str) -> None:
    path, value, message = DAMAGED[damage]
    start = changed(go(model_of(), updates=updates).checkpoint, path, value)
    model, generator = model_of(5), torch.Generator().manual_seed(3)
    before, state = model.flat.clone(), generator.get_state()
    assert message in refusal(go, model, start, updates, generator=generator)
    assert torch.equal(model.flat, before)
    assert torch.equal(generator.get_state(), state)


@pytest.mark.parametrize("updates", ["manual", "torch"])
@pytest.mark.parametrize("path", [("state", 0, "exp_avg"), ("state", 3, "exp_avg_sq"), ("state", 1, "step")])
def test_what_is_missing_of_a_state_is_refused(path: tuple[Any, ...], updates: str) -> None:
    start = copy.deepcopy(go(model_of(), updates=updates).checkpoint)
    del start["state"][path[1]][path[2]]
    assert refusal(go, model_of(), start, updates).startswith("start['state']")


def test_a_state_that_is_gone_is_refused_by_hand_and_taken_from_sgd_of_torch_that_has_none() -> None:
    start = {**go(model_of()).checkpoint, "state": {}}
    assert refusal(go, model_of(), start) == "start['state']: got nothing, expected that of 3 steps"
    start = go(model_of(), rule=SGD(lr=0.1), updates="torch").checkpoint
    go(model_of(), start, "torch", rule=SGD(lr=0.1, momentum=0.9))  # a schedule switches momentum on


ALIASED: dict[str, Callable[[dict[str, Any], MLP], None]] = {
    "two slots": lambda start, model: start["state"][0].update(exp_avg_sq=start["state"][0]["exp_avg"]),
    "two parameters": lambda start, model: start["state"].update({1: start["state"][1], 3: start["state"][3]}),
    "part of one another": lambda start, model: start["state"][1].update(exp_avg=start["state"][0]["exp_avg"][:, 0]),
    "the model's own": lambda start, model: start.update(flat=model.flat),
    "a slot and a parameter": lambda start, model: start["state"][1].update(exp_avg=model.b1.data),
    "one number": lambda start, model: start["state"][1].update(exp_avg_sq=torch.ones(1).expand(4)),
    "a leaf": lambda start, model: start["state"][1]["exp_avg"].requires_grad_(),
}


@pytest.mark.parametrize("updates", ["manual", "torch"])
@pytest.mark.parametrize("how", ALIASED)
def test_tensors_that_share_memory_are_taken_apart(how: str, updates: str) -> None:
    start = copy.deepcopy(go(model_of(), updates=updates).checkpoint)
    one, other = model_of(), model_of()
    ALIASED[how](start, one)
    apart = {
        **start, "flat": start["flat"].clone(),
        "state": {k: {name: torch.as_tensor(v).detach().clone() if isinstance(v, torch.Tensor) else v
                      for name, v in own.items()} for k, own in start["state"].items()},
    }  # fmt: skip
    kept = copy.deepcopy(apart)
    go(one, start, updates, epochs=2)
    go(other, apart, updates, epochs=2)
    assert same_bits(one.flat, other.flat)  # a second moment below zero gives NaN
    if how not in ("the model's own", "a slot and a parameter"):
        assert repr(start["state"]).replace(", requires_grad=True", "") == repr(kept["state"])


def test_a_state_of_another_rule_is_refused() -> None:
    start = go(model_of(), rule=SGD(lr=0.1, momentum=0.9)).checkpoint
    assert refusal(go, model_of(), start) == "start: got a checkpoint of SGD, expected one of Adam"
    renamed = {**start, "rule": repr(ADAM())}
    expected = "expected step, exp_avg, exp_avg_sq, max_exp_avg_sq of W1"
    assert refusal(go, model_of(), renamed).startswith("start['state'][0]: got step, momentum_buffer, ")
    assert refusal(go, model_of(), renamed).endswith(expected)


def test_a_whole_checkpoint_is_taken_whatever_its_counters_are_kept_in() -> None:
    start = go(model_of()).checkpoint
    for times in (start, copy.deepcopy(start), {**start, "more": 1}, {**start, "sizes": (6, 4, 3)}):
        assert go(model_of(), times).checkpoint["epoch"] == 2
