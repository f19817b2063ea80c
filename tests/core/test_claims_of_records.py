"""A record declares all that holds for it: one that declares less loosens the laws, and no law notices that."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlp_core import activations, losses
from mlp_core.activations import Activation
from mlp_core.equality import same_bits
from mlp_core.losses import Loss


def points(dtype: torch.dtype = torch.float64) -> Tensor:
    return 6 * torch.randn(1000, generator=torch.Generator().manual_seed(1), dtype=dtype)


def by_autograd(f: Activation, z: Tensor, delta: Tensor) -> Tensor:
    z = z.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(f.f(z), z, delta)
    return gradient


def curvature(f: Activation, z: float) -> float:
    at = torch.tensor([z], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(f.f(at), at, torch.ones_like(at), create_graph=True)
    if not slope.requires_grad:
        return 0.0
    (bend,) = torch.autograd.grad(slope, at, torch.ones_like(at), allow_unused=True)
    return 0.0 if bend is None else bend.item()


@pytest.mark.parametrize("name", activations.names())
def test_exact_is_what_has_the_bits_of_autograd(name: str) -> None:
    f = activations.get(name)
    same = []
    for dtype in (torch.float32, torch.float64):
        z, delta = points(dtype), points(dtype).flip(0)
        same.append(same_bits(f.times_df(delta, z, f.f(z)), by_autograd(f, z, delta)))
    assert f.exact is all(same)


@pytest.mark.parametrize("name", losses.names())
def test_an_exact_loss_is_one_whose_gradient_has_the_bits_of_autograd(name: str) -> None:
    loss, same = losses.get(name), []
    for dtype in (torch.float32, torch.float64):
        y_hat = points(dtype).view(-1, 5)
        y = torch.arange(len(y_hat)) % 5 if loss.classes else torch.sigmoid(y_hat.flip(0))
        copy = y_hat.clone().requires_grad_()
        (expected,) = torch.autograd.grad(loss.value(copy, y), copy)
        same.append(same_bits(loss.grad(y_hat, y), expected))
    assert loss.exact is all(same)


@pytest.mark.parametrize("name", activations.names())
def test_lipschitz_is_the_largest_slope(name: str) -> None:
    f, z = activations.get(name), torch.linspace(-32, 32, 6401, dtype=torch.float64)
    steepest = f.df(z, f.f(z)).abs().max().item()
    assert steepest <= f.lipschitz < 1.01 * steepest


@pytest.mark.parametrize("name", activations.names())
def test_slopes_are_declared_by_what_has_few_of_them(name: str) -> None:
    f, z = activations.get(name), points().sort().values
    slopes = torch.unique_consecutive(f.df(z, f.f(z))).tolist()  # from left to right
    assert list(f.slopes) == (slopes if len(slopes) <= 3 else [])


@pytest.mark.parametrize("name", activations.names())
def test_bends_are_where_the_curvature_jumps_and_the_slope_does_not(name: str) -> None:
    f, near = activations.get(name), 2.0**-20
    bends = [z for z in (-20.0, -1.0, 0.0, 1.0, 20.0) if abs(curvature(f, z + near) - curvature(f, z - near)) > 0.5]
    assert f.bends == tuple(z for z in bends if z not in f.kinks)


def test_a_record_that_declares_nothing_is_held_to_rounding_and_not_to_bits() -> None:
    cubed = Activation("cubed", f=lambda z: z**3, times_df=lambda delta, z, a: 3 * delta * z**2)
    fourth = Loss("fourth", *[lambda y_hat, y: ((y_hat - y) ** 4).sum()] * 4)
    assert (cubed.exact, cubed.lipschitz, cubed.kinks, cubed.bends, cubed.slopes) == (False, 1.0, (), (), ())
    assert (fourth.exact, fourth.classes, fourth.unit_targets, fourth.both) == (False, False, False, None)
