"""Wrong normalisations of images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mlp_core.normalise import normalise
from mlp_core.testing import subjects
from mlp_core.testing.faults.catalogue import Catalogue

CATALOGUE = Catalogue()

EVERY, ALONE, UNTOUCHED = (
    "normalises every split by the training split", "takes its statistics from the training split alone",
    "leaves its inputs alone",
)  # fmt: skip

PITFALLS = "scikit-learn, user guide, common pitfalls"

CHANNELS = (0, 2, 3)


def caught_by(*laws: str, origin: str) -> Callable[[Any], Any]:
    return CATALOGUE.caught_by(*laws, right=normalise, origin=origin, subject=subjects.normalisation, examples=60)


def by(mean: Tensor, std: Tensor, *three: Tensor) -> Any:
    return tuple((t - mean) / std for t in three), (mean, std)


def statistics(x: Tensor, axes: tuple[int, ...] = CHANNELS) -> tuple[Tensor, Tensor]:
    std = x.std(axes, keepdim=True, correction=0)
    return x.mean(axes, keepdim=True), torch.where(std > 1e-6, std, 1.0)


@caught_by(EVERY, origin="the report of a course (INF265, project 1): the training images were not normalised")
def leaves_the_training_split_as_it_is(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """the training split is not normalised; only the others are"""
    (_, *others), record = normalise(training, validation, test)
    return (training, *others), record


@caught_by(EVERY, origin=f"{PITFALLS}: inconsistent preprocessing")
def leaves_the_test_split_as_it_is(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """the test split is not normalised"""
    three, record = normalise(training, validation, test)
    return (*three[:2], test), record


@caught_by(EVERY, origin="site: the validation split, forgotten among the three splits")
def leaves_the_validation_split_as_it_is(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """the validation split is not normalised"""
    three, record = normalise(training, validation, test)
    return (three[0], validation, three[2]), record


@caught_by(EVERY, origin=f"{PITFALLS}: fit_transform on the test set")
def normalises_each_split_by_itself(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """each split is normalised by its own mean and deviation instead of the training split's"""
    splits = training, validation, test
    return tuple(by(*statistics(t), t)[0][0] for t in splits), statistics(training)


