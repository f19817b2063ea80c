"""Images from folders and from CIFAR-10: the splits, the normalisation, and every error that names its file."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from mlp_core import ArgumentError

np = pytest.importorskip("numpy", reason="torchvision brings numpy, and is not installed", exc_type=ImportError)
pytest.importorskip("torchvision", reason="torchvision does not import", exc_type=ImportError)
Image = pytest.importorskip("PIL.Image", reason="torchvision brings Pillow, and is not installed")

from mlp_core.experiment import data as data_module  # noqa: E402  (after the skips)
from mlp_core.experiment.data import Known, split_indices  # noqa: E402
from mlp_core.experiment.data import load as load_sealed  # noqa: E402
from mlp_core.experiment.extras import MissingExtra, need  # noqa: E402
from mlp_core.experiment.sealed import Split  # noqa: E402


def write_image(path: Path, number: int, size: tuple[int, int] = (3, 2)) -> None:
    """A one-coloured image that tells its number: red holds it exactly, as PNG does not round."""
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


@dataclass(frozen=True, eq=False)
class Opened(Known):
    """All splits: these tests are about what is in them."""

    test: Split


def load(source: str, **options: Any) -> Opened:
    data = load_sealed(source, **options)
    return Opened(data.training, data.validation, data.classes, data.image_shape, data.test.open("loaded by a test"))


def numbers(data: Opened, split: str) -> list[int]:
    """The numbers of the images in a split, read back from red: the normalisation undone."""
    part = getattr(data, split)
    red = part.x.view(-1, *data.image_shape)[:, 0, 0, 0].double()
    mean, std = part.normalisation.mean[0], part.normalisation.std[0]
    return [round(value) for value in ((red * std + mean) * 255).tolist()]


def message_of(source: str, **options: object) -> str:
    with pytest.raises(ArgumentError) as caught:
        load(source, **options)
    return str(caught.value)


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


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("cifar3", ("data", "cifar3", "did you mean 'cifar2'?")),
        ("folder:", ("data", "no path", "a folder")),
        ("folder:no/such/place", ("data", "no/such/place", "does not exist")),
    ],
)
def test_a_source_that_is_none(source: str, words: tuple[str, ...]) -> None:
    message = message_of(source)
    assert all(word in message for word in words)


def test_a_path_without_the_word_folder_is_answered_with_it(tmp_path: Path) -> None:
    assert f"did you mean folder:{tmp_path}?" in message_of(str(tmp_path))


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    assert "a.png, which is not a folder" in message_of(f"folder:{tmp_path / 'a.png'}")


def test_a_folder_without_images(tmp_path: Path) -> None:
    assert f"{tmp_path} without images" in message_of(f"folder:{tmp_path}")
    (tmp_path / "cat").mkdir()
    assert f"{tmp_path} without images" in message_of(f"folder:{tmp_path}")


def test_a_folder_with_one_class(tmp_path: Path) -> None:
    write_image(tmp_path / "cat" / "a.png", 1)
    assert "one class, cat" in message_of(f"folder:{tmp_path}")


def test_a_class_without_images(tmp_path: Path) -> None:
    make_folder(tmp_path)
    (tmp_path / "emu").mkdir()
    assert f"{tmp_path / 'emu'} without images" in message_of(f"folder:{tmp_path}")


@pytest.mark.parametrize(("part", "missing"), [("train", "test"), ("test", "train")])
def test_train_needs_test_and_test_needs_train(tmp_path: Path, part: str, missing: str) -> None:
    message = message_of(f"folder:{make_folder(tmp_path, 2, (part,))}")
    assert f"with {part} but no {missing}" in message


def test_other_classes_in_test(tmp_path: Path) -> None:
    make_folder(tmp_path, 2, ("train", "test"))
    write_image(tmp_path / "test" / "emu" / "a.png", 9)
    message = message_of(f"folder:{tmp_path}")
    assert "cat, dog, emu" in message
    assert "those of train: cat, dog" in message


@pytest.mark.parametrize("content", [b"", b"not an image", "half"])
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_broken_image_is_named(tmp_path: Path, content: bytes | str, suffix: str) -> None:
    make_folder(tmp_path)
    broken = tmp_path / "dog" / f"broken.{suffix}"
    if isinstance(content, str):  # cut in the middle, as an interrupted copy leaves it
        Image.effect_noise((64, 64), 50).convert("RGB").save(broken)
        content = broken.read_bytes()[: broken.stat().st_size // 2]
    broken.write_bytes(content)
    message = message_of(f"folder:{tmp_path}")
    assert str(broken) in message
    assert "cannot be decoded" in message


def test_an_image_of_another_size_is_named(tmp_path: Path) -> None:
    make_folder(tmp_path)
    write_image(tmp_path / "dog" / "z.png", 3, size=(4, 2))
    message = message_of(f"folder:{tmp_path}")
    assert f"{tmp_path / 'dog' / 'z.png'} of 4 x 2 pixels" in message
    assert f"{tmp_path / 'cat' / '000.png'} is 3 x 2" in message


def test_too_few_images_to_split(tmp_path: Path) -> None:
    assert "1 image(s) to split" in message_of(f"folder:{make_folder(tmp_path, 1)}")


@pytest.mark.parametrize("share", [0.0, 1.0, float("nan"), -0.2])
def test_a_share_outside_its_range(tmp_path: Path, share: float) -> None:
    source = f"folder:{make_folder(tmp_path)}"
    assert message_of(source, validation=share).startswith("validation: ")
    assert message_of(source, test=share).startswith("test: ")


def test_progress_counts_every_image(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    load(f"folder:{make_folder(tmp_path, 2)}", on_image=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_missing_torchvision_is_missed_with_its_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(name: str) -> None:
        raise RuntimeError("operator torchvision::nms does not exist")  # as one built for another torch says

    source = f"folder:{make_folder(tmp_path)}"
    monkeypatch.setattr("mlp_core.experiment.extras.import_module", broken)
    with pytest.raises(MissingExtra, match=r'nms does not exist.*pip install "mlp_core\[experiment\]"'):
        load(source)
    with pytest.raises(MissingExtra):
        need("torchvision")


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


def test_cifar2_that_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import CIFAR10

    def no_network(self: CIFAR10) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(CIFAR10, "download", no_network)
    message = message_of("cifar2", download=tmp_path / "cache")
    assert message.startswith("download: ")
    assert "no route to host" in message


def test_the_download_folder_is_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert data_module.download_folder() == tmp_path / "mlp_core"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert data_module.download_folder() == tmp_path / ".cache" / "mlp_core"
    assert data_module.download_folder("here") == Path("here")
