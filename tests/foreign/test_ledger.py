"""A run of many hand-ins goes on where it was interrupted, and holds no more at once than it was allowed to."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.result import Result
from mlp_core.testing.foreign import several
from mlp_core.testing.foreign.told import HandIn
from mlp_core.testing.verification.hand_ins import verify_hand_ins
from mlp_core.testing.verification.ledger import Ledger

WRITTEN = "def backpropagation(model, y_true, y_pred):\n    return {number}\n"

RESULT = Result(
    "a law", "It holds.", "?", "one", "FAIL", "broken", 3, 2, 5, 1, 4, 1, 0.5, float("inf"), {"kink", "wide"}, 2,
    "dW[1], entry (0, 1)", "nan", "0.25", "two units", "x [1]", "paste = 1", "the sign is turned",
    {"drawn": [1.0, float("inf")]}, {"marked": [3]}, judges=True, note="it prints", exhausted=True,
)  # fmt: skip


class Fake:
    """In the place of the processes: counts which hand-ins were verified, and how many at once."""

    def __init__(self, stops_after: int = 10**6) -> None:
        self.verified, self.now, self.most, self.stops_after = Counter[str](), 0, 0, stops_after
        self.lock = threading.Lock()

    def __call__(self, name: str, *, stop: threading.Event, **options: Any) -> HandIn:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.002)
        with self.lock:
            self.now -= 1
            if self.verified.total() == self.stops_after:
                raise KeyboardInterrupt
            self.verified[Path(name).name] += 1
        return HandIn(name, True, [replace(RESULT, subject=name)], ["a note"], 0.5, "either")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "hand_ins"
    path.mkdir()
    for number in range(12):
        (path / f"{number:02}.py").write_text(WRITTEN.format(number=number))
    return path


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, fake: Fake, **options: Any) -> Any:
    monkeypatch.setattr(several, "verify_file", fake)
    asked = {"examples": 2, "seed": 0, "jobs": 1, "batch_size": None, "resume": folder.parent / "done.jsonl"}
    console = Console(record=True, width=300, file=StringIO())
    report = verify_hand_ins(console, [str(folder)], **{**asked, **options})
    return report, console.export_text()


def test_what_is_done_is_not_done_again(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    whole, _ = run(monkeypatch, folder, Fake(), resume=None)
    first, said = run(monkeypatch, folder, Fake(stops_after=5))
    assert first.interrupted == "5 of 12 done"
    assert f"--seed 0 --resume {folder.parent / 'done.jsonl'}" in said
    second = Fake()
    report, _ = run(monkeypatch, folder, second)
    assert second.verified == Counter(f"{number:02}.py:backpropagation" for number in range(5, 12))
    assert not report.interrupted
    assert report.to_json() == whole.to_json()
    assert [vars(result) for result in report.results] == [vars(result) for result in whole.results]
    assert report.headlines == whole.headlines
    assert report.notes == whole.notes
    third = Fake()
    run(monkeypatch, folder, third)
    assert not third.verified


def test_a_file_that_has_changed_is_verified_again(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    run(monkeypatch, folder, Fake())
    (folder / "03.py").write_text(WRITTEN.format(number=-3))
    (folder / "07.py").unlink()
    (folder / "99.py").write_text(WRITTEN.format(number=99))
    again = Fake()
    report, _ = run(monkeypatch, folder, again)
    assert set(again.verified) == {"03.py:backpropagation", "99.py:backpropagation"}
    assert len(report.results) == 12


def test_a_line_that_was_being_written_is_cut_off(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    run(monkeypatch, folder, Fake())
    kept = folder.parent / "done.jsonl"
    kept.write_bytes(kept.read_bytes()[:-40])
    again = Fake()
    run(monkeypatch, folder, again)
    assert again.verified.total() == 1
    assert len(kept.read_text().splitlines()) == 13
    assert all(map(json.loads, kept.read_text().splitlines()))


@pytest.mark.parametrize(("option", "value"), [("examples", 3), ("seed", 1), ("batch_size", 16)])
def test_a_file_of_another_command_is_refused(
    monkeypatch: pytest.MonkeyPatch, folder: Path, option: str, value: int
) -> None:  # fmt: skip
    run(monkeypatch, folder, Fake())
    before = (folder.parent / "done.jsonl").read_bytes()
    with pytest.raises(ArgumentError, match=rf"resume: got .* of another run \(options: .*{value}"):
        run(monkeypatch, folder, Fake(), **{option: value})
    assert (folder.parent / "done.jsonl").read_bytes() == before


@pytest.mark.parametrize("text", ["grades\n", "[1]\n", "{}\n", '{"options": 1}\n[2]\n', "\xff\xfe\n"])
def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "grades.txt"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(ArgumentError, match=r"resume: got .*grades\.txt, which --resume did not write, expected"):
        Ledger(file, {})
    assert file.read_bytes() == text.encode("latin-1")


def test_a_place_that_cannot_be_written_to_is_said_before_anything_runs(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere" / "done.jsonl"):
        with pytest.raises(ArgumentError, match=r"resume: got .*expected"):
            Ledger(place, {})


@pytest.mark.parametrize("jobs", [1, 3])
def test_no_more_run_at_once_than_were_asked_for(monkeypatch: pytest.MonkeyPatch, folder: Path, jobs: int) -> None:
    fake = Fake()
    run(monkeypatch, folder, fake, jobs=jobs)
    assert fake.most <= jobs
    assert fake.verified.total() == 12


def test_it_goes_on_in_processes_too(tmp_path: Path) -> None:
    """The laws of two files, interrupted before the second: its end is that of one run."""
    for name in "ab":
        (tmp_path / f"{name}.py").write_text(WRITTEN.format(number=1))
    asked = {"examples": 1, "seed": 0, "jobs": 1, "batch_size": None}
    kept = tmp_path / "done.jsonl"
    one = verify_hand_ins(Console(quiet=True), [str(tmp_path / "a.py")], resume=kept, **asked)  # type: ignore[arg-type]
    both = verify_hand_ins(Console(quiet=True), [str(tmp_path)], resume=kept, **asked)  # type: ignore[arg-type]
    assert [vars(r) for r in both.results if "a.py" in r.subject] == [vars(r) for r in one.results]
    assert len({r.subject for r in both.results}) == 2
    assert len(kept.read_text().splitlines()) == 3
