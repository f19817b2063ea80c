"""Differences of torch.optim from its plain form: one test for each row of the table in docs/torch-optimizers.md. If a
test fails here, torch has changed, and the table must change too."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor


def parameter(*values: float, gradient: float | None = 1.0) -> Tensor:
    p = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    p.grad = None if gradient is None else torch.full_like(p, gradient)
    return p


@pytest.mark.parametrize(("foreach", "expected"), [(True, 1.9), (False, 1.0)])
def test_sgd_over_lists_changes_a_gradient(foreach: bool, expected: float) -> None:
    p = parameter(1.0)
    torch.optim.SGD([p], lr=0.1, momentum=0.9, nesterov=True, foreach=foreach).step()
    assert p.grad is not None
    assert p.grad.item() == expected


def test_fused_sgd_refuses_a_late_gradient() -> None:
    p, late = parameter(1.0), parameter(1.0, gradient=None)
    optimizer = torch.optim.SGD([p, late], lr=0.1, momentum=0.9, fused=True)
    optimizer.step()
    late.grad = torch.ones_like(late)
    with pytest.raises(TypeError, match="NoneType"):
        optimizer.step()


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.AdamW, torch.optim.Adagrad, torch.optim.SGD])
def test_fused_kernels_take_every_tensor_for_a_contiguous_one(kind: Any) -> None:
    wide = torch.zeros(4, dtype=torch.float64)
    p = wide[::2].requires_grad_()
    p.grad = torch.ones_like(p)
    kind([p], lr=0.1, fused=True).step()
    assert [bool(x) for x in wide] == [True, True, False, False]


@pytest.mark.parametrize(("kind", "number"), [(torch.optim.NAdam, "mu_product"), (torch.optim.ASGD, "eta")])
def test_loading_casts_numbers_kept_in_float32(kind: Any, number: str) -> None:
    p = parameter(1.0)
    optimizer = kind([p], lr=0.1)
    optimizer.step()
    assert optimizer.state[p][number].dtype == torch.float32
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert optimizer.state[p][number].dtype == torch.float64


def test_lbfgs_does_not_read_a_transposed_gradient() -> None:
    p = torch.ones(2, 3, requires_grad=True)
    p.grad = torch.ones(3, 2).mT
    with pytest.raises(RuntimeError, match="view size"):
        torch.optim.LBFGS([p]).step(lambda: 1.0)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_differentiable_adam_corrects_its_bias_in_float32() -> None:
    ends = []
    for differentiable in (False, True):
        p = parameter(1.0)
        moved = p.clone() if differentiable else p
        moved.grad = torch.full_like(moved, 0.3)
        torch.optim.Adam([moved], lr=0.1, differentiable=differentiable).step()
        ends.append(moved.item())
    double, single = (torch.finfo(dtype).eps for dtype in (torch.float64, torch.float32))
    right = 1 - 0.1 * 0.3 / (0.3 + 1e-8)  # p - lr g / (|g| + eps), after one step
    assert abs(ends[0] - right) <= 16 * double / (1 - 0.999)  # 1 - beta2 keeps its rounding, and is divided by
    assert 16 * double / (1 - 0.999) < abs(ends[1] - right) <= 0.1 * single / (1 - 0.999)


def test_rmsprop_has_no_buffer_for_momentum_that_comes_late() -> None:
    p = parameter(1.0)
    optimizer = torch.optim.RMSprop([p], lr=0.1)
    optimizer.step()
    optimizer.param_groups[0]["momentum"] = 0.9
    with pytest.raises(KeyError, match="momentum_buffer"):
        optimizer.step()


def test_adafactor_divides_by_the_number_of_entries() -> None:
    with pytest.raises(ZeroDivisionError):
        torch.optim.Adafactor([parameter()]).step()


@pytest.mark.parametrize("foreach", [True, False])
def test_radam_over_lists_makes_nan_of_zero_without_eps(foreach: bool) -> None:
    p = parameter(0.0, gradient=0.0)
    torch.optim.RAdam([p], eps=0.0, foreach=foreach).step()
    assert bool(p.isnan()) == foreach
