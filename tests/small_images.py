"""Images in class folders, for tests of data and commands, and such a folder read with its test split opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from mlp_core.experiment.data import Known
from mlp_core.experiment.data import load as load_sealed
from mlp_core.experiment.sealed import Split


def write_image(path: Path, number: int, size: tuple[int, int] = (3, 2)) -> None:
    """A one-coloured image that contains its number: red stores it exactly, as PNG does not round."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (number, 255 - number, 7)).save(path)


def make_folder(root: Path, per_class: int = 5, parts: tuple[str, ...] = ("",)) -> Path:
    """Class folders `cat` and `dog` under every part, every image with a number of its own."""
    number = 0
    for part in parts:
        for name in ("cat", "dog"):
            for _ in range(per_class):
                write_image(root / part / name / f"{number:03}.png", number)
                number += 1
    return root


def write_images(root: Path, per_class: int = 30) -> Path:
    """Class folders `cat` and `dog` of noisy images of 4 x 4 pixels."""
    generator = torch.Generator().manual_seed(0)
    for label, name in enumerate(("cat", "dog")):
        (root / name).mkdir(parents=True)
        for number in range(per_class):
            pixels = torch.randint(20 * label, 216 + 20 * label, (4, 4, 3), generator=generator, dtype=torch.uint8)
            Image.fromarray(pixels.numpy()).save(root / name / f"{number}.png")
    return root


@dataclass(frozen=True, eq=False)
class Opened(Known):
    """All splits: these tests are about what is in them."""

    test: Split


def load(source: str, **options: Any) -> Opened:
    data = load_sealed(source, **options)
    return Opened(data.training, data.validation, data.classes, data.image_shape, data.test.open("loaded by a test"))
