"""`mlp-core search` refuses bad usage, and folders that are not its own, in one line; nothing is lost or left."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock
from run_commands import run_search

for _module in ("torchvision", "safetensors", "matplotlib", "optuna", "jinja2"):
    pytest.importorskip(_module, reason=f"{_module} does not import", exc_type=ImportError)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--lr", "1:0.1"), "lr: got '1:0.1', expected LOW:HIGH with LOW not above HIGH; did you mean 0.1:1?"),
        (("--momentum", "0.5:1.5"), "momentum: got '0.5:1.5'"),
        (("--data", "cifar3"), "data: got 'cifar3', expected one of cifar2, folder:PATH; did you mean 'cifar2'?"),
        (("--data", "folder:nowhere"), "data: got nowhere, which does not exist"),
        (("--storage", "mysql+no://me:secret@127.0.0.1:1/none"), "storage: got mysql+no://me:***@127.0.0.1:1/none ("),
        (("--storage", "nonsense"), "storage: got nonsense ("),
        (("--storage", "nonsense", "--resume"), "storage: got nonsense ("),
        (("--storage", "sqlite:///here.db"), "storage: got 'sqlite:///here.db', expected a database server"),
        (("--rule", "muon", "--lr", "0.01"), "rule: got 'muon', expected a rule that also updates biases"),
        (("--rule", "lion", "--updates", "torch"), "updates: got 'torch', expected manual: torch has no lion"),
        (("--seed", "99999999999999999999"), "seed: got 99999999999999999999, expected an integer >= 0 and <="),
        (("--trials", "0"), "trials: got 0, expected an integer >= 1"),
        (("--workers", "0"), "workers: got 0, expected an integer >= 1"),
        (("--rule", "sdg"), "did you mean 'sgd'?"),
        (("--keep", "first"), "keep: got 'first', expected one of best, last"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_bad_usage_is_one_line_and_leaves_nothing(
    images: Path, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    out = tmp_path / "out"
    result = run_search(images, out, *options, expect=2)
    assert said in result.output
    assert result.output.count("\n") == 1
    assert "secret" not in result.output
    assert not out.exists()


@pytest.mark.parametrize("name", ["model.safetensors", "journal.log", "splits.safetensors", "search.json"])
def test_a_folder_of_something_else_is_refused_before_anything_is_lost(
    images: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("mine")
    (tmp_path / "mine").mkdir()
    result = run_search(images, tmp_path, expect=2)
    assert f"out: got {tmp_path}, w" in result.output
    assert name in result.output
    assert {path.name for path in tmp_path.iterdir()} >= {name, "mine"}
    assert (tmp_path / name).read_text() == "mine"


def test_a_folder_of_trials_that_are_not_ours_is_not_cleared(images: Path, tmp_path: Path) -> None:
    (tmp_path / "trials").mkdir()
    (tmp_path / "trials" / "mine.txt").write_text("mine")
    assert "which holds trials and is no search's" in run_search(images, tmp_path, expect=2).output
    assert (tmp_path / "trials" / "mine.txt").read_text() == "mine"


def test_a_folder_in_which_another_command_is_at_work_is_refused(images: Path, tmp_path: Path) -> None:
    with FileLock(tmp_path / "search.lock"):
        assert "where another command is at work" in run_search(images, tmp_path, expect=2).output
