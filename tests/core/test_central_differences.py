"""Central differences: of functions whose derivative is known, and layer by layer beside the whole network."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from networks_to_check import fitted, t
from torch import Tensor

from mlp_core import differences, gradcheck, losses, quotients
from mlp_core.gradcheck import BANDS, STEP, central_difference, check_model, relative_error
from mlp_core.testing.oracles import stacked as networks


@pytest.mark.parametrize("batched", [False, True])
def test_central_differences_of_polynomials(batched: bool) -> None:
    """Powers of two all through: the quotient of a linear and of a quadratic function is exact."""
    theta = t(1, -2, 0.5, 0).view(2, 2)
    slope = t(4, 3, -1, 0.5).view(2, 2)

    def linear(x: Tensor) -> Tensor:
        return (slope * x).sum(dim=(-2, -1))

    def quadratic(x: Tensor) -> Tensor:
        return (slope * x * x).sum(dim=(-2, -1))

    def cubic(x: Tensor) -> Tensor:
        return (x * x * x).sum(dim=(-2, -1))

    step = 2.0**-10
    assert torch.equal(central_difference(linear, theta, step=step, batched=batched), slope)
    assert torch.equal(central_difference(quadratic, theta, step=step, batched=batched), 2 * slope * theta)
    # (x + h)^3 - (x - h)^3 = 2h (3 x^2 + h^2): the truncation error is h^2 itself
    assert torch.equal(central_difference(cubic, theta, step=step, batched=batched), 3 * theta**2 + step**2)


def test_central_differences_leave_theta_alone_whatever_f_does() -> None:
    theta = torch.nn.Parameter(torch.tensor([1.0, 2.0]))

    def rude(x: Tensor) -> Tensor:
        value = (x * x).sum()
        x.zero_()
        return value

    result = central_difference(rude, theta, step=2.0**-10)
    assert result.tolist() == [2.0, 4.0]
    assert result.dtype == torch.float64
    assert theta.tolist() == [1.0, 2.0]
    assert central_difference(lambda x: 3.0, theta).tolist() == [0.0, 0.0]  # plain numbers do
    assert central_difference(torch.sum, torch.ones(0, 3)).shape == (0, 3)
    assert central_difference(lambda x: x * x, torch.tensor(3.0), step=0.5).item() == 6.0


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    theta = torch.linspace(-1, 1, 23, dtype=torch.float64)
    whole = central_difference(lambda x: (x**3).sum(), theta)
    model, x, y = fitted("relu")
    errors = check_model(model, x, y)
    monkeypatch.setattr(quotients, "BLOCK", 100)
    assert torch.equal(central_difference(lambda x: (x**3).sum(), theta), whole)
    monkeypatch.setattr(differences, "BLOCK", 100)
    in_blocks = check_model(model, x, y)
    assert in_blocks.skipped == errors.skipped
    assert max(abs(in_blocks[name] - error) for name, error in errors.items()) <= BANDS[0][0]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_differences_layer_by_layer_are_those_of_the_whole_network(activation: str) -> None:
    """Beside the plain ones, which evaluate every moved network from its input on."""
    model, x, y = fitted(activation)
    model, x, y = model.double(), x.double(), y.double()
    loss = losses.get("squared_error")
    plain = central_difference(
        lambda flats: networks.losses_at(model, flats, x, y, loss), model.flat, step=STEP, batched=True
    )
    assert relative_error(differences.by_parameters(model, x, y, loss, STEP), plain) <= BANDS[0][0]


@pytest.mark.parametrize(("block", "calls"), [(10, 23), (100, 12), (2 * 23 * 23, 1)])
def test_every_perturbed_point_is_evaluated_once(monkeypatch: pytest.MonkeyPatch, block: int, calls: int) -> None:
    """23 entries, two points an entry, 23 numbers a point: as many at a time as fit into the block, one at least."""
    monkeypatch.setattr(quotients, "BLOCK", block)
    asked: list[Tensor] = []

    def cubes(points: Tensor) -> Tensor:
        asked.append(points)
        return (points**3).sum(dim=1)

    central_difference(cubes, torch.linspace(-1, 1, 23, dtype=torch.float64), batched=True)
    assert len(asked) == calls
    points = torch.cat(asked).tolist()
    assert len({tuple(point) for point in points}) == len(points) == 2 * 23


@pytest.mark.parametrize("block", [1, 50, 2**20])
def test_every_entry_is_moved_once_and_no_block_is_larger_than_it_may(
    monkeypatch: pytest.MonkeyPatch, block: int
) -> None:  # fmt: skip
    model, x, _ = fitted("relu")
    monkeypatch.setattr(differences, "BLOCK", block)
    entries = []
    for moved in differences._moved(model, model.trace(x), 2.0**-10):
        entries += [(moved.layer, i, j) for i, j in zip(moved.unit.tolist(), moved.entry.tolist(), strict=True)]
        assert len(moved.unit) == 1 or max(z.numel() for z in [*moved.z, moved.outputs]) <= block
    expected = {
        (layer, i, j) for layer, W in enumerate(model.weights, start=1)
        for i in range(W.shape[0]) for j in range(W.shape[1] + 1)
    }  # fmt: skip
    assert len(entries) == len(expected)
    assert set(entries) == expected


@pytest.mark.parametrize("activation", ["relu", "hardtanh", "elu", "tanh"])
def test_moved_networks_are_those_with_a_moved_entry(activation: str) -> None:
    """Beside the plain way: every network with an entry moved, evaluated from its input on."""
    model, x, _ = fitted(activation)
    step = 2.0**-4
    crossing = torch.zeros(len(model.flat), dtype=torch.bool)
    edges = [(*f.kinks, *f.bends) for f in model.activations]
    here, _ = networks.pre_activations(model, model.flat[None], x)
    for index in range(len(model.flat)):
        for signed in (step, -step):
            flat = model.flat.clone()
            flat[index] += signed
            zs, _ = networks.pre_activations(model, flat[None], x)
            for z, own, several in zip(zs, here, edges, strict=True):
                crossing[index] |= any(bool(((z - e).sign() != (own - e).sign()).any()) for e in several)
    assert torch.equal(gradcheck.crosses_kink(model, x, step), crossing)
    assert crossing.any() == any(edges)


def test_a_function_that_returns_a_python_number_is_not_rounded_to_float32() -> None:
    theta = torch.tensor([3.0], dtype=torch.float64)
    (quotient,) = gradcheck.central_difference(lambda t: float(t.exp().sum()), theta).tolist()
    assert abs(quotient - float(theta.exp())) < 1e-6 * float(theta.exp())


@given(st.lists(st.tuples(st.integers(-64, 64), st.integers(-64, 64), st.integers(-64, 64)), min_size=1, max_size=6))
def test_the_quotient_of_a_quadratic_is_exact_where_its_numbers_are_dyadic(k: list[tuple[int, int, int]]) -> None:
    """a x^2 + b x has no third derivative; with few bits nothing is rounded. A one-sided quotient is off by a h."""
    theta, a, b = torch.tensor(k, dtype=torch.float64).T / 16
    step = 2.0**-10

    def f(x: Tensor) -> Tensor:
        return (a * x * x + b * x).sum()

    assert torch.equal(central_difference(f, theta, step=step), 2 * a * theta + b)
    ahead = torch.stack([f(theta + step * e) for e in torch.eye(len(theta), dtype=torch.float64)])
    assert torch.equal((ahead - f(theta)) / step, 2 * a * theta + b + a * step)


def test_values_in_single_precision_are_subtracted_in_double() -> None:
    def f(points: Tensor) -> Tensor:
        return torch.where(points[:, 0] > 0, 2.0**24, -0.5).float()  # in float32 their difference would be 2^24

    for batched, g in ((True, f), (False, lambda point: f(point[None])[0])):
        assert central_difference(g, torch.zeros(1), step=1.0, batched=batched).tolist() == [(2.0**24 + 0.5) / 2]
