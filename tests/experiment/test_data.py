"""Images from folders and from CIFAR-10: the splits, and the normalisation."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import pytest
import torch

np = pytest.importorskip("numpy", reason="torchvision brings numpy, and is not installed", exc_type=ImportError)
pytest.importorskip("torchvision", reason="torchvision does not import", exc_type=ImportError)
Image = pytest.importorskip("PIL.Image", reason="torchvision brings Pillow, and is not installed")

from small_images import Opened, load, make_folder, write_image  # noqa: E402  (after the skips)

from mlp_core import ArgumentError  # noqa: E402
from mlp_core.experiment import data as data_module  # noqa: E402
from mlp_core.experiment.data import split_indices  # noqa: E402
from mlp_core.experiment.folders import layout_of, read_images  # noqa: E402


def numbers(data: Opened, split: str) -> list[int]:
    """The numbers of the images in a split, read back from red: the normalisation undone."""
    part = getattr(data, split)
    red = part.x.view(-1, *data.image_shape)[:, 0, 0, 0].double()
    mean, std = part.normalisation.mean[0], part.normalisation.std[0]
    return [round(value) for value in ((red * std + mean) * 255).tolist()]


def test_a_flat_folder_is_split_in_three(tmp_path: Path) -> None:
    data = load(f"folder:{make_folder(tmp_path, 10)}")
    splits = [numbers(data, name) for name in ("training", "validation", "test")]
    assert [len(split) for split in splits] == [13, 3, 4]  # 20% of 20 for testing, round(20% of 16) for validation
    assert sorted(number for split in splits for number in split) == list(range(20))
    assert data.classes == ("cat", "dog")
    assert data.image_shape == (3, 2, 3)
    for name, split in zip(("training", "validation", "test"), splits, strict=True):
        assert getattr(data, name).y.tolist() == [int(number >= 10) for number in split]


def test_folders_train_and_test_keep_their_test_images(tmp_path: Path) -> None:
    data = load(f"folder:{make_folder(tmp_path, 5, ('train', 'test'))}")
    assert numbers(data, "test") == list(range(10, 20))
    assert sorted(numbers(data, "training") + numbers(data, "validation")) == list(range(10))
    assert len(data.validation.y) == 2


def test_the_split_repeats_under_a_seed_and_moves_with_it(tmp_path: Path) -> None:
    source = f"folder:{make_folder(tmp_path, 10)}"
    first, again, other = load(source, seed=1), load(source, seed=1), load(source, seed=2)
    for name in ("training", "validation", "test"):
        assert torch.equal(getattr(first, name).x, getattr(again, name).x)
        assert torch.equal(getattr(first, name).y, getattr(again, name).y)
    assert numbers(first, "validation") != numbers(other, "validation")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_normalisation_comes_from_the_training_split_alone(tmp_path: Path, dtype: torch.dtype) -> None:
    source = f"folder:{make_folder(tmp_path, 5, ('train', 'test'))}"
    data = load(source, dtype=dtype)
    for path in sorted(tmp_path.glob("test/*/*")):
        write_image(path, 200)  # other test images must change nothing but themselves
    other = load(source, dtype=dtype)
    assert torch.equal(data.training.x, other.training.x)
    assert torch.equal(data.validation.x, other.validation.x)
    assert not torch.equal(data.test.x, other.test.x)
    red = torch.tensor(numbers(data, "training")).to(dtype) / 255
    normalisation = data.test.normalisation
    assert normalisation is data.training.normalisation
    # every image has 6 equal red pixels; the mean of 8 images of 6 is that of 48 numbers in float64, each addition
    # within one unit roundoff 2^-53 of sums below 48
    assert abs(normalisation.mean[0] - red.double().mean()) <= 48 * 2.0**-53
    assert normalisation.std[2] == 1  # blue is 7 everywhere: constant, shifted to zero and not scaled
    assert (data.training.x.view(-1, *data.image_shape)[:, 2] == 0).all()
    assert data.training.x.dtype == dtype


@pytest.mark.parametrize("share", [0.01, 0.2, 0.99])
@pytest.mark.parametrize("n", [2, 3, 100])
def test_no_side_of_a_split_is_empty(n: int, share: float) -> None:
    kept, aside = split_indices(n, share, torch.Generator().manual_seed(3))
    assert len(kept) >= 1
    assert len(aside) == min(max(round(share * n), 1), n - 1)
    assert sorted(torch.cat([kept, aside]).tolist()) == list(range(n))


def test_hidden_folders_are_not_classes_and_other_files_not_images(tmp_path: Path) -> None:
    make_folder(tmp_path)
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    assert load(f"folder:{tmp_path}").classes == ("cat", "dog")


def test_progress_counts_every_image(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    load(f"folder:{make_folder(tmp_path, 2)}", on_image=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def cifar10_at(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny CIFAR-10 in its own file format, with the checksums that torchvision then asks for."""
    from torchvision.datasets import CIFAR10

    folder = root / CIFAR10.base_folder
    folder.mkdir(parents=True)

    def put(name: str, content: object) -> list[str]:
        raw = pickle.dumps(content)
        (folder / name).write_bytes(raw)
        return [name, hashlib.md5(raw, usedforsecurity=False).hexdigest()]

    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    labels = [2, 5, 0, 2, 0, 9, 2, 0, 0, 2]
    pixels = np.arange(10, dtype=np.uint8)[:, None].repeat(3072, axis=1)  # every pixel of image i is i
    meta = put("batches.meta", {"label_names": names})
    monkeypatch.setattr(CIFAR10, "train_list", [put("data_batch_1", {"data": pixels, "labels": labels})])
    monkeypatch.setattr(CIFAR10, "test_list", [put("test_batch", {"data": pixels + 10, "labels": labels[::-1]})])
    monkeypatch.setattr(CIFAR10, "meta", {"filename": meta[0], "key": "label_names", "md5": meta[1]})


