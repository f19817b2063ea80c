"""A new activation or a new loss is one record; it works at once under its name and can be taken back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from mlp_core import MLP, ArgumentError, activations, fit, gradcheck, losses, rules
from mlp_core.activations import Activation
from mlp_core.equality import same_bits
from mlp_core.losses import Loss

SQUARE = Activation("square", f=lambda z: z * z, times_df=lambda delta, z, a: delta * (2 * z), lipschitz=float("inf"))
FOURTH = Loss(
    "fourth_power",
    value=lambda y_hat, y: ((y_hat - y) ** 4).sum(),
    grad=lambda y_hat, y: 4 * (y_hat - y) ** 3,
    terms=lambda y_hat, y: ((y_hat - y) ** 4).sum(),
    grad_terms=lambda y_hat, y: 4 * (y_hat - y).abs() ** 3,
)


@pytest.fixture
def registered() -> Iterator[None]:
    activations.register(SQUARE)
    losses.register(FOURTH)
    yield
    activations.remove("square")
    losses.remove("fourth_power")


def batch() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(5, n, generator=generator, dtype=torch.float64) for n in (2, 1))
    return x, y


@pytest.mark.usefixtures("registered")
def test_a_registered_record_is_found_by_name() -> None:
    assert activations.get("square") is SQUARE
    assert losses.get("fourth_power") is FOURTH
    assert activations.names()[-1] == "square"
    assert losses.names()[-1] == "fourth_power"


@pytest.mark.usefixtures("registered")
def test_new_records_are_checked_and_trained_by_name() -> None:
    x, y = batch()
    model = MLP([2, 4, 1], activation="square", dtype=torch.float64)
    assert gradcheck.band(gradcheck.check_model(model, x, y, "fourth_power").worst) == "fine"
    rule: Any = rules.get("sgd")(lr=0.001)
    history = fit(model, x, y, loss="fourth_power", rule=rule, epochs=20, batch_size=2)
    assert history.epoch_losses[-1] < history.epoch_losses[0]


def test_names_are_those_that_users_write() -> None:
    assert set(activations.names()) == {
        "identity", "relu", "leaky_relu", "elu", "softplus", "sigmoid", "tanh", "silu", "gelu", "softsign", "hardtanh",
    }  # fmt: skip
    assert set(losses.names()) == {"squared_error", "mse", "cross_entropy", "bce_with_logits"}


def test_a_record_needs_no_name_in_the_registry_to_be_used() -> None:
    x, y = batch()
    model = MLP([2, 4, 1], activation=[SQUARE], dtype=torch.float64)
    assert gradcheck.band(gradcheck.check_model(model, x, y, FOURTH).worst) == "fine"
    assert "square" not in activations.names()


@pytest.mark.parametrize("kind", [activations, losses])
def test_a_name_taken_is_refused_and_the_first_record_stays(kind: Any) -> None:
    for name in kind.names():
        record = kind.get(name)
        with pytest.raises(ArgumentError, match=f"name: got '{name}', expected a name that is not registered yet"):
            kind.register(record)
        assert kind.get(name) is record


@pytest.mark.usefixtures("registered")
def test_removed_records_are_unknown_again() -> None:
    before = activations.names()
    activations.remove("square")
    assert activations.names() == before[:-1]
    with pytest.raises(ArgumentError, match="activation: got 'square'"):
        activations.get("square")
    with pytest.raises(ArgumentError, match="activation: got 'square'"):
        activations.remove("square")
    activations.register(SQUARE)  # the fixture takes it back


def test_leaky_makes_a_record_for_any_slope() -> None:
    half = activations.leaky(0.5)
    z = torch.tensor([-2.0, 0.0, 0.5, 2.0])
    assert half.f(z).tolist() == [-1.0, 0.0, 0.5, 2.0]
    assert half.df(z, half.f(z)).tolist() == [0.5, 0.5, 1.0, 1.0]
    assert (half.kinks, half.slopes, half.kink_slopes, half.exact) == ((0.0,), (0.5, 1.0), (0.5,), True)
    assert half.name == "leaky_relu(0.5)"
    assert half.name not in activations.names()


def test_the_slope_of_softplus_is_1_above_20_as_torch_has_it() -> None:
    softplus, z = activations.get("softplus"), torch.tensor([20.0, 20.5, 21.0], dtype=torch.float64)
    slope = softplus.df(z, softplus.f(z))
    assert slope.tolist() == [torch.sigmoid(z[0]).item(), 1.0, 1.0]
    assert slope[0] < 1


@pytest.mark.parametrize("name", activations.names())
def test_an_activation_is_elementwise_and_reads_only(name: str) -> None:
    record = activations.get(name)
    z = torch.linspace(-3, 3, 12, dtype=torch.float64).view(3, 4)
    kept = z.clone()
    a = record.f(z)
    slope = record.df(z, a)
    assert torch.equal(z, kept)
    assert a.shape == slope.shape == record.terms(z, a).shape == z.shape
    assert torch.equal(record.f(z[1:2, 1:2]), a[1:2, 1:2])
    assert len(record.kink_slopes) in (0, len(record.kinks))
    assert len(record.slopes) in (0, len(record.kinks) + 1)


@pytest.mark.parametrize("name", [name for name in activations.names() if activations.get(name).exact])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_an_exact_derivative_is_autograd_s_where_a_run_has_gone_to_nan(name: str, dtype: torch.dtype) -> None:
    """A kernel of torch may treat NaN differently in its vector part and in its tail, and so do its callers."""
    f = activations.get(name)
    for n in range(1, 71):
        z, delta = torch.full((n,), torch.nan, dtype=dtype).requires_grad_(), torch.arange(1, n + 1, dtype=dtype)
        a = f.f(z)
        (expected,) = torch.autograd.grad(a, z, delta)
        assert same_bits(f.times_df(delta, z.detach(), a.detach()), expected), n


@pytest.mark.parametrize("name", [n for n in activations.names() if activations.get(n).slopes])
def test_a_piecewise_linear_activation_is_what_its_slopes_say(name: str) -> None:
    record = activations.get(name)
    edges = [-8.0, *record.kinks, 8.0]
    for slope, low, high in zip(record.slopes, edges[:-1], edges[1:], strict=True):
        z = torch.tensor([(low + high) / 2])
        assert record.df(z, record.f(z)).tolist() == [torch.tensor(slope).item()]
    kinks = torch.tensor(record.kinks)
    at = record.df(kinks, record.f(kinks)).tolist()
    assert at == torch.tensor(record.kink_slopes).tolist()


def test_a_loss_that_gives_both_at_once_is_asked_once_and_is_another_record() -> None:
    asked = []

    def both(y_hat: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        asked.append(1)
        return FOURTH.value(y_hat, y), FOURTH.grad(y_hat, y)

    at_once, (y_hat, y) = FOURTH.at_once(both), (torch.tensor([[1.0, 2.0]]), torch.zeros(1, 2))
    assert (at_once.both, FOURTH.both) == (both, None)
    value, grad = at_once.value_and_grad(y_hat, y)
    assert (value.item(), grad.tolist(), asked) == (17.0, [[4.0, 32.0]], [1])
    at_once.value_and_grad(y_hat.requires_grad_(), y)
    assert len(asked) == 2


def test_a_replaced_loss_forgets_what_gave_value_and_gradient_at_once() -> None:
    entropy, y_hat, y = losses.get("cross_entropy"), torch.tensor([[1.0, 2.0]]), torch.tensor([0])
    doubled = dataclasses.replace(entropy, grad=lambda y_hat, y: 2 * entropy.grad(y_hat, y))
    assert entropy.both is not None
    assert doubled.both is None
    assert torch.equal(doubled.value_and_grad(y_hat, y)[1], 2 * entropy.value_and_grad(y_hat, y)[1])
