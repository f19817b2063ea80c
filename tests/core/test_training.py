"""fit: whichever engine computes gradients and updates, the numbers are the same. Also what it reads, draws and
reports."""

from __future__ import annotations

import dataclasses
from itertools import product
from typing import Any

import pytest
import torch
from short_runs import RULE, SGD, SWITCHES, assert_identical, data, schedule, train
from torch import Tensor

from mlp_core import MLP, activations, fit, losses, rules

EXACT_ACTIVATIONS = [name for name in activations.names() if activations.get(name).exact]
EXACT_LOSSES = [name for name in losses.names() if losses.get(name).exact]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("loss", EXACT_LOSSES)
def test_all_four_engines_give_the_same_bits(loss: str, dtype: torch.dtype) -> None:
    """Batches of 7 out of 24: 1/7 is not exact, and the last batch is short."""
    for activation in EXACT_ACTIVATIONS:
        runs = [
            train(loss, dtype, 24, activation, batch_size=7, gradients=g, updates=u, shuffle=True) for g, u in SWITCHES
        ]
        for run in runs[1:]:
            assert_identical(runs[0], run)


def test_the_switch_of_gradients_says_whose_they_are() -> None:
    mse = losses.get("mse")
    by_hand_zero = dataclasses.replace(mse, name="zero by hand", grad=lambda y_hat, y: torch.zeros_like(y_hat))
    start = MLP([6, 9, 5, 3], dtype=torch.float64).flat
    x, y = data(20, "mse", torch.float64)
    for gradients, moves in (("manual", False), ("autograd", True)):
        model = MLP([6, 9, 5, 3], dtype=torch.float64)
        options: dict[str, Any] = {"rule": SGD(lr=0.5), "epochs": 1, "batch_size": 8, "gradients": gradients}
        fit(model, x, y, loss=by_hand_zero, **options)
        assert torch.equal(model.flat, start) is not moves


def test_batches_of_300_and_a_wide_network() -> None:
    x = torch.randn(800, 50, generator=torch.Generator().manual_seed(0))
    y = (x.sum(dim=1) > 0).long()
    flats = []
    for g, u in SWITCHES:
        model = MLP([50, 64, 32, 2])
        fit(model, x, y, loss="cross_entropy", rule=RULE, epochs=2, batch_size=300, gradients=g, updates=u)
        flats.append(model.flat)
    assert all(torch.equal(flats[0], flat) for flat in flats[1:])


def test_history_has_a_loss_a_step_and_a_weighted_mean_an_epoch() -> None:
    x, y = torch.ones(5, 1, dtype=torch.float64), torch.tensor([[1.0], [1.0], [1.0], [1.0], [6.0]]).double()
    model = MLP([1, 1], dtype=torch.float64)
    model.flat.zero_()
    history = fit(model, x, y, loss="mse", rule=SGD(lr=0.0), epochs=3, batch_size=4)
    assert history.step_losses.tolist() == [1.0, 36.0] * 3
    assert history.epoch_losses.tolist() == [(4 * 1.0 + 1 * 36.0) / 5] * 3
    assert history.step_losses.dtype == history.epoch_losses.dtype == torch.float64
    assert (history.checkpoint["epoch"], history.checkpoint["step"]) == (3, 6)
    assert not history.step_losses.requires_grad


def test_the_loss_is_the_one_before_the_step() -> None:
    x, y = data(8, "mse", torch.float64)
    before = losses.get("mse").value(MLP([6, 9, 5, 3], dtype=torch.float64).trace(x).output, y)
    assert train(n=8)[1].step_losses[0].item() == before.item()


def test_no_epochs_do_nothing() -> None:
    model, history = train(epochs=0)
    assert torch.equal(model.flat, MLP([6, 9, 5, 3], dtype=torch.float64).flat)
    assert history.step_losses.shape == history.epoch_losses.shape == (0,)
    assert history.step_losses.dtype == torch.float64
    whole = train(epochs=2)
    assert_identical(train(epochs=2, start=history.checkpoint), whole)


@pytest.mark.parametrize("size", [1, 20, 1000], ids="batch size {}".format)
def test_batch_sizes_from_one_to_more_than_there_is(size: int) -> None:
    runs = [train(batch_size=size, gradients=g, updates=u) for g, u in SWITCHES]
    assert len(runs[0][1].step_losses) == 2 * (20 if size == 1 else 1)
    for run in runs[1:]:
        assert_identical(runs[0], run)


def test_data_and_records_are_only_read() -> None:
    x, y = data(20, "mse", torch.float64)
    kept = x.clone(), y.clone()
    model = MLP([6, 3], dtype=torch.float64)
    fit(model, x, y, loss=losses.get("mse"), rule=RULE, epochs=1, batch_size=6, shuffle=True)
    assert (x.tolist(), y.tolist()) == (kept[0].tolist(), kept[1].tolist())