@caught_by(ALONE, EVERY, origin=f"{PITFALLS}: data leakage during pre-processing")
def takes_statistics_of_all_splits(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """mean and deviation include the validation and test images: use the training split only"""
    return by(*statistics(torch.cat([training, validation, test])), training, validation, test)


@caught_by(ALONE, origin="site: statistics computed before the validation images are split off")
def takes_statistics_of_training_and_validation(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """mean and deviation include the validation images: split first, then use the training split only"""
    return by(*statistics(torch.cat([training, validation])), training, validation, test)


@caught_by(ALONE, EVERY, origin="site: the split that gives the statistics; fit on the test set")
def takes_statistics_of_the_test_split(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """mean and deviation are those of the test split instead of the training split"""
    return by(*statistics(test), training, validation, test)


@caught_by(EVERY, origin="torchvision, documentation of its models: mean 0.485, 0.456, 0.406, copied to other images")
def takes_the_statistics_of_imagenet(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """mean and deviation are those of ImageNet instead of the training split"""
    C = training.shape[1]
    mean, std = (torch.tensor(v[:C], dtype=training.dtype).view(1, C, 1, 1) for v in IMAGENET)
    return by(mean, std, training, validation, test)


IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@caught_by(EVERY, origin="torch.std, documentation: Bessel's correction by default; numpy.std has none")
def divides_by_the_unbiased_deviation(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """the deviation is computed with n - 1 instead of n"""
    mean, std = statistics(training)
    n = training.numel() / training.shape[1]
    return by(mean, torch.where(std == 1, std, std * (n / max(n - 1, 1)) ** 0.5), training, validation, test)


@caught_by(EVERY, origin="site: the root of the variance")
def divides_by_the_variance(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """the images are divided by the variance: the square root is missing"""
    mean, std = statistics(training)
    return by(mean, std * std, training, validation, test)


@caught_by(EVERY, origin="discuss.pytorch.org, Computing the mean and std of dataset: deviations of batches, averaged")
def averages_the_deviations_of_images(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """the deviation is the mean of the deviations of single images, without the differences between their means"""
    mean, _ = statistics(training)
    std = training.std((2, 3), keepdim=True, correction=0).mean(0, keepdim=True)
    return by(mean, torch.where(std > 1e-6, std, 1.0), training, validation, test)


@caught_by(EVERY, origin="tf.image.per_image_standardization, used as the normalisation of a data set")
def normalises_every_image_by_itself(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """every image is normalised by its own mean and deviation instead of the training split's"""
    splits = training, validation, test
    return tuple(by(*statistics(t, (2, 3)), t)[0][0] for t in splits), statistics(training)


@caught_by(EVERY, origin="site: the axes of the mean, all of them")
def takes_all_channels_together(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """one mean and deviation is taken over all channels instead of one per channel"""
    return by(*statistics(training, (0, 1, 2, 3)), training, validation, test)


@caught_by(EVERY, origin="sklearn.preprocessing.StandardScaler on flattened images: per feature, which is per pixel")
def takes_every_pixel_by_itself(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """mean and deviation are taken per pixel instead of per channel"""
    return by(*statistics(training, (0,)), training, validation, test)


@caught_by(EVERY, origin="site: the brackets of (x - mean) / std")
def divides_before_it_shifts(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """the mean is subtracted after the division: x / std - mean instead of (x - mean) / std"""
    mean, std = statistics(training)
    return tuple(t / std - mean for t in (training, validation, test)), (mean, std)


@caught_by(EVERY, origin="site: std = 0, which sklearn.preprocessing.StandardScaler replaces by 1")
def divides_a_constant_channel_by_zero(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """a channel that is constant in the training split is divided by its deviation of zero"""
    mean = training.mean(CHANNELS, keepdim=True)
    std = training.std(CHANNELS, keepdim=True, correction=0)
    flat = training.amax(CHANNELS, keepdim=True) == training.amin(CHANNELS, keepdim=True)
    return by(mean, torch.where(flat, 0.0, std), training, validation, test)


@caught_by(EVERY, origin="site: std = 0, replaced by an epsilon, which enlarges every difference in the other splits")
def divides_a_constant_channel_by_epsilon(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """a constant channel is divided by 1e-6, which makes other images in it a million times larger"""
    std = training.std(CHANNELS, keepdim=True, correction=0).clamp(min=1e-6)
    return by(training.mean(CHANNELS, keepdim=True), std, training, validation, test)


@caught_by(
    EVERY, origin="Ioffe and Szegedy, Batch Normalization (2015), algorithm 1: eps, used in another formula"
)
def adds_epsilon_to_every_variance(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """an epsilon of 1e-3 is added to every variance, as in a batch normalisation"""
    mean, std = statistics(training)
    return by(mean, (std * std + 1e-3).sqrt(), training, validation, test)


@caught_by(EVERY, origin="sklearn.model_selection.train_test_split: only the order distinguishes the results")
def returns_the_splits_in_another_order(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """validation and test split are returned in exchanged order"""
    (a, b, c), record = normalise(training, validation, test)
    return (a, c, b), record


@caught_by(UNTOUCHED, origin="torchvision.transforms.functional.normalize(inplace=True)")
def normalises_in_place(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """the caller's images are changed in place"""
    mean, std = statistics(training)
    return tuple(t.sub_(mean).div_(std) for t in (training, validation, test)), (mean, std)


@caught_by(UNTOUCHED, origin="site: the whole function; it receives unexpected arguments, and raises")
def wants_batches_of_images(training: Tensor, validation: Tensor, test: Tensor) -> Any:
    """it raises an exception"""
    raise ValueError("too many values to unpack")
