"""Parameters that torch allows to be put elsewhere are taken back into the flat buffer, with the numbers they have."""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable
from typing import Any

import pytest
import torch
from refusals import refusal
from short_runs import SWITCHES, data
from torch import Tensor, nn

from mlp_core import MLP, backprop, fit, gradcheck, losses, rules
from mlp_core.rules import RuleOptimizer

SIZES = [6, 9, 5, 3]
RULE: Any = rules.get("sgd")(lr=0.05, momentum=0.9, weight_decay=0.1)
X, Y = data(20, "mse", torch.float64)
OPTIONS: dict[str, Any] = {"loss": "mse", "rule": RULE, "batch_size": 8}


def fresh(seed: int = 1) -> MLP:
    return MLP(SIZES, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def numbers(name: str) -> Tensor:
    return 2 * fresh(7).get_parameter(name).detach().clone()


def all_data(model: MLP) -> None:
    for name, p in model.named_parameters():
        p.data = numbers(name)


def copied(model: MLP) -> None:
    """A shallow copy shares the parameters, and is then moved."""
    twin = copy.copy(model)
    twin.float()
    twin.double()


def assigned(model: MLP, *names: str) -> None:
    model.load_state_dict({name: numbers(name) for name in names}, assign=True, strict=False)


def in_a_sequential(model: MLP) -> None:
    nn.Sequential(model).load_state_dict({f"0.{name}": numbers(name) for name in model.state_dict()}, assign=True)


def part_of_one(model: MLP) -> None:
    for name, value in fresh(7).state_dict().items():
        model.get_parameter(name).data = value.clone()


MOVES: dict[str, Callable[[MLP], Any]] = {
    "W1.data": lambda model: setattr(model.W1, "data", numbers("W1")),
    "b3.data": lambda model: setattr(model.b3, "data", numbers("b3")),
    "all data": all_data,
    "its data, transposed": lambda model: setattr(model.W2, "data", numbers("W2").t().contiguous().t()),
    "a new Parameter": lambda model: setattr(model, "W2", nn.Parameter(numbers("W2"))),
    "a Parameter by register_parameter": lambda model: model.register_parameter("b1", nn.Parameter(numbers("b1"))),
    "assign=True": lambda model: assigned(model, *model.state_dict()),
    "assign=True, in part": lambda model: assigned(model, "W2", "b3"),
    "assign=True, above": in_a_sequential,
    "another state dict's": lambda model: model.load_state_dict(fresh(7).state_dict(), assign=True),
    "a shallow copy that moves": copied,
    "apply": lambda model: model._apply(torch.clone),
    "half and back": lambda model: model.half().double(),
    "swapped": lambda model: torch.utils.swap_tensors(model.W3, nn.Parameter(numbers("W3"))),
    "clones one by one": part_of_one,
}


def moved(move: str) -> MLP:
    model = fresh()
    losses.get("mse").value(model(X), Y).backward()  # its gradients are somewhere too
    MOVES[move](model)
    gc.collect()
    return model


def at_rest(move: str) -> MLP:
    """A new model with the same numbers."""
    model, twin = moved(move), fresh()
    with torch.no_grad():
        for p, q in zip(model.parameters(), twin.parameters(), strict=True):
            q.copy_(p)
    return twin


def assert_laid(model: MLP) -> None:
    for flat, tensors in ((model.flat, model.parameters()), (model.flat_grad, [p.grad for p in model.parameters()])):
        for view, t in zip(model.layout.views(flat), tensors, strict=True):
            assert t is not None
            assert (t.data_ptr(), t.stride()) == (view.data_ptr(), view.stride())


@pytest.mark.parametrize("move", MOVES)
def test_the_flat_buffer_has_the_numbers_of_the_parameters(move: str) -> None:
    model = moved(move)
    kept = [p.detach().clone() for p in model.parameters()]
    views = model.layout.views(model.flat)
    assert all(torch.equal(v, k) for v, k in zip(views, kept, strict=True))
    assert_laid(model)
    model.flat.mul_(2)
    assert all(torch.equal(p, 2 * k) for p, k in zip(model.parameters(), kept, strict=True))


@pytest.mark.parametrize("move", MOVES)
def test_backprop_gives_the_gradient_where_the_optimizer_looks(move: str) -> None:
    model = moved(move)
    trace = model.trace(X)
    backprop(model, trace, losses.get("mse").value_and_grad(trace.output, Y)[1])
    expected = torch.autograd.grad(losses.get("mse").value(model(X), Y), list(model.parameters()))
    for p, e in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(p.grad, e)  # not to the bit: a transposed weight takes another kernel
    assert_laid(model)


@pytest.mark.parametrize("move", MOVES)
def test_fit_trains_it_and_its_checkpoint_holds_what_it_trained(move: str) -> None:
    runs = []
    for gradients, updates in SWITCHES:
        model = moved(move)
        history = fit(model, X, Y, epochs=2, gradients=gradients, updates=updates, **OPTIONS)
        assert torch.equal(history.checkpoint["flat"], model.flat)
        runs.append(model.flat.tolist())
    model = at_rest(move)
    fit(model, X, Y, epochs=2, **OPTIONS)
    assert runs == [model.flat.tolist()] * 4


@pytest.mark.parametrize("move", MOVES)
def test_a_checkpoint_is_taken_up_where_the_parameters_are(move: str) -> None:
    start = fit(fresh(), X, Y, epochs=1, **OPTIONS).checkpoint
    model, whole = moved(move), fresh()
    fit(model, X, Y, epochs=1, start=start, **OPTIONS)
    fit(whole, X, Y, epochs=2, **OPTIONS)
    assert [p.tolist() for p in model.parameters()] == [p.tolist() for p in whole.parameters()]


@pytest.mark.parametrize("move", ["W1.data", "all data", "assign=True", "a shallow copy that moves"])
def test_a_move_between_epochs_is_noticed(move: str) -> None:
    def on_epoch(epoch: int, loss: float) -> None:
        if epoch == 0:
            MOVES[move](model)

    model, later = fresh(), fresh()
    history = fit(model, X, Y, epochs=2, on_epoch=on_epoch, **OPTIONS)
    fit(later, X, Y, epochs=1, **OPTIONS)
    assert torch.equal(history.checkpoint["flat"], model.flat)
    assert len(history.epoch_losses) == 2


@pytest.mark.parametrize("move", MOVES)
def test_a_gradient_check_is_of_the_numbers_they_have(move: str) -> None:
    assert gradcheck.check_model(moved(move), X, Y, "mse").worst <= 1e-7
    assert list(gradcheck.check_model(moved(move), X, Y, "mse").values()) == list(
        gradcheck.check_model(at_rest(move), X, Y, "mse").values()
    )


def test_an_optimizer_steps_them_where_they_are_and_nothing_beside_them() -> None:
    memory = torch.full((64,), 5.0, dtype=torch.float64)  # laid out as a model's, except for the gaps
    model = MLP([2, 3, 1], dtype=torch.float64)
    for p, begin in zip(model.parameters(), model.layout.offsets, strict=True):
        p.data = memory[begin : begin + p.numel()].view(p.shape)
        p.grad = torch.ones_like(p)
    optimizer: RuleOptimizer = RULE.optimizer(model.parameters())
    optimizer.step()
    inside = torch.zeros(64, dtype=torch.bool)
    for p, begin in zip(model.parameters(), model.layout.offsets, strict=True):
        inside[begin : begin + p.numel()] = True
    assert bool((memory[~inside] == 5).all())
    assert bool((memory[inside] != 5).all())
    assert refusal(lambda: model.flat).startswith("model.W1: got part of other memory, expected separate memory")


def test_two_modules_may_share_parameters_all_of_them() -> None:
    model = fresh()
    twin = copy.copy(model)
    fit(twin, X, Y, epochs=1, **OPTIONS)
    assert torch.equal(model.flat, twin.flat)
    twin.float()
    twin.double()  # the shared parameters are in its buffer now
    fit(model, X, Y, epochs=1, **OPTIONS)
    assert torch.equal(model.flat, twin.flat)
    target = fresh(3)
    for p, q in zip(target.parameters(), model.parameters(), strict=True):
        p.data = q.data
    fit(model, X, Y, epochs=1, **OPTIONS)
    assert torch.equal(target.flat, model.flat)
    assert target.trace(X).output.equal(model.trace(X).output)
