"""Reads folders of images: class folders in the ImageFolder layout. Every error names its file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.base.extras import need

DEEP = 2**16 - 1
"""the largest 16-bit integer"""


@dataclass(frozen=True, eq=False)
class Images:
    """pixels (N, 3, H, W) uint8 and labels y (N,) int64."""

    pixels: Tensor
    y: Tensor

    def pick(self, rows: Tensor) -> Images:
        """The images in these rows, in this order."""
        return Images(self.pixels[rows], self.y[rows])


@dataclass(frozen=True)
class Layout:
    """The content of a folder: files with their labels, class names by label, and where the test images begin in
    `files` (None if the folder has no separate test images).
    """

    files: list[tuple[str, int]]
    classes: tuple[str, ...]
    tests: int | None


def layout_of(folder: Path) -> Layout:
    """The images in folder/train and folder/test, or in the folder's own class folders. Raises ArgumentError like
    `load`.
    """
    parts = {name: folder / name for name in ("train", "test") if (folder / name).is_dir()}
    if not parts:
        classes, files = _class_files(folder)
        return Layout(files, classes, None)
    for name, other in (("train", "test"), ("test", "train")):
        if name not in parts:
            raise ArgumentError("data", Described(f"{folder} with {other} but no {name}"), f"a folder {name} beside it")
    classes, files = _class_files(parts["train"])
    test_classes, test_files = _class_files(parts["test"])
    if test_classes != classes:
        value = Described(f"classes {', '.join(test_classes)} in {parts['test']}")
        raise ArgumentError("data", value, f"those of train: {', '.join(classes)}")
    return Layout(files + test_files, classes, len(files))


def read_images(files: Sequence[tuple[str, int]], on_image: Callable[[int, int], object] | None = None) -> Images:
    """All images, decoded as RGB. Raises ArgumentError for one that cannot be decoded or has another size."""
    numpy, Image = need("numpy"), need("PIL.Image")
    # what Pillow raises for damaged files (found with thousands, cut or overwritten at random; SyntaxError: old PNGs)
    damaged = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
    pixels = torch.empty(0)
    for index, (file, _) in enumerate(files):
        try:
            with Image.open(file) as opened:
                image = torch.from_numpy(numpy.array(_rgb(opened, file)))  # (H, W, 3) uint8
        except damaged as error:
            value = Described(f"{file}, which cannot be decoded ({error})")
            raise ArgumentError("data", value, "a complete image file") from error
        if index == 0:
            pixels = torch.empty(len(files), *image.shape, dtype=torch.uint8)
        if image.shape != pixels.shape[1:]:
            (height, width), (h, w) = pixels.shape[1:3], image.shape[:2]
            expected = f"all images of one size: {files[0][0]} is {width} x {height}"
            raise ArgumentError("data", Described(f"{file} of {w} x {h} pixels"), expected)
        pixels[index] = image
        if on_image is not None:
            on_image(index + 1, len(files))
    return Images(pixels.permute(0, 3, 1, 2), torch.tensor([label for _, label in files]))


def _rgb(image: Any, file: str) -> Any:
    """An image in red, green and blue, 8 bits each. For grey in 16 bits the whole range is kept; Pillow's own
    conversion cuts off values above 255. Raises ArgumentError for numbers without such a range.
    """
    if image.mode[0] not in "IF":
        return image.convert("RGB")
    numpy, Image = need("numpy"), need("PIL.Image")
    grey = numpy.asarray(image)
    if image.mode == "F" or grey.min() < 0 or grey.max() > DEEP:
        value = Described(f"{file}, whose pixels are not whole numbers of 8 or 16 bits")
        raise ArgumentError("data", value, "an image of 8 or 16 bits")
    return Image.fromarray(((grey.astype(numpy.int64) * 255 + DEEP // 2) // DEEP).astype(numpy.uint8)).convert("RGB")


def _files_below(folder: Path, extensions: Sequence[str]) -> list[str]:
    """The image files in a folder and its subfolders, by name; links are followed, and each folder is read once."""
    found = list[tuple[str, str]]()
    seen = {(status.st_dev, status.st_ino) for status in map(Path.stat, folder.resolve().parents)}  # links upwards
    for root, folders, names in os.walk(folder, followlinks=True):
        status = Path(root).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders.sort()
        found += [(root, name) for name in names if name.lower().endswith(tuple(extensions))]
    return [str(Path(root) / name) for root, name in sorted(found)]


def _class_files(folder: Path) -> tuple[tuple[str, ...], list[tuple[str, int]]]:
    """The class folders in a folder, sorted by name, and their image files."""
    torchvision = need("torchvision.datasets.folder")
    try:
        # hidden folders belong to tools (.git, .ipynb_checkpoints), and are not classes
        classes = tuple(sorted(f.name for f in folder.iterdir() if f.is_dir() and not f.name.startswith(".")))
        labels = {name: label for label, name in enumerate(classes)}
        extensions = torchvision.IMG_EXTENSIONS
        files = [(file, labels[name]) for name in classes for file in _files_below(folder / name, extensions)]
    except OSError as error:
        raise ArgumentError("data", Described(f"{folder} ({error.strerror})"), "a folder that can be read") from error
    if not files:
        expected = f"one subfolder of images per class ({' '.join(extensions)})"
        raise ArgumentError("data", Described(f"{folder} without images"), expected)
    if len(classes) < 2:
        got = f"{folder} with one class, {classes[0]}"
        raise ArgumentError("data", Described(got), "at least two classes, each in a subfolder")
    empty = [name for name in classes if labels[name] not in {label for _, label in files}]
    if empty:
        raise ArgumentError("data", Described(f"{folder / empty[0]} without images"), "images for every class")
    return classes, files
