"""Gradient checking: relative errors, their bands, and gradients that are right or wrong on purpose."""

from __future__ import annotations

from math import inf, nan, nextafter

import pytest
import torch
from networks_to_check import fitted, t
from torch import Tensor

from mlp_core import MLP, backprop, gradcheck
from mlp_core.gradcheck import band, check_model, relative_error
from mlp_core.model import Trace


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
    assert [band(q) for q in (0.0, 1.0, inf, nan)] == ["fine", "wrong", "wrong", "not tested"]


def test_a_kink_that_is_not_at_zero_is_seen() -> None:
    model = MLP([1, 1], output="softplus", dtype=torch.float64)  # its kink is at 20
    model.flat.zero_()
    model.weights[0].data.fill_(1.0)
    for z, skipped in ((20.0, 2), (-20.0, 0)):
        assert gradcheck.check_model(model, t(z)[None], t(0)[None]).skipped == skipped


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
    x, y = t(1, -1)[None], t(0)[None]  # z[1] = (0, 1): the first unit is at its kink
    errors = check_model(model, x, y)
    assert errors.skipped == 3  # its two weights and its bias
    assert {band(q) for q in errors.values()} == {"fine"}
    nearby = check_model(model, t(1 + 2.0**-18, -1)[None], y)
    assert nearby.skipped == 3  # within one step of it
    assert check_model(model, t(1 + 2.0**-16, -1)[None], y).skipped == 0
    assert check_model(model, t(1 + 2.0**-16, -1)[None], y, step=2.0**-15).skipped == 3


def test_all_entries_skipped_is_not_tested_and_all_are_counted() -> None:
    model = MLP([1, 1], output="relu", dtype=torch.float64)
    model.flat.zero_()
    errors = check_model(model, t(1)[None], t(1)[None])
    assert {name: band(q) for name, q in errors.items()} == {"W1": "not tested", "b1": "not tested"}
    assert (band(errors.worst), errors.skipped) == ("not tested", 2)


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
