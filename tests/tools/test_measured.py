"""`nox -s measured` writes the tables of its measurements into docs/measured.md, and changes nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import measured
import rounds
import waits

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "measured.md").read_text()


def row(kind: str, shape: str, contender: str, ratio: float) -> dict[str, Any]:
    return {"extra_info": {"kind": kind, "shape": shape, "contender": contender, "ratio": ratio, "median": 1e-5}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "measured.md").write_text(DOCUMENT)
    return tmp_path


def written(folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> str:
    document = folder / "measured.md"
    monkeypatch.setattr(sys, "argv", ["measured.py", str(folder), str(document), *options])
    monkeypatch.chdir(ROOT)
    measured.main()
    return document.read_text()


def without(text: str, part: str) -> str:
    """The text outside of a part."""
    before, _, rest = text.partition(f"<!-- {part} -->")
    return before + rest.partition(f"<!-- end of {part} -->")[2]


def test_the_tables_are_those_of_what_was_measured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        row("a training step", "3-4-2, batch 1", "mlp_core", 1.0),
        row("a training step", "3-4-2, batch 1", "jax.jit", 1.234),
        row("a training step", "8-4, batch 2", "mlp_core", 1.0), row("a training step", "8-4, batch 2", "floor", 0.5),
        row("scaling with depth", "8-4, batch 2", "mlp_core", 1.0),
        row("a gradient check", "tanh 8-4", "mlp_core", 1.0), row("a gradient check", "tanh 8-4", "scipy", 0.01),
    ]  # fmt: skip
    (folder / "threads-2.json").write_text(json.dumps({"benchmarks": rows}))
    text = written(folder, monkeypatch)
    assert "With 2 threads:" in text
    assert "With 1 thread:" not in text
    assert "| jax.jit | floor |" in text
    assert "| 3-4-2, batch 1 | 1.2 | - |" in text
    assert "| 8-4, batch 2 | - | 0.50 |" in text
    assert "| tanh 8-4 | 1/100 |" in text
    assert "scaling" not in text
    assert without(text, "speed") == without(DOCUMENT, "speed")


def test_waits_are_told_beside_the_other_commit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"what": "one hand-in", "seconds": 8.04, "ratio": 0.651}]
    (folder / "waits.json").write_text(json.dumps(rows))
    text = written(folder, monkeypatch, "--base", "abc1234")
    assert "seconds | ratio to commit abc1234 |" in text
    assert "| one hand-in | 8 | 0.65 |" in text
    assert without(text, "waiting") == without(DOCUMENT, "waiting")
    alone = [{"what": "one hand-in", "seconds": 8.04, "ratio": None}]
    (folder / "waits.json").write_text(json.dumps(alone))
    assert "| one hand-in | 8 |\n" in written(folder, monkeypatch)


def test_nothing_measured_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(folder, monkeypatch) == DOCUMENT


def test_a_document_without_a_place_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "waits.json").write_text("[]")
    (folder / "measured.md").write_text("# Measured\n")
    with pytest.raises(SystemExit, match="the document has no <!-- waiting -->"):
        written(folder, monkeypatch)


def test_a_command_is_timed_with_the_package_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "mlp_core"
    other.mkdir()
    (other / "__init__.py").write_text("")
    (other / "cli.py").write_text("def main():\n    raise SystemExit(7)\n")
    name = "`mlp-core --version`"
    with pytest.raises(SystemExit, match="ended with 7"):
        waits.seconds_of(name, tmp_path, str(tmp_path))
    assert waits.row(name, [ROOT], 1)["ratio"] is None


def test_forty_hand_ins_are_laid(tmp_path: Path) -> None:
    waits.lay(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert len(names) == waits.MANY
    assert {path.name for path in waits.HAND_INS.iterdir() if path.suffix in (".py", ".ipynb")} < names


def test_fewer_rounds_and_another_clock_are_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCH_ROUNDS", raising=False)
    assert rounds.at_most(15) == 15
    monkeypatch.setenv("BENCH_ROUNDS", "4")
    assert (rounds.at_most(15), rounds.at_most(3)) == (4, 3)
    monkeypatch.setattr(waits, "clock", time.process_time)
    begin = waits.spent()
    subprocess.run([sys.executable, "-c", "sum(range(10**6))"], check=True)
    assert 0 < waits.spent() - begin < 5
