"""Normalisation: mean and deviation come from the training split only, and all splits are treated in the same way."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError, Described


@dataclass(frozen=True, eq=False)
class Normalisation:
    """The map x -> (x - mean) / std. mean and std are (C,) float64, one number per channel, both in units of x.

    >>> Normalisation(torch.tensor([1.0]).double(), torch.tensor([2.0]).double()).apply(torch.full((1, 1, 1, 1), 5.0))
    tensor([[[[2.]]]])
    """

    mean: Tensor
    std: Tensor

    def apply(self, images: Tensor) -> Tensor:
        """The normalised images, (N, C, H, W), in the dtype of the given ones: computed in float64, rounded once."""
        return ((images - self.mean[:, None, None]) / self.std[:, None, None]).to(images.dtype)

    def undo(self, images: Tensor) -> Tensor:
        """The original images (N, C, H, W) of normalised ones, in their dtype: computed in float64, rounded once."""
        return (images * self.std[:, None, None] + self.mean[:, None, None]).to(images.dtype)


def normalise(
    training: Tensor, validation: Tensor, test: Tensor
) -> tuple[tuple[Tensor, Tensor, Tensor], Normalisation]:
    """The three splits, each (N, C, H, W) floating point, normalised by the training split; and the map that was used.

    mean and std are computed per channel, over all pixels of the training split (std of the population: divided by
    their number). A channel that is constant there is shifted to zero and not scaled: std counts as 1. The inputs are
    not changed. Raises ArgumentError for splits that are not four-dimensional or differ in image shape or dtype, and
    for a training split that is empty or not finite.

    >>> training, unseen = torch.tensor([0.0, 4.0]).view(2, 1, 1, 1), torch.tensor([6.0]).view(1, 1, 1, 1)
    >>> (a, b, c), normalisation = normalise(training, unseen, unseen)
    >>> a.flatten(), b.item(), normalisation.mean.item(), normalisation.std.item()
    (tensor([-1.,  1.]), 2.0, 2.0, 2.0)
    """
    _check(training, validation, test)
    pixels = training.double()
    mean = pixels.mean(dim=(0, 2, 3))
    std = pixels.std(dim=(0, 2, 3), correction=0)
    if not (torch.isfinite(mean).all() and torch.isfinite(std).all()):
        raise ArgumentError("training", Described("NaN, infinity or numbers too large to square"), "finite numbers")
    low, high = pixels.amin(dim=(0, 2, 3)), pixels.amax(dim=(0, 2, 3))
    # the mean of equal numbers may be rounded, and std is then a rounding error: only low == high means constant
    mean = torch.where(low == high, low, mean)
    std = torch.where((low == high) | (std == 0), 1.0, std)
    normalisation = Normalisation(mean, std)
    return (normalisation.apply(training), normalisation.apply(validation), normalisation.apply(test)), normalisation


def _check(training: Tensor, validation: Tensor, test: Tensor) -> None:
    for name, split in (("training", training), ("validation", validation), ("test", test)):
        if split.ndim != 4 or split.shape[1:] != training.shape[1:]:
            expected = f"shape (N, C, H, W), C, H and W as in training, {tuple(training.shape)}"
            raise ArgumentError(name, Described(f"shape {tuple(split.shape)}"), expected)
        if not split.dtype.is_floating_point or split.dtype != training.dtype:
            raise ArgumentError(name, Described(f"dtype {split.dtype}"), "one floating point dtype for all splits")
    if training.numel() == 0:
        raise ArgumentError("training", Described(f"shape {tuple(training.shape)}"), "at least one image")
