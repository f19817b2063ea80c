"""Both passes written down for batches of a size: the bits of trace and backprop, also after a model was touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from short_runs import RULE, assert_identical, data, train
from torch import Tensor

from mlp_core import MLP, activations, backprop, evenly, fit, losses
from mlp_core.base.errors import ArgumentError
from mlp_core.equality import same_bits
from mlp_core.overwriting import f_over, times_df_over
from mlp_core.passes import Written

AT = [float("nan"), float("inf"), -float("inf"), -0.0, 0.0, 1e-40, -1e-40, 1.0, -1.0, 30.0, -30.0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("name", activations.names())
def test_what_is_written_over_its_argument_has_the_bits_of_the_function(name: str, dtype: torch.dtype) -> None:
    """At every pair of numbers of AT, and in a vector's tail; also where z was written over first."""
    record = activations.get(name)
    z = torch.tensor(AT, dtype=dtype).repeat_interleave(len(AT))
    delta = torch.tensor(AT, dtype=dtype).repeat(len(AT))
    a = record.f(z)
    product = record.times_df(delta, z, a)
    over_z, over_delta = z.clone(), delta.clone()
    f, times_df = f_over(record), times_df_over(record)
    if f is not None:
        call = f(over_z)
        _ = call and call()
        assert same_bits(over_z, a)
        assert same_bits(record.times_df(delta, over_z, over_z), product)
    if times_df is not None:
        call = times_df(over_delta, over_z)
        _ = call and call()
        assert same_bits(over_delta, product)
    assert (f is None) == (name not in ("identity", "relu", "sigmoid", "tanh"))
    assert (times_df is None) == (name not in ("identity", "relu"))


def test_a_derivative_of_another_hand_is_given_z_itself() -> None:
    """f is relu's own; times_df looks at z, which must still be there."""
    seen: list[bool] = []

    def times_df(delta: Tensor, z: Tensor, a: Tensor) -> Tensor:
        seen.append(bool((z < 0).any()))
        return torch.where(z > 0, delta, 0)

    own = replace(activations.get("relu"), name="own", times_df=times_df)
    runs = [train(model=MLP([6, 9, 5, 3], activation, dtype=torch.float64)) for activation in ("relu", own)]
    assert_identical(*runs)
    assert all(seen)


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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("rows", [1, 3, 16, 17, 100])
@pytest.mark.parametrize("width", [1, 3, 16, 33])
def test_sums_of_layers_of_one_shape_have_the_bits_of_each(width: int, rows: int, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    stack = torch.randn(4, rows, width, generator=generator, dtype=torch.float64).exp().to(dtype)
    places = torch.zeros(4, width + 5, dtype=dtype)[:, :width]
    sums = [(matrix, place) for matrix, place in zip(stack, places, strict=True)][::-1]
    made = evenly.calls(sums)
    _ = [call() for call in made]
    assert len(made) == 1
    assert all(place.equal(matrix.sum(0)) for matrix, place in sums)


def test_sums_that_do_not_lie_evenly_are_done_apart() -> None:
    stack, places = torch.arange(24.0).view(4, 3, 2), torch.zeros(4, 2)
    for order, calls in (([0, 2, 3], 2), ([0, 1, 3, 2], 2), ([0, 1, 2, 3], 1)):
        places.zero_()
        sums = [(stack[k], places[k]) for k in order]
        made = evenly.calls(sums)
        _ = [call() for call in made]
        assert len(made) == calls
        assert all(place.equal(matrix.sum(0)) for matrix, place in sums)
    crossed = [(stack[0], places[1]), (stack[1], places[0])]  # upwards, and downwards
    alone = [(stack[0].clone(), places[0]), (stack[1], places[1])]
    wider = [(stack[0], places[0]), (stack[1].view(2, 3), torch.zeros(3))]
    assert [len(evenly.calls(sums)) for sums in (crossed, alone, wider)] == [2, 2, 2]


def test_sums_of_many_numbers_are_done_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    stack, places = torch.ones(4, 3, 2), torch.zeros(4, 2)
    monkeypatch.setattr(evenly, "SMALL", 12)
    assert len(evenly.calls(list(zip(stack, places, strict=True)))) == 2
