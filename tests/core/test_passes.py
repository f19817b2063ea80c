"""Both passes written down for batches of a size: the bits of trace and backprop, also after a model was touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from short_runs import RULE, assert_identical, data, train
from torch import Tensor

from mlp_core import MLP, activations, backprop, fit, losses
from mlp_core.activations import _INTO
from mlp_core.base.errors import ArgumentError
from mlp_core.equality import same_bits
from mlp_core.passes import Written

AT = [float("nan"), float("inf"), -float("inf"), -0.0, 0.0, 1e-40, -1e-40, 1.0, -1.0, 30.0, -30.0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_what_is_written_into_memory_has_the_bits_of_the_function(dtype: torch.dtype) -> None:
    """At every pair of numbers of AT, and in a vector's tail."""
    z = torch.tensor(AT, dtype=dtype).repeat_interleave(len(AT))
    delta = torch.tensor(AT, dtype=dtype).repeat(len(AT))
    for function, into in _INTO:
        for record in map(activations.get, activations.names()):
            if function not in (record.f, record.times_df):
                continue
            arguments = (z,) if record.f is function else (delta, z, record.f(z))
            memory = torch.full_like(z, 7)
            call = into(*arguments, memory)
            got = arguments[0] if call is None else memory
            if call is not None:
                call()
            assert same_bits(got, function(*arguments)), record.name


@pytest.mark.parametrize("loss", losses.names())
@pytest.mark.parametrize("activation", activations.names())
def test_the_passes_have_the_bits_of_trace_and_backprop(activation: str, loss: str) -> None:
    x, y = data(25, loss, torch.float32)
    model, record = MLP([6, 9, 5, 3], activation, output=activation), losses.get(loss)
    with torch.no_grad():
        written = Written(model.activations, model.in_order(), model.grad_views, record)
        targets = record.prepared(y, 5, outputs=3, dtype=x.dtype)
        for xb, yb, target in zip(x.split(5), y.split(5), targets, strict=True):
            value = written(xb, target).item()
            own = [g.clone() for g in model.grad_views]
            trace = model.trace(xb)
            expected, dL_dy = record.value_and_grad(trace.output, yb)
            backprop(model, trace, dL_dy)
            assert value == expected.item()
            assert all(map(torch.equal, own, model.grad_views))
            model.flat.mul_(0.9)  # as an update does, in place


@pytest.mark.parametrize("shuffle", [False, True])
def test_targets_that_are_too_many_to_keep_are_prepared_by_batch(
    shuffle: bool, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    kept = train("cross_entropy", batch_size=7, shuffle=shuffle)
    monkeypatch.setattr(losses, "SMALL", 0)
    assert_identical(kept, train("cross_entropy", batch_size=7, shuffle=shuffle))


def test_labels_that_are_changed_between_epochs_count() -> None:
    """Through memory of numpy, whose changes torch does not count."""
    x, y = data(20, "cross_entropy", torch.float64)
    other = 2 - y
    runs = []
    for gradients in ("manual", "autograd"):
        labels, model = y.numpy().copy(), MLP([6, 3], dtype=torch.float64)

        def change(epoch: int, loss: float, labels: Any = labels) -> None:
            labels[:] = other.numpy()

        options: dict[str, Any] = {"loss": "cross_entropy", "rule": RULE, "epochs": 2, "batch_size": 8}
        fit(model, x, torch.from_numpy(labels), gradients=gradients, on_epoch=change, **options)
        runs.append(model.flat.clone())
    assert torch.equal(*runs)


def moved(model: MLP) -> None:
    model.weights[0].data = model.weights[0].data.clone()


def activated(model: MLP) -> None:
    model.activations = ("tanh", "relu", "identity")  # type: ignore[assignment]  # names are taken too


def loaded(model: MLP) -> None:
    state = {name: value.flip(0) for name, value in model.state_dict().items()}
    model.load_state_dict(state, assign=True)


def frozen(model: MLP) -> None:
    model.weights[1].requires_grad_(not model.weights[1].requires_grad)


@pytest.mark.parametrize("touch", [moved, activated, loaded, frozen])
def test_a_model_that_is_touched_between_epochs_is_followed(touch: Any) -> None:
    runs = []
    for gradients in ("manual", "autograd"):
        model = MLP([6, 9, 5, 3], dtype=torch.float64)
        run = train(model=model, gradients=gradients, epochs=4, on_epoch=lambda *_, model=model: touch(model))
        runs.append(run)
    if touch is activated:  # tanh has other last bits than autograd's
        torch.testing.assert_close(runs[0][0].flat, runs[1][0].flat)
        untouched = train(epochs=4)[0].flat
        assert not torch.allclose(untouched, runs[0][0].flat)
    else:
        assert_identical(*runs)


def test_a_function_of_a_record_that_hands_back_its_argument_now_and_then_is_copied() -> None:
    """As what gives z itself where all of it is positive."""

    def f(z: Tensor) -> Tensor:
        return z if bool((z > 0).all()) else torch.relu(z)

    moody = replace(activations.get("relu"), name="moody", f=f)
    x = torch.tensor([1.0, 1.0, -1.0, 1.0, -1.0])[:, None]  # the first batch alone is positive
    runs = []
    for activation in ("relu", moody):
        model = MLP([1, 4, 1], activation)
        model.weights[0].data.abs_()
        model.biases[0].data.abs_()
        fit(model, x, x, loss="mse", rule=RULE, epochs=2, batch_size=2)
        runs.append(model.flat)
    assert torch.equal(*runs)


def test_a_result_of_another_form_than_the_first_one_is_refused() -> None:
    calls: list[int] = []

    def grad(y_hat: Tensor, y: Tensor) -> Tensor:
        calls.append(1)
        return y_hat - y if len(calls) == 1 else (y_hat - y)[:1]

    def f(z: Tensor) -> Tensor:
        calls.append(1)
        return z.clone() if len(calls) == 1 else z.double()

    with pytest.raises(ArgumentError, match=r"dL/dy_hat of shape \(1, 3\) and torch.float64, expected shape \(8, 3\)"):
        train(loss=replace(losses.get("mse"), name="odd", grad=grad))  # type: ignore[arg-type]
    calls.clear()
    odd = replace(activations.get("identity"), name="odd", f=f)
    with pytest.raises(ArgumentError, match=r"and torch.float64, expected shape \(8, 3\) and torch.float32"):
        train(model=MLP([6, 3], output=odd), dtype=torch.float32)
