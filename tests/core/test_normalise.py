"""Normalisation: every split alike, by the training split alone; bad splits are refused by name."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mlp_core import ArgumentError
from mlp_core.normalise import normalise


def test_normalise_leaves_its_inputs_alone_and_treats_every_split_alike() -> None:
    splits = [torch.arange(24.0).view(2, 3, 2, 2) * scale for scale in (1, 2, 3)]
    before = [split.clone() for split in splits]
    (a, b, c), normalisation = normalise(*splits)
    assert all(torch.equal(x, y) for x, y in zip(splits, before, strict=True))
    assert all(torch.equal(normalisation.apply(x), y) for x, y in zip(splits, (a, b, c), strict=True))
    (alone, _, _), _ = normalise(splits[0], splits[0], splits[0])
    assert torch.equal(a, alone)


def test_normalisation_is_rounded_once() -> None:
    images = torch.rand(9, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    (training, _, _), n = normalise(images, images, images)
    exact = (images.double() - n.mean[:, None, None]) / n.std[:, None, None]
    assert torch.equal(training, exact.float())


def test_a_constant_channel_of_a_number_that_rounds_becomes_zero() -> None:
    constant = torch.full((7, 1, 3, 3), 0.1, dtype=torch.float64)  # the mean of 63 times 0.1 need not be 0.1
    (training, validation, _), normalisation = normalise(constant, constant + 1, constant)
    assert (training == 0).all()
    assert (validation == constant + 1 - 0.1).all()
    assert normalisation.std.item() == 1


def test_a_constant_channel_beside_others_becomes_zero() -> None:
    images = torch.arange(81.0, dtype=torch.float64).view(9, 1, 3, 3).repeat(1, 3, 1, 1)
    images[:, 1] = 0.1  # the mean of 81 of them is rounded
    (training, _, _), normalisation = normalise(images, images, images)
    assert (training[:, 1] == 0).all()
    assert [std == 1 for std in normalisation.std.tolist()] == [False, True, False]


def test_every_channel_is_scaled_apart() -> None:
    """Means 1, 3 and 5; stds 1, 2 and, of a constant, 1."""
    images = torch.tensor([[0.0, 1.0, 5.0], [2.0, 5.0, 5.0]]).view(2, 3, 1, 1)
    (training, _, test), normalisation = normalise(images, images, images + 2)
    assert normalisation.mean.tolist() == [1.0, 3.0, 5.0]
    assert normalisation.std.tolist() == [1.0, 2.0, 1.0]
    assert training.view(2, 3).tolist() == [[-1.0, -1.0, 0.0], [1.0, 1.0, 0.0]]
    assert test.view(2, 3).tolist() == [[1.0, 0.0, 2.0], [3.0, 2.0, 2.0]]


def test_a_spread_too_small_to_square_is_not_scaled() -> None:
    images = torch.tensor([0.0, 2.0**-600], dtype=torch.float64).view(2, 1, 1, 1)  # not constant, and std is 0
    (training, _, _), normalisation = normalise(images, images, images)
    assert normalisation.std.item() == 1
    assert (training == images - normalisation.mean[:, None, None]).all()


IMAGES = torch.ones(2, 1, 2, 2)
LARGE = torch.tensor([-1e200, 1e200], dtype=torch.float64).view(2, 1, 1, 1)  # the mean is 0, the squares overflow
NOT_FINITE = "training: got NaN, infinity or numbers too large to square, expected finite numbers"
OTHER_DTYPE = "expected one floating point dtype for all splits"
SHAPE = "expected shape (N, C, H, W), C, H and W as in training"


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ([IMAGES[0, 0]] * 3, f"training: got shape (2, 2), {SHAPE}, (2, 2)"),
        ([IMAGES, IMAGES[0], IMAGES], f"validation: got shape (1, 2, 2), {SHAPE}, (2, 1, 2, 2)"),
        ([IMAGES, IMAGES, IMAGES[..., :1]], f"test: got shape (2, 1, 2, 1), {SHAPE}, (2, 1, 2, 2)"),
        ([IMAGES, IMAGES.double(), IMAGES], f"validation: got dtype torch.float64, {OTHER_DTYPE}"),
        ([IMAGES, IMAGES, IMAGES.long()], f"test: got dtype torch.int64, {OTHER_DTYPE}"),
        ([IMAGES.long()] * 3, f"training: got dtype torch.int64, {OTHER_DTYPE}"),
        ([IMAGES[:0], IMAGES, IMAGES], "training: got shape (0, 1, 2, 2), expected at least one image"),
        ([IMAGES * torch.nan, IMAGES, IMAGES], NOT_FINITE),
        ([LARGE] * 3, NOT_FINITE),
    ],
)
def test_normalise_refuses(splits: list[Tensor], message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        normalise(*splits)
    assert str(caught.value) == message


def test_the_unseen_splits_may_be_empty() -> None:
    (_, validation, test), _ = normalise(IMAGES, IMAGES[:0], IMAGES[:0])
    assert validation.shape == test.shape == (0, 1, 2, 2)
