"""Models that share memory continue to share it: between processes and from one file, but not if a copy is wanted."""

from __future__ import annotations

import copy
import io
import pickle
from multiprocessing.reduction import ForkingPickler
from typing import Any

import pytest
import torch
import torch.multiprocessing  # teaches ForkingPickler to hand tensors over
from short_runs import data

from mlp_core import MLP, backprop, fit, rules

X, Y = data(20, "mse", torch.float64)
OPTIONS: dict[str, Any] = {"loss": "mse", "rule": rules.get("sgd")(lr=0.1, momentum=0.5), "batch_size": 8, "epochs": 1}


def model_of() -> MLP:
    return MLP([6, 9, 5, 3], dtype=torch.float64)


def assert_one(model: MLP, other: MLP) -> None:
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(p, q)
    assert torch.equal(model.flat, other.flat)


def test_share_memory_shares_the_buffer() -> None:
    model = model_of()
    before = model.flat.clone()
    assert model.share_memory() is model
    assert model.flat.is_shared()
    assert all(p.is_shared() for p in model.parameters())
    assert torch.equal(model.flat, before)
    fit(model, X, Y, **OPTIONS)
    assert model.flat.is_shared()
    assert not torch.equal(model.flat, before)


def test_a_model_handed_to_another_process_trains_the_one_that_stayed() -> None:
    model = model_of().share_memory()
    there = pickle.loads(ForkingPickler.dumps(model))  # as the other process does
    fit(there, X, Y, **OPTIONS)
    assert_one(model, there)
    fit(model, X, Y, **OPTIONS)
    assert_one(model, there)
    trace = there.trace(X)
    backprop(there, trace, trace.output)
    assert not model.flat_grad.equal(there.flat_grad)  # gradients are each one's own


@pytest.mark.parametrize("through", ["deepcopy", "pickle", "torch", "double"])
def test_a_copy_of_a_shared_model_shares_nothing(through: str) -> None:
    model = model_of().share_memory()
    match through:
        case "deepcopy":
            other = copy.deepcopy(model)
        case "pickle":
            other = pickle.loads(pickle.dumps(model))
        case "double":
            other = copy.deepcopy(model).float().double()
        case _:
            file = io.BytesIO()
            torch.save(model, file)
            file.seek(0)
            other = torch.load(file, weights_only=False)
    before = model.flat.clone()
    fit(other, X, Y, **OPTIONS)
    assert torch.equal(model.flat, before)
    assert not torch.equal(other.flat, before)


def test_two_models_in_one_file_that_share_parameters_share_them_after() -> None:
    model = model_of()
    pair = pickle.loads(pickle.dumps((model, copy.copy(model))))
    fit(pair[0], X, Y, **OPTIONS)
    assert_one(*pair)


@pytest.mark.parametrize("made", ["float", "new data", "loaded"])
def test_inference_tensors_are_taken_in_as_parameters_that_can_be_trained(made: str) -> None:
    model, twin = model_of(), model_of()
    with torch.inference_mode():
        value = torch.ones(9, 6, dtype=torch.float64)
        match made:
            case "float":
                model.float().double()
                twin.float().double()
            case "new data":
                model.load_state_dict({**model.state_dict(), "W1": value})
            case _:
                model.load_state_dict({"W1": value}, strict=False)
    if made != "float":
        twin.W1.data.fill_(1.0)
    fit(model, X, Y, gradients="autograd", **OPTIONS)
    fit(twin, X, Y, **OPTIONS)
    assert_one(model, twin)
