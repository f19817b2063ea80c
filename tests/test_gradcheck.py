"""Gradient checking on functions whose derivative is known, and on gradients that are wrong on purpose."""

from __future__ import annotations

from math import inf, nan, nextafter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mlp_core import MLP, backprop, differences, gradcheck, losses
from mlp_core.gradcheck import BANDS, STEP, band, central_difference, check_model, relative_error
from mlp_core.model import Trace


def t(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize(("approx", "exact", "q"), [
    (t(0, 0), t(0, 0), 0.0),
    (t(0.0), t(-0.0), 0.0),
    (t(), t(), 0.0),
    (t(0), t(5), 1.0),
    (t(5), t(0), 1.0),
    (t(5), t(-5), 1.0),
    (t(2), t(2), 0.0),
    (t(3, 0), t(0, 4), 5 / 7),
    (t(nan), t(nan), inf),
    (t(nan, 1), t(1, 1), inf),
    (t(1, 1), t(1, nan), inf),
    (t(inf), t(1), inf),
    (t(1), t(-inf), inf),
    (t(inf), t(-inf), inf),
    (t(inf, nan), t(inf, nan), inf),
    (t(inf), t(inf), 0.0),
    (t(1e308, 1e308), t(1e308, 1e308), 0.0),  # the square of either overflows ...
    (t(1e308), t(0), 1.0),
    (t(2.0**1000), t(-(2.0**1000)), 1.0),
    (t(5e-324), t(0), 1.0),  # ... or vanishes
    (t(5e-324, 5e-324), t(5e-324, 5e-324), 0.0),
    (t(1e-300), t(-1e-300), 1.0),
])  # fmt: skip
def test_relative_error(approx: Tensor, exact: Tensor, q: float) -> None:
    assert relative_error(approx, exact) == q


def test_relative_error_does_not_care_for_scale_shape_or_graph() -> None:
    a, b = t(1, 2, 3, 4), t(1, 2, 3, 5)
    q = relative_error(a, b)
    assert relative_error(2.0**900 * a, 2.0**900 * b) == relative_error(2.0**-900 * a, 2.0**-900 * b) == q
    assert relative_error(a.view(2, 2), b.view(2, 2).requires_grad_()) == q
    assert relative_error(b, a) == q
    assert relative_error(a.float(), b.float()) == q


@pytest.mark.parametrize(("edge", "below", "above"), [
    (1e-7, "fine", "suspect"), (1e-5, "suspect", "probably wrong"), (1e-3, "probably wrong", "wrong"),
])  # fmt: skip
def test_the_edge_of_a_band_belongs_to_the_better_one(edge: float, below: str, above: str) -> None:
    assert (band(edge), band(nextafter(edge, inf))) == (below, above)


def test_bands_at_the_ends() -> None:
    assert [band(q) for q in (0.0, 1.0, inf, nan)] == ["fine", "wrong", "wrong", "wrong"]


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
    monkeypatch.setattr(gradcheck, "BLOCK", 100)
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
        lambda flats: gradcheck.losses_at(model, flats, x, y, loss), model.flat, step=STEP, batched=True
    )
    assert relative_error(differences.by_parameters(model, x, y, loss, STEP), plain) <= BANDS[0][0]


@pytest.mark.parametrize(("block", "calls"), [(10, 23), (100, 12), (2 * 23 * 23, 1)])
def test_every_perturbed_point_is_evaluated_once(monkeypatch: pytest.MonkeyPatch, block: int, calls: int) -> None:
    """23 entries, two points an entry, 23 numbers a point: as many at a time as fit into the block, one at least."""
    monkeypatch.setattr(gradcheck, "BLOCK", block)
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
    here, _ = gradcheck.pre_activations(model, model.flat[None], x)
    for index in range(len(model.flat)):
        for signed in (step, -step):
            flat = model.flat.clone()
            flat[index] += signed
            zs, _ = gradcheck.pre_activations(model, flat[None], x)
            for z, own, several in zip(zs, here, edges, strict=True):
                crossing[index] |= any(bool(((z - e).sign() != (own - e).sign()).any()) for e in several)
    assert torch.equal(gradcheck.crosses_kink(model, x, step), crossing)
    assert crossing.any() == any(edges)


def test_a_kink_that_is_not_at_zero_is_seen() -> None:
    model = MLP([1, 1], output="softplus", dtype=torch.float64)  # its kink is at 20
    model.flat.zero_()
    model.weights[0].data.fill_(1.0)
    for z, skipped in ((20.0, 2), (-20.0, 0)):
        assert gradcheck.check_model(model, t(z)[None], t(0)[None]).skipped == skipped


