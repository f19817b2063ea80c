"""`mlp-core train`: what it writes, what it says, and that it leaves nothing half-written."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from run_commands import names_in, run_train
from typer.testing import CliRunner

for _module in ("torchvision", "safetensors", "matplotlib"):
    pytest.importorskip(_module, reason=f"{_module} does not import", exc_type=ImportError)
Image = pytest.importorskip("PIL.Image", reason="torchvision brings Pillow, and is not installed")

from safetensors import safe_open  # noqa: E402  (after the skips)

from mlp_core import MLP  # noqa: E402
from mlp_core.base import files  # noqa: E402
from mlp_core.cli import app  # noqa: E402
from mlp_core.experiment import results, show  # noqa: E402
from mlp_core.experiment.compare import compare  # noqa: E402
from mlp_core.experiment.data import load  # noqa: E402
from mlp_core.experiment.train import Options, digest, train  # noqa: E402

FILES = ["history.json", "loss_curves.png", "model.safetensors"]


def history_in(folder: Path) -> dict[str, Any]:
    history: dict[str, Any] = json.loads((folder / "history.json").read_text())
    return history


def test_three_files_are_written_whole(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    result = run_train(images, out)
    assert names_in(out) == FILES
    assert str(out / "history.json") in result.output.replace("\n", "")
    history = history_in(out)
    assert history["images"] == {"training": 38, "validation": 10, "test": 12}
    assert history["sizes"] == [48, 5, 2]
    assert (len(history["step_losses"]), len(history["epoch_losses"])) == (10, 2)
    assert len(history["validation_accuracy"]) == 2
    assert 0 <= history["training_accuracy"] <= 1
    assert history["compare"] is None
    assert history["options"]["lr"] == 0.01
    assert history["versions"]["torch"] == torch.__version__
    assert "test_accuracy" not in history  # the test split is for one evaluation, not for this command
    with Image.open(out / "loss_curves.png") as picture:
        assert picture.format == "PNG"
        assert min(picture.size) > 100
        assert len(picture.convert("RGB").getcolors(2**24)) > 2  # more than a blank sheet


def test_the_saved_model_is_the_trained_one(images: Path, tmp_path: Path) -> None:
    run_train(images, tmp_path, "--dtype", "float64", "--seed", "3")
    options = Options(epochs=2, batch_size=8, hidden=(5,), dtype="float64", seed=3)
    expected = train(options, load(f"folder:{images}", seed=3, dtype=torch.float64))
    with safe_open(tmp_path / "model.safetensors", "pt") as saved:
        metadata = json.loads(saved.metadata()["mlp_core"])
        model = MLP(metadata["sizes"], activation=metadata["options"]["activation"], dtype=torch.float64)
        model.load_state_dict({name: saved.get_tensor(name) for name in saved.keys()})  # noqa: SIM118  (no mapping)
    assert torch.equal(model.flat, expected.model.flat)
    assert metadata["classes"] == ["cat", "dog"]
    assert history_in(tmp_path)["step_losses"] == expected.history.step_losses.tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error", "bce_with_logits"])
def test_compare_finds_training_by_hand_identical_to_the_bit(
    images: Path, tmp_path: Path, loss: str, dtype: str
) -> None:
    more = ("--momentum", "0.9", "--weight-decay", "0.01", "--lr", "0.001")
    result = run_train(images, tmp_path, "--compare", "--loss", loss, "--dtype", dtype, *more)
    assert "identical to the bit with gradients autograd, updates torch" in result.output
    assert history_in(tmp_path)["compare"]["identical"] is True


def test_a_run_by_autograd_and_torch_is_compared_with_one_by_hand(images: Path, tmp_path: Path) -> None:
    result = run_train(images, tmp_path, "--compare", "--gradients", "autograd", "--updates", "torch")
    assert "identical to the bit with gradients manual, updates manual" in result.output


def test_compare_says_where_runs_part_and_exits_with_1(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = show.train

    def tampered(options: Options, *args: Any, gradients: Any, **kwargs: Any) -> Any:
        options = Options(**{**vars(options), "lr": 0.02}) if gradients == "autograd" else options
        return real(options, *args, gradients=gradients, **kwargs)

    monkeypatch.setattr(show, "train", tampered)
    result = run_train(images, tmp_path, "--compare", expect=1)
    assert "NOT identical" in result.output
    assert "losses first part at epoch 1, step 2 (step_losses[1])" in result.output  # the first update differs
    assert "weights first part in epoch 1" in result.output
    found = history_in(tmp_path)["compare"]
    assert found["identical"] is False
    assert (found["loss"]["epoch"], found["loss"]["step"], found["loss"]["index"]) == (1, 2, 1)
    assert found["loss"]["got"] == history_in(tmp_path)["step_losses"][1]
    assert [tensor["name"] for tensor in found["tensors"]] == ["W1", "b1", "W2", "b2"]
    assert names_in(tmp_path) == FILES


def test_compare_names_the_one_entry_that_differs(images: Path) -> None:
    options = Options(epochs=1, batch_size=8, hidden=(5,))
    data = load(f"folder:{images}")
    first, second = train(options, data), train(options, data, gradients="autograd", updates="torch")
    with torch.no_grad():
        second.model.weights[1][1, 3] += 1
    second.digests[-1] = digest(second.model.flat)
    found = compare(first, second)
    (tensor,) = found.tensors
    assert found.loss is None
    assert found.weights_epoch == 1
    assert (tensor.name, tensor.entries, tensor.of) == ("W2", 1, 10)
    assert tensor.first == tensor.worst
    assert tensor.worst.index == (1, 3)
    assert tensor.worst.got == first.model.weights[1][1, 3].item()
    assert tensor.worst.reference == second.model.weights[1][1, 3].item()
    assert "W2: 1 of 10 entries differ at the end" in found.lines()


def test_digests_tell_values_apart_and_nothing_else() -> None:
    nan = torch.tensor([float("nan"), 0.0])
    assert digest(nan) == digest(torch.tensor([-float("nan"), -0.0]))
    assert digest(nan) != digest(torch.tensor([1.0, 0.0]))
    assert digest(torch.tensor([1.0])) != digest(torch.tensor([1.0 + 2.0**-23]))


@pytest.mark.parametrize("compare_too", [(), ("--compare",)])
def test_a_loss_that_becomes_nan_is_said_and_written(
    images: Path, tmp_path: Path, compare_too: tuple[str, ...]
) -> None:
    result = run_train(images, tmp_path, "--lr", "1e30", *compare_too)
    history = history_in(tmp_path)
    unusable = [index for index, value in enumerate(history["step_losses"]) if not math.isfinite(float(value))]
    assert f"the loss became {history['step_losses'][unusable[0]]} at epoch" in result.output
    assert names_in(tmp_path) == FILES
    assert "identical to the bit" in result.output or not compare_too  # NaN equals NaN here


def test_the_seed_decides_everything(images: Path, tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        run_train(images, tmp_path / name, "--seed", seed)
    a, b, c = ((tmp_path / name / "model.safetensors").read_bytes() for name in "abc")
    assert a == b
    assert a != c
    assert history_in(tmp_path / "a") == history_in(tmp_path / "b")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device"), RuntimeError("bug")])
def test_a_failure_while_writing_keeps_the_old_files_and_leaves_no_others(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    run_train(images, tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in FILES}

    def fails(path: Path, *args: Any) -> None:
        path.write_bytes(b"half a pict")
        raise error

    monkeypatch.setattr(results, "loss_curves", fails)
    arguments = ["train", "--data", f"folder:{images}", "--out", str(tmp_path), "--epochs", "1", "--hidden", "5"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code != 0
    assert names_in(tmp_path) == FILES
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == before
    if isinstance(error, OSError):
        assert result.exit_code == 2
        assert "No space left on device" in result.stderr


def test_a_folder_made_for_nothing_goes_but_one_that_is_used_stays(tmp_path: Path) -> None:
    def fail_in(folder: Path, leave: bool) -> None:
        with files.output_folder(folder) as made:
            if leave:
                (made / "kept.txt").touch()
            raise RuntimeError("stop")

    for leave in (False, True):
        with pytest.raises(RuntimeError, match="stop"):
            fail_in(tmp_path / "a" / "b", leave)
        assert (tmp_path / "a" / "b").exists() == leave


def test_version_and_help() -> None:
    from mlp_core import __version__

    assert CliRunner().invoke(app, ["--version"]).stdout == f"mlp_core {__version__}\n"
    help_text = CliRunner().invoke(app, ["--help"])
    assert help_text.exit_code == 0
    assert "train" in help_text.stdout
