"""Images for training: CIFAR-2 (airplane against bird out of CIFAR-10), or any folder in the ImageFolder layout.

Pixels are scaled to 0..1 and normalised by the training split (normalise.py). The splits are drawn by seed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError, Described, unknown
from mlp_core.base.extras import need
from mlp_core.experiment.folders import Images, layout_of, read_images
from mlp_core.experiment.sealed import Sealed, Split
from mlp_core.normalise import normalise

CIFAR2 = ("airplane", "bird")
FOLDER = "folder:"


@dataclass(frozen=True, eq=False)
class Known:
    """The images that training and selection may use; classes: names, by label; image_shape: (C, H, W) of a row."""

    training: Split
    validation: Split
    classes: tuple[str, ...]
    image_shape: tuple[int, int, int]

    @cached_property
    def digests(self) -> tuple[str, str]:
        """Fingerprints of the two splits."""
        return self.training.digest(), self.validation.digest()


@dataclass(frozen=True, eq=False)
class Data(Known):
    """Three disjoint splits; the test split is sealed."""

    test: Sealed

    def known(self) -> Known:
        """Everything except the test split."""
        return Known(self.training, self.validation, self.classes, self.image_shape)


def load(
    data: str, *, seed: int = 0, dtype: torch.dtype = torch.float32, validation: float = 0.2, test: float = 0.2,
    download: str | Path | None = None, on_image: Callable[[int, int], object] | None = None,
) -> Data:  # fmt: skip
    """Read "cifar2" or "folder:PATH" and split it into training, validation and test.

    PATH contains train/CLASS/* and test/CLASS/*, or only CLASS/*, from which the share `test` is then set aside by
    seed. The share `validation` of the other images is set aside by seed. download: the folder for CIFAR-10, to which
    it is downloaded if it is missing (by default ~/.cache/mlp_core). on_image(done, total) is called after every image
    read from a folder.

    Raises ArgumentError, naming folder or file, for another source; for a folder that is missing, has no images, fewer
    than two classes, train without test, or other classes in test; and for an image that cannot be decoded or has
    another size. Raises MissingExtra without torchvision.
    """
    check_source(data)
    for name, share in (("validation", validation), ("test", test)):
        if not 0 < share < 1:
            raise ArgumentError(name, share, "a share between 0 and 1, both excluded")
    generator = torch.Generator().manual_seed(seed)
    if data == "cifar2":
        known, held, classes = _cifar2(download_folder(download))
    else:
        known, held, classes = _folder(Path(data.removeprefix(FOLDER)), test, generator, on_image)
    kept, aside = split_indices(len(known.y), validation, generator)
    raw = (known.pick(kept), known.pick(aside), held)
    scaled = [images.pixels.to(dtype) / 255 for images in raw]  # bytes to 0..1
    normalised, normalisation = normalise(*scaled)
    training, unseen, testing = (
        Split(x.flatten(1), images.y, normalisation) for x, images in zip(normalised, raw, strict=True)
    )
    channels, height, width = known.pixels.shape[1:]
    return Data(training, unseen, classes, (channels, height, width), Sealed(testing))


def check_source(data: str) -> None:
    """Raises ArgumentError unless `data` is "cifar2" or "folder:PATH" with PATH a folder."""
    if data == "cifar2":
        return
    if not data.startswith(FOLDER):
        if Path(data).is_dir():
            raise ArgumentError("data", Described(data), f"cifar2 or folder:PATH; did you mean folder:{data}?")
        raise unknown("data", data, ("cifar2", f"{FOLDER}PATH"))
    folder = Path(data.removeprefix(FOLDER))
    if data == FOLDER or not folder.is_dir():
        what = "is not a folder" if folder.exists() and data != FOLDER else "does not exist"
        shown = "no path" if data == FOLDER else f"{folder}, which {what}"
        raise ArgumentError("data", Described(shown), "a folder with one subfolder of images per class")


def split_indices(n: int, share: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """0..n-1 in random order, divided into the kept indices and round(share n) indices that are set aside; at least one
    of each.

    Raises ArgumentError for n below 2.

    >>> kept, aside = split_indices(10, 0.2, torch.Generator().manual_seed(0))
    >>> len(kept), len(aside), sorted(torch.cat([kept, aside]).tolist()) == list(range(10))
    (8, 2, True)
    """
    if n < 2:
        raise ArgumentError("data", Described(f"{n} image(s) to split"), "at least two")
    order = torch.randperm(n, generator=generator)
    count = min(max(round(share * n), 1), n - 1)
    return order[count:], order[:count]


def download_folder(folder: str | Path | None = None) -> Path:
    """`folder`, or the default: mlp_core in the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "mlp_core" if folder is None else Path(folder)


def _folder(
    folder: Path, test: float, generator: torch.Generator, on_image: Callable[[int, int], object] | None
) -> tuple[Images, Images, tuple[str, ...]]:
    """The training images, the test images, and the classes."""
    layout = layout_of(folder)
    images = read_images(layout.files, on_image)
    if layout.tests is None:
        kept, aside = split_indices(len(images.y), test, generator)
    else:
        kept, aside = torch.arange(layout.tests), torch.arange(layout.tests, len(images.y))
    return images.pick(kept), images.pick(aside), layout.classes


def _cifar2(folder: Path) -> tuple[Images, Images, tuple[str, ...]]:
    datasets = need("torchvision.datasets")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        train, test = (datasets.CIFAR10(root=folder, train=train, download=True) for train in (True, False))
    except (OSError, RuntimeError) as error:  # no network, a full disk, a wrong file
        value = Described(f"{folder} ({error})")
        raise ArgumentError(
            "download", value, "a folder that contains CIFAR-10, or a network connection to download it"
        ) from error
    return _keep(train), _keep(test), CIFAR2


def _keep(dataset: Any) -> Images:
    """Airplanes as 0 and birds as 1 from a CIFAR10 dataset, in its order."""
    labels = torch.tensor(dataset.targets)
    y = torch.full_like(labels, -1)
    for label, name in enumerate(CIFAR2):
        y[labels == dataset.class_to_idx[name]] = label
    rows = (y >= 0).nonzero().flatten()
    return Images(torch.from_numpy(dataset.data)[rows].permute(0, 3, 1, 2), y[rows])
