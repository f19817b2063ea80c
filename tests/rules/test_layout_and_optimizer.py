"""The layout of a flat buffer; rule.optimizer is a torch.optim.Optimizer like any other."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from stepped_rules import RULE, SGD, assert_same, parameters, set_grads
from torch import Tensor

from mlp_core import MLP, ArgumentError, rules
from mlp_core.layout import Layout
from mlp_core.rules._shared import descent


def twins(*sizes: int) -> tuple[list[Any], list[Any]]:
    return parameters(*sizes), parameters(*sizes)


def test_every_file_in_rules_is_registered() -> None:
    files = {f.stem for f in Path(rules.__path__[0]).glob("*.py") if not f.name.startswith("_")}
    assert set(rules.names()) == files
    assert all(issubclass(rules.get(name), rules.UpdateRule) for name in rules.names())


def test_layout_puts_every_tensor_on_a_boundary() -> None:
    layout = Layout.of([(3, 5), (1,), (16,)], torch.float32)
    assert (layout.offsets, layout.size) == ((0, 16, 32), 48)
    assert [layout.owned(i) for i in range(3)] == [16, 16, 16]
    assert [tuple(view.shape) for view in layout.views(torch.zeros(48))] == [(3, 5), (1,), (16,)]


def test_a_layout_with_a_place_too_few_has_no_views() -> None:
    with pytest.raises(ValueError, match="zip"):
        Layout(((1,), (1,)), ((1,), (1,)), (0,), 16).views(torch.zeros(16))


def test_no_decay_is_no_arithmetic_at_all() -> None:
    g = torch.ones(1)
    assert descent(torch.tensor([float("inf")]), g, 0.0, maximize=False) is g  # inf times 0 would be NaN


def test_groups_have_their_own_hyperparameters() -> None:
    ours, theirs = twins(3, 4)

    def groups(p: list[Any]) -> list[dict[str, Any]]:
        return [{"params": [p[0]]}, {"params": [p[1]], "lr": 0.5, "momentum": 0.0, "maximize": True}]

    pair = RULE.optimizer(groups(ours)), RULE.twin(groups(theirs))
    for step in range(3):
        for params, optimizer in zip((ours, theirs), pair, strict=True):
            set_grads(params, step)
            optimizer.step()
    assert_same(ours, theirs)


@pytest.mark.parametrize("schedule", [
    lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=2, gamma=0.5),
    lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=5),
    lambda o: torch.optim.lr_scheduler.OneCycleLR(o, max_lr=0.5, total_steps=8),  # moves momentum too
], ids=["step", "cosine", "one cycle"])  # fmt: skip
def test_the_schedulers_of_torch_work(schedule: Callable[[Any], Any]) -> None:
    ours, theirs = twins(5)
    pair = RULE.optimizer(ours), RULE.twin(theirs)
    schedulers = [schedule(optimizer) for optimizer in pair]
    for step in range(6):
        for params, optimizer, scheduler in zip((ours, theirs), pair, schedulers, strict=True):
            set_grads(params, step)
            optimizer.step()
            scheduler.step()
    assert_same(ours, theirs)
    assert schedulers[0].get_last_lr() == schedulers[1].get_last_lr()


def test_state_goes_round_through_a_file() -> None:
    model, other = MLP([2, 3, 1]), MLP([2, 3, 1])
    optimizer = RULE.optimizer(model.parameters())
    set_grads(list(model.parameters()), 0)
    optimizer.step()
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=True)
    other.load_state_dict(loaded["model"])
    resumed = SGD().optimizer(other.parameters())  # its hyperparameters come from the file
    resumed.load_state_dict(loaded["optimizer"])
    for m, o in ((model, optimizer), (other, resumed)):
        set_grads(list(m.parameters()), 1)
        o.step()
    assert torch.equal(other.flat, model.flat)
    assert resumed.param_groups[0]["momentum"] == 0.5
    assert [s["step"] for s in resumed.state.values()] == [2, 2, 2, 2]


@pytest.mark.parametrize(
    "through", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["deepcopy", "pickle"]
)
def test_a_copied_optimizer_goes_on_with_parameters_of_its_own(through: Callable[[Any], Any]) -> None:
    ours, alone = twins(5, 3)
    first, whole = RULE.optimizer(ours), RULE.optimizer(alone)
    set_grads(ours, 0)
    first.step()
    copied = through(first)
    theirs = copied.param_groups[0]["params"]
    for step in range(3):
        set_grads(alone, step)
        whole.step()
    for step in (1, 2):
        set_grads(theirs, step)
        copied.step()
    assert_same(theirs, alone)
    assert [copied.state[p]["step"] for p in theirs] == [3, 3]
    assert [first.state[p]["step"] for p in ours] == [1, 1]


def test_a_parameter_without_a_gradient_waits_and_joins_later() -> None:
    ours, theirs = twins(3, 2)
    pair = RULE.optimizer(ours), RULE.twin(theirs)
    for step, present in enumerate([(0,), (0,), (0, 1), (1,), (0, 1)]):
        for params, optimizer in zip((ours, theirs), pair, strict=True):
            set_grads(params, step)
            for k, p in enumerate(params):
                p.grad = p.grad if k in present else None
            optimizer.step()
        assert_same(ours, theirs)
    assert [pair[0].state[p]["step"] for p in ours] == [4, 3]


def test_a_closure_is_called_with_gradients_on_and_its_value_returned() -> None:
    (p,) = parameters(3)
    optimizer = SGD(lr=1.0).optimizer([p])

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = (p * 2).sum()
        loss.backward()
        return loss

    before = p.detach().clone()
    with torch.no_grad():
        assert optimizer.step(closure).item() == (before * 2).sum().item()
    assert torch.equal(p, before - 2)


def test_a_group_added_later_starts_at_its_own_first_step() -> None:
    ours, theirs = twins(3, 2)
    pair = RULE.optimizer(ours[:1]), RULE.twin(theirs[:1])
    for step in range(4):
        for params, optimizer in zip((ours, theirs), pair, strict=True):
            if step == 2:
                optimizer.add_param_group({"params": params[1:], "lr": 0.5})
            set_grads(params, step)
            optimizer.step()
    assert_same(ours, theirs)
    assert [pair[0].state[p]["step"] for p in ours] == [4, 2]


def test_the_gradient_is_not_changed() -> None:
    ours = parameters(4)
    optimizer = SGD(lr=0.5, momentum=0.5, nesterov=True, weight_decay=0.5, maximize=True).optimizer(ours)
    for step in range(3):
        set_grads(ours, step)
        before = ours[0].grad.clone()
        optimizer.step()
        assert torch.equal(ours[0].grad, before)


def refused(params: Any, rule: Any = RULE) -> ArgumentError:
    with pytest.raises(ArgumentError) as caught:
        rule.optimizer(params).step()
    return caught.value


def test_what_cannot_be_trained_is_refused_by_name() -> None:
    (p,) = parameters(2)
    assert "momentun" in str(refused([{"params": [p], "momentun": 0.5}]))
    assert "did you mean 'momentum'?" in str(refused([{"params": [p], "momentun": 0.5}]))
    assert str(refused([{"params": [p], "lr": -1.0}])) == "lr: got -1.0, expected a finite number >= 0"
    complex_one = torch.nn.Parameter(torch.zeros(2, dtype=torch.complex64))
    assert "dtype torch.complex64, expected real floating point" in str(refused([complex_one]))
    whole = torch.nn.Parameter(torch.zeros(2, dtype=torch.int64), requires_grad=False)
    assert "dtype torch.int64, expected real floating point" in str(refused([whole]))
    p.grad = torch.eye(2, dtype=torch.float64)[0].to_sparse()
    assert str(refused([p])) == "grad: got a sparse tensor, expected a dense gradient"


def test_a_step_that_is_refused_moves_nothing() -> None:
    p, q = parameters(2, 2)
    optimizer = RULE.optimizer([{"params": [p]}, {"params": [q]}])
    p.grad, q.grad = torch.ones_like(p), torch.eye(2, dtype=torch.float64)[0].to_sparse()
    before = p.detach().clone()
    with pytest.raises(ArgumentError):
        optimizer.step()
    assert torch.equal(p, before)


def test_a_refused_group_is_not_kept() -> None:
    p, q = parameters(2, 2)
    optimizer = RULE.optimizer([p])
    with pytest.raises(ArgumentError):
        optimizer.add_param_group({"params": [q], "lr": float("nan")})
    assert len(optimizer.param_groups) == 1


def test_momentum_cannot_be_switched_on_halfway() -> None:
    ours = parameters(2)
    optimizer = SGD(lr=0.5).optimizer(ours)
    set_grads(ours, 0)
    optimizer.step()
    before = ours[0].detach().clone()
    optimizer.param_groups[0]["momentum"] = 0.5
    for _ in range(2):  # and goes on being refused
        with pytest.raises(ArgumentError, match="momentum_buffer switched on from the first step"):
            optimizer.step()
    assert torch.equal(ours[0], before)


def test_a_step_refused_in_one_group_moves_no_other() -> None:
    ours = parameters(2, 2)
    optimizer = RULE.optimizer([{"params": [p]} for p in ours])
    set_grads(ours, 0)
    before = [p.tolist() for p in ours]
    optimizer.param_groups[1]["lr"] = float("nan")
    with pytest.raises(ArgumentError, match="lr: got nan"):
        optimizer.step()
    assert [p.tolist() for p in ours] == before
