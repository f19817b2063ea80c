"""Images that cannot be had or used: every error names its file, or what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlp_core import ArgumentError

pytest.importorskip("torchvision", reason="torchvision does not import", exc_type=ImportError)
Image = pytest.importorskip("PIL.Image", reason="torchvision brings Pillow, and is not installed")

from small_images import load, make_folder, write_image  # noqa: E402  (after the skips)

from mlp_core.base.extras import MissingExtra, need  # noqa: E402


def message_of(source: str, **options: object) -> str:
    with pytest.raises(ArgumentError) as caught:
        load(source, **options)
    return str(caught.value)


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


def test_a_missing_torchvision_is_missed_with_its_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(name: str) -> None:
        raise RuntimeError("operator torchvision::nms does not exist")  # as one built for another torch says

    source = f"folder:{make_folder(tmp_path)}"
    monkeypatch.setattr("mlp_core.base.extras.import_module", broken)
    with pytest.raises(MissingExtra, match=r'nms does not exist.*pip install "mlp_core\[experiment\]"'):
        load(source)
    with pytest.raises(MissingExtra):
        need("torchvision")


def test_cifar2_that_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import CIFAR10

    def no_network(self: CIFAR10) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(CIFAR10, "download", no_network)
    message = message_of("cifar2", download=tmp_path / "cache")
    assert message.startswith("download: ")
    assert "no route to host" in message
