"""MLP is an ordinary nn.Module: whatever is done to it, its parameters stay views of one aligned buffer."""

from __future__ import annotations

import copy
import io
import pickle
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from mlp_core import MLP, backprop, losses
from mlp_core.layout import ALIGNMENT

SIZES = [3, 7, 5, 2]  # no size times any other fills a 64-byte line: there is padding everywhere


def make(dtype: torch.dtype = torch.float64) -> MLP:
    return MLP(SIZES, activation="tanh", dtype=dtype)


def batch(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(4, SIZES[0], generator=generator, dtype=torch.float64)
    return x.to(dtype), torch.randn(4, SIZES[-1], generator=generator, dtype=torch.float64).to(dtype)


def padding(model: MLP, flat: Tensor) -> Tensor:
    used = torch.zeros(len(flat), dtype=torch.bool)
    for view in model.layout.views(used):
        view.fill_(True)
    return flat[~used]


def assert_laid(model: MLP) -> None:
    """Every parameter and every gradient has its aligned place in the two buffers, and the padding is zero."""
    for flat, tensors in (
        (model.flat, [p.data for p in model.parameters()]),
        (model.flat_grad, [p.grad for p in model.parameters()]),
    ):
        assert flat.data_ptr() % ALIGNMENT == 0
        for tensor, view in zip(tensors, model.layout.views(flat), strict=True):
            assert tensor is not None
            assert tensor.data_ptr() == view.data_ptr()
            assert tensor.data_ptr() % ALIGNMENT == 0
            assert tensor.shape == view.shape
            assert tensor.dtype == view.dtype
        assert not padding(model, flat).any()
    assert [*model.parameters()] == [p for pair in zip(model.weights, model.biases, strict=True) for p in pair]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_a_new_model_lies_in_aligned_buffers(dtype: torch.dtype) -> None:
    model = make(dtype)
    assert_laid(model)
    assert [tuple(W.shape) for W in model.weights] == [(7, 3), (5, 7), (2, 5)]
    assert [tuple(b.shape) for b in model.biases] == [(7,), (5,), (2,)]


def test_writing_to_flat_writes_the_weights() -> None:
    model = make()
    model.flat.fill_(2.0)
    assert all(bool((p == 2).all()) for p in model.parameters())


def test_state_dict_goes_round_through_a_file() -> None:
    model, other = make(), make()
    other.flat.mul_(3)  # padding included: zero stays zero
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert list(model.state_dict()) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert torch.equal(other.flat, model.flat)
    assert_laid(other)


def test_to_another_dtype_and_back_keeps_views_and_gradients() -> None:
    model = make(torch.float32)
    x, y = batch(torch.float32)
    losses.get("mse").value(model(x), y).backward()
    before, grad = model.flat.clone(), [p.grad.clone() for p in model.parameters() if p.grad is not None]
    model.to(torch.float64)
    assert_laid(model)
    assert model.flat.dtype == model.flat_grad.dtype == torch.float64
    model.float()
    assert_laid(model)
    assert torch.equal(model.flat, before)
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), grad, strict=True))


def test_a_deep_copy_has_buffers_of_its_own() -> None:
    model = make()
    model.flat_grad.fill_(0)
    twin = copy.deepcopy(model)
    assert_laid(twin)
    assert torch.equal(twin.flat, model.flat)
    twin.flat.fill_(1.0)
    assert not (model.flat == 1).any()
    assert_laid(model)


@pytest.mark.parametrize("through", [pickle, torch], ids=lambda module: module.__name__)
def test_a_whole_model_goes_round_through_a_file(through: ModuleType) -> None:
    model, file = make(), io.BytesIO()
    options = {} if through is pickle else {"weights_only": False}
    (pickle.dump if through is pickle else torch.save)(model, file)
    file.seek(0)
    again = through.load(file, **options)
    assert not {"layout", "flat", "_flat_grad", "grad_views"} & model.__getstate__().keys()  # made again
    assert torch.equal(again.flat, model.flat)
    assert again.activations == model.activations
    assert_laid(again)


@pytest.mark.parametrize("set_to_none", [True, False])
def test_zero_grad_zeroes_the_buffer_and_keeps_the_views(set_to_none: bool) -> None:
    model = make()
    model.flat_grad.fill_(3.0)
    model.zero_grad(set_to_none=set_to_none)
    assert_laid(model)
    assert not model.flat_grad.any()


@pytest.mark.parametrize("set_to_none", [True, False])
def test_the_zero_grad_of_a_torch_optimizer_is_survived(set_to_none: bool) -> None:
    model = make()
    x, y = batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    expected = backprop(model, model.trace(x), 2 * (model.trace(x).output - y)).clone()
    optimizer.zero_grad(set_to_none=set_to_none)
    losses.get("squared_error").value(model(x), y).backward()
    assert torch.equal(model.flat_grad != 0, expected != 0)
    assert_laid(model)
    optimizer.zero_grad(set_to_none=set_to_none)
    assert not model.flat_grad.any()
    assert torch.equal(backprop(model, model.trace(x), 2 * (model.trace(x).output - y)), expected)
    assert_laid(model)


def test_autograd_accumulates_into_the_buffer() -> None:
    model = MLP(SIZES, dtype=torch.float64)
    x, y = batch()
    once = []
    for _ in range(2):
        losses.get("squared_error").value(model(x), y).backward()
        once.append(model.flat_grad.clone())
        assert_laid(model)
    assert once[0].any()
    assert torch.equal(once[1], 2 * once[0])


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop"])
def test_torch_optimizers_move_the_buffer(kind: str) -> None:
    model, apart = make(), [nn.Parameter(p.detach().clone()) for p in make().parameters()]
    optimizers = [getattr(torch.optim, kind)(params, lr=0.1, foreach=False) for params in (model.parameters(), apart)]
    x, y = batch()
    for _ in range(3):
        trace = model.trace(x)
        backprop(model, trace, losses.get("mse").grad(trace.output, y))
        for p, q in zip(apart, model.parameters(), strict=True):
            p.grad = q.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    for view, p in zip(model.layout.views(model.flat), apart, strict=True):
        assert torch.equal(view, p)
    assert_laid(model)


def test_a_model_made_under_inference_mode_can_be_trained_outside() -> None:
    x, y = batch()
    with torch.inference_mode():
        model = make()
        inside = model.trace(x).output.tolist()
    assert model(x).tolist() == inside
    losses.get("mse").value(model(x), y).backward()
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    assert model(x).tolist() != inside
    assert_laid(model)


def test_forward_and_trace_agree_and_fit_into_sequential() -> None:
    model = make()
    x, _ = batch()
    stacked = nn.Sequential(nn.Identity(), model, nn.Tanh())
    assert torch.equal(stacked(x), torch.tanh(model.trace(x).output))
    assert len(list(stacked.parameters())) == 2 * model.L
    stacked.zero_grad()
    stacked.double()
    assert_laid(model)
