"""A new network: the weights it is drawn, its trace, how it shows itself."""

from __future__ import annotations

import torch

from mlp_core import MLP

SIZES = [3, 7, 5, 2]


def test_the_same_generator_gives_the_same_weights() -> None:
    first, again, other = (MLP(SIZES, generator=torch.Generator().manual_seed(s)) for s in (5, 5, 6))
    assert torch.equal(first.flat, again.flat)
    assert not torch.equal(first.flat, other.flat)
    assert torch.equal(MLP(SIZES).flat, MLP(SIZES).flat)


def test_float32_weights_are_the_float64_weights_rounded() -> None:
    single, double = (MLP(SIZES, dtype=dtype).parameters() for dtype in (torch.float32, torch.float64))
    for p, q in zip(single, double, strict=True):
        assert torch.equal(p, q.float())


def test_weights_are_drawn_in_double_precision() -> None:
    for p in MLP(SIZES, dtype=torch.float64).parameters():
        assert bool((p != p.float().double()).any())


def test_making_a_model_draws_nothing_from_the_global_generator() -> None:
    before = torch.get_rng_state()
    MLP(SIZES, dtype=torch.float64)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_default_dtype_is_taken_where_none_is_given() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        assert MLP(SIZES).flat.dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert MLP(SIZES).flat.dtype == torch.float32


def test_weights_and_biases_fill_the_range_of_torchs_linear_layer() -> None:
    model = MLP([16, 400, 100], dtype=torch.float64)
    for W, b in zip(model.weights, model.biases, strict=True):
        limit = W.shape[1] ** -0.5
        for drawn in (W, b):
            assert drawn.abs().max() <= limit
            assert drawn.min() < -0.9 * limit  # among 100 numbers or more, some are near either end
            assert drawn.max() > 0.9 * limit


def test_without_a_generator_weights_are_those_of_seed_0() -> None:
    assert torch.equal(MLP([3, 2]).flat, MLP([3, 2], generator=torch.Generator().manual_seed(0)).flat)


def test_a_trace_holds_z_and_a_of_every_layer() -> None:
    model = MLP([2, 1], dtype=torch.float64)
    model.weights[0].data.copy_(torch.tensor([[2.0, -1.0]]))
    model.biases[0].data.fill_(0.5)
    trace = model.trace(torch.tensor([[1.0, 3.0]], dtype=torch.float64))
    assert [t.tolist() for t in trace.z] == [[[1.0, 3.0]], [[-0.5]]]
    assert trace.output is trace.a[-1]
    assert trace.output.tolist() == [[-0.5]]


def test_a_model_shows_its_widths_and_activations() -> None:
    assert repr(MLP([3, 2, 1], activation="tanh")) == "MLP([3, 2, 1], ['tanh', 'identity'])"


def test_a_functional_call_goes_through_the_parameters_given() -> None:
    model, x = MLP([2, 3, 1], "tanh", dtype=torch.float64), torch.ones(4, 2, dtype=torch.float64)
    given = {name: torch.full_like(p, 0.5) for name, p in model.named_parameters()}
    other = MLP([2, 3, 1], "tanh", dtype=torch.float64)
    with torch.no_grad():
        for p in other.parameters():
            p.fill_(0.5)
    before = model(x)
    assert torch.equal(torch.func.functional_call(model, given, (x,)), other(x))
    assert torch.equal(model(x), before)