def test_shuffling_draws_from_the_generator_alone() -> None:
    seeded = [train(shuffle=True, generator=torch.Generator().manual_seed(s)) for s in (1, 1, 2)]
    assert_identical(seeded[0], seeded[1])
    assert seeded[0][1].step_losses.tolist() != seeded[2][1].step_losses.tolist()
    assert_identical(train(shuffle=True), train(shuffle=True))
    assert train(shuffle=True)[1].step_losses.tolist() != train()[1].step_losses.tolist()


def test_without_a_generator_shuffling_draws_from_one_seeded_with_0() -> None:
    assert_identical(train(shuffle=True), train(shuffle=True, generator=torch.Generator().manual_seed(0)))


def test_one_sample_is_enough() -> None:
    assert train(n=1)[1].step_losses.shape == (2,)


def test_every_epoch_shuffled_holds_every_sample_once() -> None:
    x = torch.arange(10.0)[:, None]
    model = MLP([1, 1])
    model.flat.zero_()
    history = fit(model, x, x, loss="squared_error", rule=SGD(lr=0.0), epochs=4, batch_size=1, shuffle=True)
    orders = [epoch.tolist() for epoch in history.step_losses.view(4, 10)]
    assert all(sorted(order) == [k * k for k in range(10)] for order in orders)
    assert len({tuple(order) for order in orders}) == 4


def test_autograd_is_off_altogether_where_nobody_needs_it() -> None:
    """Inference mode spares torch what no_grad does not; autograd and torch's optimizers cannot use what it makes."""
    modes, mse = [], losses.get("mse")

    def value(y_hat: Tensor, y: Tensor) -> Tensor:
        modes.append(torch.is_inference_mode_enabled())
        return mse.value(y_hat, y)

    for gradients, updates in product(("manual", "autograd"), ("manual", "torch")):
        train(loss=dataclasses.replace(mse, value=value), gradients=gradients, updates=updates, epochs=1)
    calls = len(modes) // 4
    assert modes == [True] * calls + [False] * 3 * calls


@pytest.mark.parametrize("updates", ["manual", "torch"])
def test_a_schedule_is_asked_at_every_step(updates: str) -> None:
    asked = []

    def remembering(step: int) -> Any:
        asked.append(step)
        return schedule(step)

    scheduled = train(rule=remembering, updates=updates, gradients="autograd")
    assert sorted(set(asked)) == list(range(6))
    assert scheduled[1].checkpoint["rule"] == repr(schedule(5))
    model = MLP([6, 9, 5, 3], dtype=torch.float64)
    optimizer = torch.optim.SGD(model.parameters(), lr=1, momentum=0.5, foreach=False)
    x, y = data(20, "mse", torch.float64)
    for step in range(6):
        rows = slice(8 * (step % 3), 8 * (step % 3) + 8)
        optimizer.param_groups[0].update(
            lr=schedule(step).lr, momentum=schedule(step).momentum, nesterov=schedule(step).nesterov
        )
        model.zero_grad()
        torch.nn.functional.mse_loss(model(x[rows]), y[rows]).backward()
        optimizer.step()
    assert torch.equal(scheduled[0].flat, model.flat)


def test_state_that_a_schedule_lays_anew_is_as_good_as_any_other() -> None:
    """Padding does not stay at rest if eps is 0: parameters part and join, and their state is moved on the way."""
    adam: Any = rules.get("adam")
    _, history = train(rule=lambda step: adam(eps=0.0 if step % 3 == 1 else 1e-8))
    state = history.checkpoint["state"].values()
    kept = [value.is_inference() for own in state for value in own.values() if isinstance(value, Tensor)]
    assert kept == [False] * 12


def test_a_schedule_of_a_rule_that_torch_does_not_have() -> None:
    lion: Any = rules.get("lion")
    fixed, _ = train(rule=lion(lr=0.5))
    scheduled, _ = train(rule=lambda step: lion(lr=0.5 if step else 0.25))
    assert not torch.equal(fixed.flat, scheduled.flat)


def test_on_epoch_hears_of_every_epoch_with_its_number() -> None:
    heard: list[tuple[int, float]] = []
    _, first = train(epochs=2, on_epoch=lambda *call: heard.append(call))
    _, second = train(epochs=1, start=first.checkpoint, on_epoch=lambda *call: heard.append(call))
    assert heard == list(enumerate([*first.epoch_losses.tolist(), *second.epoch_losses.tolist()]))


def test_the_weights_follow_a_model_moved_to_another_dtype() -> None:
    model, _ = train(dtype=torch.float32, epochs=1)
    runs = []
    for gradients, updates in SWITCHES:
        copied = MLP([6, 9, 5, 3])
        copied.load_state_dict(model.state_dict())
        runs.append(train(model=copied.double(), gradients=gradients, updates=updates))
    for run in runs[1:]:
        assert_identical(runs[0], run)
