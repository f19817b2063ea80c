"""The proof on real images: training by hand is training by torch, to the last bit.

The environment variable MLP_CORE_DATA names the folder that holds cifar2/{train,test}/{airplane,bird}/*.jpg.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
import torch

pytest.importorskip("torchvision", reason="torchvision does not import", exc_type=ImportError)

from mlp_core.experiment.compare import compare
from mlp_core.experiment.data import Data, Split, load
from mlp_core.experiment.train import DTYPES, Options, train


@pytest.fixture(scope="session")
def cifar2() -> Data:
    """CIFAR-2 in float64, read once: 12,000 JPEGs take seconds."""
    root = os.environ.get("MLP_CORE_DATA")
    if root is None:
        pytest.skip("MLP_CORE_DATA is not set: the folder that holds cifar2/")
    if not (Path(root) / "cifar2").is_dir():
        pytest.skip(f"MLP_CORE_DATA={root} holds no folder cifar2")
    return load(f"folder:{Path(root) / 'cifar2'}", dtype=torch.float64)


def rounded(data: Data, dtype: torch.dtype) -> Data:
    """The same images in another dtype."""

    def cast(split: Split) -> Split:
        return dataclasses.replace(split, x=split.x.to(dtype))

    return dataclasses.replace(data, training=cast(data.training), validation=cast(data.validation))


def test_cifar2_has_its_sizes_and_its_balance(cifar2: Data) -> None:
    assert [len(split) for split in (cifar2.training, cifar2.validation, cifar2.test)] == [8000, 2000, 2000]
    assert cifar2.classes == ("airplane", "bird")
    assert cifar2.image_shape == (3, 32, 32)
    assert (cifar2.training.y.bincount() + cifar2.validation.y.bincount()).tolist() == [5000, 5000]
    # drawn without stratification: airplanes in validation are hypergeometric, mean 1000, standard deviation
    # sqrt(2000 * 1/2 * 1/2 * 8000/9999) = 20; the seed is fixed, 6 deviations only guard against a lopsided split
    assert abs(int((cifar2.validation.y == 0).sum()) - 1000) <= 120


def test_cifar2_training_images_are_centred_and_scaled(cifar2: Data) -> None:
    x = cifar2.training.x.view(-1, *cifar2.image_shape)
    mean, std = x.mean(dim=(0, 2, 3)), x.std(dim=(0, 2, 3), correction=0)
    # n = 8000 * 1024 numbers below 3 in magnitude; adding them one by one errs by at most n u times their mean
    # magnitude (Higham, ch. 4), u = 2^-53, for this mean and for the recorded one: below 4 n u in all
    bound = 4 * 8000 * 1024 * 2.0**-53 * 3
    assert (mean.abs() <= bound).all()
    assert ((std - 1).abs() <= bound).all()
    assert cifar2.validation.normalisation is cifar2.training.normalisation


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [256, 300])  # 300: 1/B is not exact, and the last batch has 200
def test_cifar2_by_hand_is_identical_to_torch_to_the_bit(cifar2: Data, dtype: str, batch_size: int) -> None:
    data = rounded(cifar2, DTYPES[dtype])
    options = Options(
        epochs=1, batch_size=batch_size, hidden=(64, 16), momentum=0.9, weight_decay=0.01, dtype=dtype
    )  # fmt: skip
    run = train(options, data)
    found = compare(run, train(options, data, gradients="autograd", updates="torch"))
    assert found.identical, "\n".join(found.lines())
    assert run.validation_accuracy[-1] > 0.6  # it learns: a coin gets 0.5, with a standard deviation of 0.011
