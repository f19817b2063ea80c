"""`mlp-core train` names what it cannot use in one line, before it trains, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from run_commands import names_in, run_train

for _module in ("torchvision", "safetensors", "matplotlib"):
    pytest.importorskip(_module, reason=f"{_module} does not import", exc_type=ImportError)

from mlp_core.experiment import show  # noqa: E402  (after the skips)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--lr", "nan"), "lr: got nan, expected a finite number >= 0"),
        (("--lr", "-1"), "lr: got -1.0"),
        (("--lr", "inf"), "lr: got inf"),
        (("--momentum", "-0.5"), "momentum: got -0.5"),
        (("--weight-decay", "inf"), "weight_decay: got inf"),
        (("--epochs", "0"), "epochs: got 0, expected an integer >= 1"),
        (("--batch-size", "0"), "batch_size: got 0, expected an integer >= 1"),
        (("--seed", "-1"), "seed: got -1"),
        (("--dtype", "float46"), "did you mean 'float64'?"),
        (("--gradients", "manuel"), "did you mean 'manual'?"),
        (("--updates", "by hand"), "updates: got 'by hand', expected one of manual, torch"),
        (("--activation", "rleu"), "did you mean 'relu'?"),
        (("--loss", "crossentropy"), "did you mean 'cross_entropy'?"),
        (("--hidden", "5,x"), "hidden: got '5,x', expected positive integers"),
        (("--hidden", "5,0"), "hidden: got (5, 0)"),
        (("--data", "cifar3"), "did you mean 'cifar2'?"),
        (("--data", "folder:no/such/place"), "no/such/place, which does not exist"),
    ],
)
def test_bad_options_are_named_before_anything_is_read_or_written(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, str], words: str
) -> None:
    monkeypatch.setattr(show, "load", lambda *args, **kwargs: pytest.fail("data was read"))
    result = run_train(images, tmp_path / "out", *options, expect=2)
    assert words in result.stderr
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_an_output_path_that_is_a_file(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    monkeypatch.setattr(show, "load", lambda *args, **kwargs: pytest.fail("data was read"))
    taken = tmp_path / "taken"
    taken.write_text("precious")
    result = run_train(images, taken / below, expect=2)
    assert result.stderr.startswith(f"error: out: got {taken / below} (")
    assert taken.read_text() == "precious"
    assert names_in(tmp_path) == ["taken"]


def test_a_folder_where_a_result_should_go(images: Path, tmp_path: Path) -> None:
    (tmp_path / "history.json").mkdir()
    result = run_train(images, tmp_path, expect=2)
    assert "history.json, a folder" in result.stderr
    assert names_in(tmp_path) == ["history.json"]


def test_an_output_folder_that_refuses_to_be_written(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(self: Path, *args: Any, **kwargs: Any) -> None:
        raise PermissionError(13, "Permission denied")  # made up: a test run by root may write anywhere

    monkeypatch.setattr(Path, "touch", read_only)
    result = run_train(images, tmp_path / "out", expect=2)
    assert "(Permission denied), expected a folder that can be written to" in result.stderr
    assert names_in(tmp_path) == []


def test_broken_data_leaves_no_output_folder(images: Path, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "broken" / name).mkdir(parents=True)
        (tmp_path / "broken" / name / "a.jpg").write_bytes(b"no image")
    result = run_train(tmp_path / "broken", tmp_path / "some" / "out", expect=2)
    assert "cannot be decoded" in result.stderr
    assert names_in(tmp_path) == ["broken"]


def test_a_missing_package_is_missed_before_training(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr("mlp_core.base.extras.import_module", missing)
    result = run_train(images, tmp_path / "out", expect=2)
    assert 'pip install "mlp_core[experiment]"' in result.stderr
    assert names_in(tmp_path) == []
