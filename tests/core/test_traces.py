"""A trace goes back through the network that it was made by, as it was then; any other is refused by name."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from refusals import refusal
from torch import Tensor, nn

from mlp_core import MLP, Trace, backprop, fit, losses, rules

SIZES = [3, 3, 3, 3]


def traced() -> tuple[MLP, Tensor, Trace]:
    model = MLP(SIZES, "tanh", dtype=torch.float64)
    x = torch.linspace(-1, 1, 12, dtype=torch.float64).view(4, 3)
    return model, x, model.trace(x)


def training(model: MLP, **options: Any) -> None:
    x = torch.ones(4, 3, dtype=torch.float64)
    fit(model, x, x, loss="mse", rule=rules.get("sgd")(), epochs=1, batch_size=2, **options)


def stepping(optimizer: Callable[[MLP], torch.optim.Optimizer]) -> Callable[[MLP, Tensor], None]:
    def step(model: MLP, x: Tensor) -> None:
        model.flat_grad.fill_(0.5)
        optimizer(model).step()

    return step


def replaced(model: MLP, name: str) -> None:
    setattr(model, name, nn.Parameter(model.get_parameter(name).detach().clone()))


def turned(model: MLP) -> None:
    with torch.no_grad():
        model.W2.add_(1.0)


CHANGES: dict[str, tuple[Callable[[MLP, Tensor], Any], str]] = {
    "a weight": (lambda model, x: turned(model), "older weights"),
    "a bias": (lambda model, x: nn.init.zeros_(model.b1), "older weights"),
    "the last layer": (lambda model, x: nn.init.ones_(model.W3), "older weights"),
    "other values loaded": (lambda model, x: model.load_state_dict(MLP(SIZES).double().state_dict()), "older weights"),
    "values assigned": (lambda model, x: model.load_state_dict(model.state_dict(), assign=True), "another model"),
    "new data": (lambda model, x: setattr(model.W2, "data", torch.eye(3, dtype=torch.float64)), "older weights"),
    "a new parameter": (lambda model, x: replaced(model, "W2"), "another model, or of other parameters"),
    "other bits": (lambda model, x: model.float().double(), "older weights"),
    "trained by hand": (lambda model, x: training(model), "older weights"),
    "trained by torch": (lambda model, x: training(model, gradients="autograd", updates="torch"), "older weights"),
    "a step of ours": (stepping(lambda m: rules.get("adam")().optimizer(m.parameters())), "older weights"),
    "a step of torch's": (stepping(lambda m: torch.optim.SGD(m.parameters(), lr=0.1)), "older weights"),
    "many at once": (stepping(lambda m: torch.optim.AdamW(m.parameters(), foreach=True)), "older weights"),
    "a hidden activation": (
        lambda model, x: setattr(model, "activations", ("relu", "tanh", "identity")), "other activations",
    ),
    "the last activation": (
        lambda model, x: setattr(model, "activations", ["tanh", "tanh", "sigmoid"]), "other activations",
    ),
    "the buffer": (lambda model, x: model.flat.mul_(0.5), "older weights"),
    "the input, used again": (lambda model, x: x.zero_(), "whose x was changed since"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_since_is_noticed(change: str) -> None:
    model, x, trace = traced()
    dL_dy = torch.ones_like(trace.output)
    backprop(model, trace, dL_dy)
    do, words = CHANGES[change]
    do(model, x)
    before = model.flat_grad.fill_(7.0).clone()
    message = refusal(backprop, model, trace, dL_dy)
    assert message.startswith("trace: got one ")
    assert words in message
    assert message.endswith(", expected a trace of this model as it is now")
    assert torch.equal(model.flat_grad, before)
    assert backprop(model, model.trace(x), dL_dy) is model.flat_grad


@pytest.mark.parametrize("other", [
    lambda model: MLP(SIZES, "tanh", dtype=torch.float64), copy.deepcopy,
    lambda model: pickle.loads(pickle.dumps(model)),
    lambda model: MLP(SIZES, "tanh", dtype=torch.float64, generator=torch.Generator().manual_seed(1)),
], ids=["as drawn", "a deep copy", "out of a file", "of another seed"])  # fmt: skip
def test_a_trace_of_another_model_is_refused(other: Callable[[MLP], MLP]) -> None:
    model, _, trace = traced()
    message = refusal(backprop, other(model), trace, trace.output)
    assert message.startswith("trace: got one of another model, or of other parameters, expected a trace of this model")


def test_a_trace_of_another_model_with_other_activations_is_refused() -> None:
    _, _, trace = traced()
    other = MLP(SIZES, "relu", dtype=torch.float64)
    assert refusal(backprop, other, trace, trace.output).startswith("trace: got one of other activations")


@pytest.mark.parametrize(("part", "layer"), [("z", 1), ("a", 1), ("z", 2), ("a", 3)])
def test_what_the_trace_holds_is_not_written_over(part: str, layer: int) -> None:
    model, _, trace = traced()
    above = torch.ones_like(trace.output)
    getattr(trace, part)[layer].mul_(2)
    assert "one whose z or a were changed since" in refusal(backprop, model, trace, above)


def test_a_trace_serves_as_often_as_nothing_changes() -> None:
    model, x, trace = traced()
    first = backprop(model, trace, trace.output).clone()
    model.zero_grad()
    losses.get("mse").value(model(x), x).backward()  # neither does autograd change a weight
    model.trace(2 * x)
    assert torch.equal(backprop(model, trace, trace.output), first)
    assert torch.equal(backprop(copy.copy(model), trace, trace.output), first)


def test_what_was_put_together_by_hand_or_travelled_does_not_know() -> None:
    model, _, trace = traced()
    expected = backprop(model, trace, trace.output).clone()
    for known in (Trace(trace.z, trace.a), copy.deepcopy(trace), pickle.loads(pickle.dumps(trace)), trace._replace()):
        assert known.made is None
        assert [*known] == [known.z, known.a]
        assert torch.equal(backprop(model, known, trace.output), expected)


def test_in_inference_mode_weights_alone_are_counted() -> None:
    model, x, _ = traced()
    with torch.inference_mode():
        trace = model.trace(x.clone())
        backprop(model, trace, trace.output)
        turned(model)
        assert "older weights" in refusal(backprop, model, trace, trace.output)
    inside = model.trace(trace.a[0])  # outside, of what was made inside
    backprop(model, inside, torch.ones(4, 3, dtype=torch.float64))


def test_autograd_refuses_the_same() -> None:
    model, x, trace = traced()
    y_hat = model(x)
    turned(model)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y_hat.sum().backward()
    assert "older weights" in refusal(backprop, model, trace, trace.output)