def fitted(activation: str = "tanh") -> tuple[MLP, Tensor, Tensor]:
    """A network with a batch of 7 and targets, all of ordinary size."""
    generator = torch.Generator().manual_seed(2)
    model = MLP([4, 6, 5, 3], activation=activation, dtype=torch.float64, generator=generator)
    x, y = (torch.randn(7, n, generator=generator, dtype=torch.float64) for n in (4, 3))
    return model, x, y


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softplus", "relu", "hardtanh", "identity"])
def test_a_right_gradient_is_fine_in_every_tensor(activation: str) -> None:
    errors = check_model(*fitted(activation))
    assert list(errors) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert {band(q) for q in errors.values()} == {"fine"}
    assert errors.worst == max(errors.values())
    assert errors.skipped == 0


def scaled(name: str, index: int, factor: float) -> gradcheck.Gradient:
    """A gradient with one entry of one tensor multiplied."""

    def wrong(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
        backprop(model, trace, dL_dy)
        dict(model.named_parameters())[name].grad.view(-1)[index] *= factor  # type: ignore[union-attr]

    return wrong


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b3"])
@pytest.mark.parametrize("factor", [0.5, -1.0, 0.0])
def test_one_wrong_entry_shows_in_its_tensor_alone(name: str, factor: float) -> None:
    errors = check_model(*fitted(), gradient=scaled(name, 0, factor))
    assert {n: band(q) for n, q in errors.items() if band(q) != "fine"} == {name: "wrong"}
    assert errors.worst == errors[name]


def test_tensors_are_judged_apart() -> None:
    """A half-wrong bias entry drowns in the concatenation, because the inputs make the weights' gradients huge."""
    model, x, y = fitted("identity")
    x = 1e5 * x
    errors = check_model(model, x, y, gradient=scaled("b1", 0, 0.5))
    exact = backprop(model, trace := model.trace(x), 2 * (trace.output - y)).clone()
    halved = exact.clone()
    model.layout.views(halved)[1][0] /= 2
    assert band(errors["b1"]) == "wrong"
    assert band(relative_error(halved, exact)) != "wrong"


def test_a_gradient_that_fills_the_grads_its_own_way_is_checked_too() -> None:
    def by_autograd(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
        found = torch.autograd.grad(model(trace.a[0]), list(model.parameters()), dL_dy)
        for p, g in zip(model.parameters(), found, strict=True):
            p.grad = g

    assert band(check_model(*fitted(), gradient=by_autograd).worst) == "fine"
    assert check_model(*fitted(), gradient=lambda model, trace, dL_dy: None).worst == inf  # wrote nothing at all


def test_what_a_gradient_does_to_its_arguments_reaches_neither_caller_nor_quotient() -> None:
    model, x, y = fitted()
    before = model.flat.clone(), x.clone(), y.clone()

    def rude(net: MLP, trace: Trace, dL_dy: Tensor) -> None:
        backprop(net, trace, dL_dy)
        with torch.no_grad():
            for spoiled in (net.flat, dL_dy, *trace.z, *trace.a):
                spoiled.zero_()

    assert band(check_model(model, x, y, gradient=rude).worst) == "fine"
    assert all(map(torch.equal, (model.flat, x, y), before))


def test_entries_at_a_kink_are_skipped_and_counted() -> None:
    model = MLP([2, 2, 1], dtype=torch.float64)
    model.weights[0].data.copy_(torch.tensor([[1.0, 1.0], [1.0, 0.0]]))
    model.biases[0].data.zero_()
    model.weights[1].data.fill_(1.0)
    x, y = t(1, -1)[None], t(0)[None]  # z[1] = (0, 1): the first unit stands on its kink
    errors = check_model(model, x, y)
    assert errors.skipped == 3  # its two weights and its bias
    assert {band(q) for q in errors.values()} == {"fine"}
    nearby = check_model(model, t(1 + 2.0**-18, -1)[None], y)
    assert nearby.skipped == 3  # within one step of it
    assert check_model(model, t(1 + 2.0**-16, -1)[None], y).skipped == 0
    assert check_model(model, t(1 + 2.0**-16, -1)[None], y, step=2.0**-15).skipped == 3


def test_all_entries_skipped_is_zero_error_and_all_counted() -> None:
    model = MLP([1, 1], output="relu", dtype=torch.float64)
    model.flat.zero_()
    errors = check_model(model, t(1)[None], t(1)[None])
    assert (dict(errors), errors.skipped) == ({"W1": 0.0, "b1": 0.0}, 2)


@pytest.mark.parametrize("loss", ["mse", "bce_with_logits", "cross_entropy"])
def test_the_other_losses(loss: str) -> None:
    model, x, y = fitted()
    targets = y.argmax(dim=1) if loss == "cross_entropy" else y.sigmoid()
    assert band(check_model(model, x, targets, loss).worst) == "fine"


def test_the_model_is_not_touched_and_float32_is_checked_in_float64() -> None:
    model, x, y = fitted()
    model, x, y = model.float(), x.float(), y.float()
    model.flat_grad.fill_(7.0)
    before = model.flat.clone()
    assert band(check_model(model, x, y).worst) == "fine"
    assert torch.equal(model.flat, before)
    assert bool((model.flat_grad == 7).all())
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert (x.dtype, y.dtype) == (torch.float32, torch.float32)


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
