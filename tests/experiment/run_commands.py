"""`mlp-core train` and `mlp-core search` on few small images, in this process."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner, Result

from mlp_core.cli import app


def run_train(images: Path, out: Path, *options: str, expect: int = 0) -> Result:
    """Two epochs of batches of 8 (the last has 6) on a small network."""
    small = ["--data", f"folder:{images}", "--out", str(out), "--epochs", "2", "--batch-size", "8", "--hidden", "5"]
    result = CliRunner().invoke(app, ["train", *small, *options])
    assert result.exit_code == expect, result.output
    return result


def search_arguments(images: Path, out: Path, *options: str) -> list[str]:
    small = ["--trials", "4", "--epochs", "3", "--batch-size", "8", "--hidden", "6", "--seed", "3", "--mirror"]
    return ["search", "--data", f"folder:{images}", "--out", str(out), *small, *options]


def run_search(images: Path, out: Path, *options: str, expect: int = 0) -> Result:
    result = CliRunner().invoke(app, search_arguments(images, out, *options))
    assert result.exit_code == expect, result.output
    return result


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