def test_cifar2_keeps_airplanes_and_birds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cifar10_at(tmp_path, monkeypatch)
    data = load("cifar2", download=tmp_path, validation=0.25)
    assert data.classes == ("airplane", "bird")
    assert data.image_shape == (3, 32, 32)
    birds = {0, 3, 6, 9}
    training, validation = numbers(data, "training"), numbers(data, "validation")
    assert (len(training), len(validation)) == (6, 2)
    assert sorted(training + validation) == [0, 2, 3, 4, 6, 7, 8, 9]
    assert data.training.y.tolist() == [int(number in birds) for number in training]
    assert numbers(data, "test") == [10, 11, 12, 13, 15, 16, 17, 19]
    assert data.test.y.tolist() == [1, 0, 0, 1, 0, 1, 0, 1]


def test_the_download_folder_is_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert data_module.download_folder() == tmp_path / "mlp_core"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert data_module.download_folder() == tmp_path / ".cache" / "mlp_core"
    assert data_module.download_folder("here") == Path("here")


def test_grey_in_16_bits_keeps_its_range(tmp_path: Path) -> None:
    """Pillow's own conversion cuts off what is above 255 of 65535."""
    make_folder(tmp_path)
    grey = np.array([[0, 257, 514], [32768, 65278, 65535]], dtype=np.uint16)
    Image.fromarray(grey).save(tmp_path / "cat" / "deep.png")
    images = read_images([(str(tmp_path / "cat" / "deep.png"), 0)])
    assert images.pixels.tolist() == [[[[0, 1, 2], [128, 254, 255]]] * 3]
    Image.fromarray(np.array([[0.5, 1.5, 2.5]] * 2, dtype=np.float32)).save(tmp_path / "cat" / "float.tiff")
    with pytest.raises(ArgumentError, match=r"float\.tiff, whose pixels are not whole numbers of 8 or 16 bits"):
        read_images([(str(tmp_path / "cat" / "float.tiff"), 0)])


def test_links_in_a_folder_are_followed_once(tmp_path: Path) -> None:
    make_folder(tmp_path)
    before = layout_of(tmp_path)
    (tmp_path / "cat" / "again").symlink_to(tmp_path / "cat")
    (tmp_path / "cat" / "round").symlink_to(tmp_path)
    (tmp_path / "dog" / "deep").mkdir()
    (tmp_path / "dog" / "deep" / "up").symlink_to("..")
    assert layout_of(tmp_path) == before
    write_image(tmp_path / ".elsewhere" / "more.png", 200)
    (tmp_path / "dog" / "linked").symlink_to(tmp_path / ".elsewhere")
    assert str(tmp_path / "dog" / "linked" / "more.png") in [file for file, _ in layout_of(tmp_path).files]
