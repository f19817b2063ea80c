"""Models for which autograd does more than the formulas are refused by name, and nothing is changed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from refusals import refusal
from short_runs import data
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from mlp_core import MLP, Trace, backprop, fit, rules

SIZES = [6, 6, 6, 3]
X, Y = data(20, "mse", torch.float64)
OPTIONS: dict[str, Any] = {"loss": "mse", "rule": rules.get("sgd")(lr=0.1), "batch_size": 8, "epochs": 1}


class Doubled(nn.Module):
    def forward(self, W: torch.Tensor) -> torch.Tensor:
        return 2 * W


class Own(MLP):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(x)


def same(model: MLP, one: str, other: str) -> None:
    setattr(model, one, model.get_parameter(other))


def data_of(model: MLP, one: str, other: str, turn: Callable[[torch.Tensor], torch.Tensor]) -> None:
    model.get_parameter(one).data = turn(model.get_parameter(other).data)


def loaded(model: MLP) -> None:
    W = torch.eye(6, dtype=torch.float64)
    model.load_state_dict({**model.state_dict(), "W1": W, "W2": W}, assign=True)


def borrowed(model: MLP, name: str) -> None:
    model.get_parameter(name).data = MLP(SIZES, dtype=torch.float64).get_parameter(name).data


TIED = {
    "one Parameter twice": (lambda model: same(model, "W2", "W1"), "W1 and W2"),
    "one Parameter, the other way": (lambda model: same(model, "W1", "W2"), "W1 and W2"),
    "two biases": (lambda model: same(model, "b2", "b1"), "b1 and b2"),
    "data": (lambda model: data_of(model, "W2", "W1", lambda W: W), "W1 and W2"),
    "data, transposed": (lambda model: data_of(model, "W2", "W1", torch.t), "W1 and W2"),
    "a row of a weight": (lambda model: data_of(model, "b1", "W2", lambda W: W[3]), "b1 and W2"),
    "a column of a weight": (lambda model: data_of(model, "b1", "W2", lambda W: W[:, 1]), "b1 and W2"),
    "some rows": (lambda model: data_of(model, "W3", "W1", lambda W: W[:3]), "W1 and W3"),
    "one number": (lambda model: data_of(model, "b3", "b2", lambda b: b[-1].expand(3)), "b2 and b3"),
    "as loaded": (loaded, "W1 and W2"),
}


def everything_refuses(model: MLP, message: str, *, gradients: tuple[str, ...] = ("manual",)) -> None:
    trace = MLP(SIZES, dtype=torch.float64).trace(X)
    before = {name: p.detach().clone() for name, p in model.named_parameters() if not p.is_meta}
    assert message in refusal(backprop, model, Trace(trace.z, trace.a), torch.ones_like(trace.output))
    for switch in gradients:
        assert message in refusal(fit, model, X, Y, gradients=switch, **OPTIONS)
    assert all(torch.equal(model.get_parameter(name), p) for name, p in before.items())


@pytest.mark.parametrize("how", TIED)
def test_tied_parameters(how: str) -> None:
    model = MLP(SIZES, dtype=torch.float64)
    tie, names = TIED[how]
    message = (
        f"model: got tied parameters: {names} share memory, expected parameters that do not share memory"
    )
    if how == "as loaded":
        assert refusal(tie, model) == message
    else:
        tie(model)
        assert refusal(lambda: model.flat) == message
    everything_refuses(model, message, gradients=("manual", "autograd"))


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "W3", "b3"])
@pytest.mark.parametrize("how", ["parametrized", "pruned", "weight norm", "spectral norm", "removed"])
def test_other_parameters_than_its_own(name: str, how: str) -> None:
    model = MLP(SIZES, dtype=torch.float64)
    match how:
        case "parametrized":
            parametrize.register_parametrization(model, name, Doubled())
        case "pruned":
            prune.l1_unstructured(model, name, 0.5)
        case "weight norm":
            parametrizations.weight_norm(model, name, dim=0)
        case "spectral norm":
            with torch.random.fork_rng():
                parametrizations.spectral_norm(model, name)
        case "removed":
            delattr(model, name)
    message = "nothing pruned, parametrized, added or removed"
    for call in (model, model.trace):
        assert message in refusal(call, X)
    everything_refuses(model, message, gradients=("manual", "autograd"))


@pytest.mark.parametrize("name", ["W1", "b2"])
def test_what_was_pruned_for_good_or_parametrized_no_longer_is_put_in_order(name: str) -> None:
    model, twin = (MLP(SIZES, dtype=torch.float64) for _ in range(2))
    prune.l1_unstructured(model, name, 0.5)
    prune.remove(model, name)  # moves it to the end
    with torch.no_grad():
        twin.get_parameter(name).copy_(model.get_parameter(name))
    fit(model, X, Y, **OPTIONS)
    fit(twin, X, Y, **OPTIONS)
    assert torch.equal(model.flat, twin.flat)
    assert [*model.state_dict()] == [*twin.state_dict()]


@pytest.mark.parametrize("add", [
    lambda model: model.register_parameter("scale", nn.Parameter(torch.ones(1, dtype=torch.float64))),
    lambda model: model.add_module("head", nn.Linear(3, 2, dtype=torch.float64, device="meta")),
], ids=["a parameter", "a module"])  # fmt: skip
def test_more_parameters_than_its_own_are_not_trained_but_may_be_there(add: Callable[[MLP], Any]) -> None:
    model, twin = (MLP(SIZES, dtype=torch.float64) for _ in range(2))
    add(model)
    trace, other = model.trace(X), twin.trace(X)
    assert torch.equal(backprop(model, trace, trace.output), backprop(twin, other, other.output))
    for gradients in ("manual", "autograd"):
        message = refusal(fit, model, X, Y, gradients=gradients, **OPTIONS)
        assert message.startswith("model: got parameters W1, b1, W2, b2, W3, b3, ")


def test_other_shapes_and_types() -> None:
    wrong: dict[str, tuple[Callable[[MLP], Any], str]] = {
        "wide": (lambda m: setattr(m, "W1", nn.Parameter(torch.ones(6, 7).double())), "model.W1: got shape (6, 7)"),
        "turned": (lambda m: setattr(m, "W3", nn.Parameter(torch.ones(6, 3).double())), "model.W3: got shape (6, 3)"),
        "float": (lambda m: setattr(m, "b2", nn.Parameter(torch.ones(6))), "model.b2: got dtype torch.float32"),
        "nowhere": (
            lambda m: setattr(m, "b2", nn.Parameter(torch.ones(6, device="meta").double())),
            "model.b2: got device meta, expected device cpu, that of W1",
        ),
        "borrowed": (lambda m: borrowed(m, "W2"), "model.W2: got part of other memory, expected separate memory"),
    }  # fmt: skip
    for change, message in wrong.values():
        model = MLP(SIZES, dtype=torch.float64)
        change(model)
        everything_refuses(model, message, gradients=("manual", "autograd"))


def test_no_parameter_in_place_of_one() -> None:
    model = MLP(SIZES, dtype=torch.float64)
    assert refusal(setattr, model, "b2", None) == "model.b2: got None, expected a parameter"
    fit(model, X, Y, **OPTIONS)


HOOKS: dict[str, Callable[[MLP], Any]] = {
    "forward": lambda model: model.register_forward_hook(lambda module, args, out: 2 * out),
    "before forward": lambda model: model.register_forward_pre_hook(lambda module, args: (2 * args[0],)),
    "backward": lambda model: model.register_full_backward_hook(lambda module, inner, outer: None),
    "before backward": lambda model: model.register_full_backward_pre_hook(lambda module, outer: (2 * outer[0],)),
    "of a gradient": lambda model: model.W2.register_hook(lambda g: 0 * g),
    "after a gradient": lambda model: model.b3.register_post_accumulate_grad_hook(lambda p: None),
}


@pytest.mark.filterwarnings("ignore:Full backward hook is firing")  # torch: no gradient goes to the input
@pytest.mark.parametrize("kind", HOOKS)
def test_hooks(kind: str) -> None:
    model = MLP(SIZES, dtype=torch.float64)
    handle = HOOKS[kind](model)
    everything_refuses(model, "hooks")
    fit(model, X, Y, gradients="autograd", **OPTIONS)  # which calls them
    handle.remove()
    fit(model, X, Y, **OPTIONS)


def test_a_forward_of_its_own() -> None:
    model = Own(SIZES, dtype=torch.float64)
    message = "model: got an overridden forward, expected that of MLP, if gradients are computed by hand"
    everything_refuses(model, message)
    fit(model, X, Y, gradients="autograd", **OPTIONS)
    other = MLP(SIZES, dtype=torch.float64)
    other.forward = lambda x: 2 * x  # type: ignore[method-assign]
    everything_refuses(other, "an overridden forward")


@pytest.mark.parametrize("wrong", [
    "relu", ["relu", "tanh"], ["relu"] * 4, None, ("relu", "rleu", "identity"), (torch.relu, "relu", "relu"), [],
], ids=lambda v: type(v).__name__)  # fmt: skip
def test_activations_that_are_none_cannot_be_set(wrong: Any) -> None:
    model = MLP(SIZES, dtype=torch.float64)
    before = model.activations
    assert refusal(setattr, model, "activations", wrong).startswith(("activations: got ", "activation: got "))
    assert model.activations is before


def test_activations_may_be_set() -> None:
    model, twin = MLP(SIZES, dtype=torch.float64), MLP(SIZES, "tanh", "sigmoid", dtype=torch.float64)
    model.activations = ["tanh", "tanh", "sigmoid"]  # type: ignore[assignment]  # names
    fit(model, X, Y, **OPTIONS)
    fit(twin, X, Y, **OPTIONS)
    assert torch.equal(model.flat, twin.flat)
    assert copy.deepcopy(model).activations == model.activations


def test_another_type_between_epochs() -> None:
    model = MLP(SIZES, dtype=torch.float64)
    message = refusal(fit, model, X, Y, on_epoch=lambda epoch, loss: model.float(), **{**OPTIONS, "epochs": 2})
    assert message == "x: got dtype torch.float64, expected dtype torch.float32, that of the model"


def test_the_buffers_cannot_be_replaced() -> None:
    model = MLP(SIZES, dtype=torch.float64)
    for name in ("flat", "flat_grad"):
        with pytest.raises(AttributeError):
            setattr(model, name, torch.zeros_like(model.flat))
    model.flat.requires_grad_()  # is nobody's leaf
    fit(model, X, Y, **OPTIONS)
    assert all(p.grad is not None for p in model.parameters())
