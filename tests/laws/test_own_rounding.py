"""The rounding of a gradient by hand explains digits that it loses. It explains no jump, no infinity and no float32."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mlp_core.testing.bounds.functions import own_rounding

THETA = torch.tensor([3.0, 40.0], dtype=torch.float64)


def confident(params: list[Tensor]) -> list[Tensor]:
    return [1 - torch.sigmoid(params[0])]


def explained(gradient: object) -> Tensor:
    found = own_rounding(gradient, [THETA])  # type: ignore[arg-type]
    assert found is not None
    return found[0]


def test_digits_that_cancel_are_explained() -> None:
    own = explained(confident)
    assert own[1] > (1 - torch.sigmoid(THETA)).abs()[1] + math.exp(-40)
    assert (own <= 1e-13).all()


def test_a_number_that_jumps_at_the_point_is_not_explained() -> None:
    def only_here(params: list[Tensor]) -> list[Tensor]:
        return [params[0] * torch.where(params[0] == 3, 1.001, 1.0)]

    def from_here_on(params: list[Tensor]) -> list[Tensor]:
        return [params[0] * torch.where(params[0] >= 3, 1.001, 1.0)]

    for gradient in (only_here, from_here_on):
        own = explained(gradient)
        assert own[0] == 0
        assert 0 < own[1] < 1e-12


def test_rounding_explains_no_number_that_is_not_finite() -> None:
    for number in (math.inf, -math.inf, math.nan):
        own = explained(lambda params, number=number: [params[0] * torch.tensor([number, 1.0])])
        assert own[0] == 0
        assert 0 < own[1] < 1e-12


def test_digits_of_float32_are_not_explained() -> None:
    assert own_rounding(lambda params: [params[0].float().sin().double()], [THETA]) is None
