"""`mlp-core search`: what it writes and says; killed at any moment, it goes on to the same result."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from run_commands import run_search, search_arguments
from typer.testing import CliRunner, Result
from warm_processes import Copy, command_line

for _module in ("torchvision", "safetensors", "matplotlib", "optuna", "jinja2"):
    pytest.importorskip(_module, reason=f"{_module} does not import", exc_type=ImportError)

from safetensors import safe_open  # noqa: E402
from small_images import write_images  # noqa: E402  (after the skips)

from mlp_core.cli import app  # noqa: E402
from mlp_core.experiment.data import load  # noqa: E402
from mlp_core.experiment.trial import Outcome  # noqa: E402
from mlp_core.model import MLP  # noqa: E402
from mlp_core.select import select  # noqa: E402

FILES = {
    "result.json", "model.safetensors", "report.html", "loss_curves.png", "hyperparameters.png", "confusion.png",
    "mistaken.png",
}  # fmt: skip


def result_in(folder: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return result


@pytest.fixture(scope="module")
def done(images: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A search with two workers, never interrupted."""
    out = tmp_path_factory.mktemp("done") / "out"
    return out, run_search(images, out, "--workers", "2")


def test_it_leaves_a_result_a_model_pictures_and_a_page(done: tuple[Path, Result], images: Path) -> None:
    out, said = done
    result = result_in(out)
    assert {path.name for path in out.iterdir()} >= FILES
    assert not (out / "trials").exists()
    trials = [Outcome(**{k: v for k, v in row.items() if k != "diverged"}) for row in result["trials"]]
    assert [trial.number for trial in trials] == [0, 1, 2, 3]
    assert result["selected"]["number"] == select(trials).number
    assert result["compare"] == {
        "gradients": "autograd", "updates": "torch", "steps": result["compare"]["steps"], "identical": True,
        "first_step_that_differs": None,
    }  # fmt: skip
    page = (out / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 4
    assert "http" not in page
    assert f"{100 * result['test_accuracy']:.2f} %" in page
    assert f"test accuracy {result['test_accuracy']:.2%}" in said.output.replace("\n", "")


def test_the_model_on_file_has_the_accuracies_that_are_told(done: tuple[Path, Result], images: Path) -> None:
    out, _ = done
    result, data = result_in(out), load(f"folder:{images}", seed=3)
    with safe_open(out / "model.safetensors", "pt") as file:
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a dict)
    model = MLP(result["sizes"])
    model.load_state_dict(weights)
    told_of_test = (data.test.open("a test"), result["test_accuracy"])
    for split, told in ((data.validation, result["selected"]["validation_accuracy"]), told_of_test):
        assert (model(split.x).argmax(dim=1) == split.y).double().mean().item() == told


@pytest.mark.parametrize("workers", ["3", pytest.param("1", marks=pytest.mark.slow)])
def test_any_number_of_workers_gives_the_same_result(
    done: tuple[Path, Result], images: Path, tmp_path: Path, workers: str
) -> None:
    run_search(images, tmp_path / "out", "--workers", workers)
    assert result_in(tmp_path / "out") == result_in(done[0])


def test_autograd_and_torch_give_the_same_table(done: tuple[Path, Result], images: Path, tmp_path: Path) -> None:
    run_search(images, tmp_path / "out", "--gradients", "autograd", "--updates", "torch")
    ours, theirs = result_in(done[0]), result_in(tmp_path / "out")
    for name in ("trials", "selected", "test_accuracy", "confusion"):
        assert ours[name] == theirs[name]
    assert theirs["compare"]["gradients"] == "manual"


def lines_in(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def killed_at(lines: int, images: Path, folder: Path, *options: str) -> None:
    """Begin or go on in folder/out, and kill all its processes at once when its journal has that many lines."""
    process = Copy(command_line, *search_arguments(images, folder / "out", "--workers", "2", *options), folder=folder)
    assert process.process.pid is not None
    journal = folder / "out" / "journal.log"
    while lines_in(journal) < lines and process.process.exitcode is None:
        time.sleep(0.001)
    with suppress(ProcessLookupError):  # it was done before
        os.killpg(process.process.pid, signal.SIGKILL)
    process.process.join()


def assert_the_same(out: Path, done: Path) -> None:
    for name in FILES:
        assert (out / name).read_bytes() == (done / name).read_bytes(), name


@pytest.mark.skipif(not hasattr(os, "fork"), reason="process groups are those of Unix")
@pytest.mark.parametrize("moment", [pytest.param(m, marks=[pytest.mark.slow] if m else []) for m in range(10)])
def test_killed_at_any_moment_it_goes_on_to_the_same_result(
    done: tuple[Path, Result], images: Path, tmp_path: Path, moment: int
) -> None:
    most = lines_in(done[0] / "journal.log")
    first, second = sorted(random.Random(moment).sample(range(most), 2))  # noqa: S311
    killed_at(first, images, tmp_path)
    if moment:
        killed_at(second, images, tmp_path, "--resume")  # and once more on the way
    run_search(images, tmp_path / "out", "--resume")
    assert_the_same(tmp_path / "out", done[0])


def test_killed_between_two_files_of_the_result_it_writes_them_all(
    done: tuple[Path, Result], images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = []

    def replace(self: Path, target: Path) -> Path:
        placed.append(Path(target).name)
        if "report.html" in placed:  # the last but one
            raise SystemExit("killed")
        return real(self, target)

    real = Path.replace
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replace)
        result = CliRunner().invoke(app, search_arguments(images, tmp_path / "out"))
    assert result.exit_code != 0
    assert (tmp_path / "out" / "model.safetensors").exists()
    assert not (tmp_path / "out" / "result.json").exists()
    run_search(images, tmp_path / "out", "--resume")
    assert_the_same(tmp_path / "out", done[0])


def test_a_finished_search_is_not_done_again(done: tuple[Path, Result], images: Path) -> None:
    before = {path.name: path.read_bytes() for path in done[0].iterdir() if path.is_file()}
    refused = run_search(images, done[0], expect=2)
    assert "which contains a search, expected --resume to continue it" in refused.output
    again = run_search(images, done[0], "--resume")
    assert "test accuracy" in again.output
    assert {name: (done[0] / name).read_bytes() for name in FILES} == {name: before[name] for name in FILES}
    more = run_search(images, done[0], "--resume", "--trials", "6", expect=2)
    assert "trials 6" in more.output


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize(("name", "damage", "said"), [
    ("result.json", cut, "JSONDecodeError"),
    ("result.json", lambda content: b"[1, 2]", "TypeError"),
    ("result.json", lambda content: b"{}", "KeyError"),
    ("result.json", lambda content: content.replace(b'"test_accuracy": ', b'"test_accuracy": "x", "was": '), "figures"),
    ("result.json", lambda content: b"\xff" + content, "UnicodeDecodeError"),
    ("model.safetensors", cut, "ValueError"),
    ("model.safetensors", lambda content: None, "it is missing, but result.json exists"),
    ("journal.log", lambda content: b"", "it contains no search"),
    ("journal.log", lambda content: b"\n".join(content.split(b"\n")[:-9]) + b"\n", "but result.json exists"),
    ("result.json", lambda content: content.replace(b'"test_accuracy": 0', b'"test_accuracy": 1'), "contradicts"),
    ("journal.log", lambda content: content.replace(b"{", b"", 1), "line 1 is not a journal entry"),
    ("journal.log", lambda content: b"3\n" + content, "line 1 is not a journal entry"),
    ("journal.log", lambda content: b"{}\n" + content, "KeyError"),
    ("search.json", cut, "whose search.json is no search's"),
    pytest.param("loss_curves.png", cut, "its content is not what the search wrote", marks=pytest.mark.slow),
    ("confusion.png", lambda content: content[:-1] + b"x", "its content is not what the search wrote"),
    pytest.param("mistaken.png", lambda content: None, "it is missing, but result.json exists", marks=pytest.mark.slow),
    ("report.html", lambda content: content.replace(b"0.", b"1.", 1), "its content is not what the search wrote"),
])  # fmt: skip
def test_a_damaged_file_of_a_finished_search_is_refused_by_its_name(
    done: tuple[Path, Result], images: Path, tmp_path: Path, name: str, damage: Any, said: str
) -> None:
    out = tmp_path / "out"
    shutil.copytree(done[0], out)
    content = damage((out / name).read_bytes())
    (out / name).unlink() if content is None else (out / name).write_bytes(content)
    told = run_search(images, out, "--resume", expect=2).output
    assert name in told
    assert said in " ".join(told.split())


def test_a_folder_or_a_study_of_another_search_is_refused(
    done: tuple[Path, Result], images: Path, tmp_path: Path
) -> None:
    url = "postgresql+psycopg://me:secret@nowhere/db"
    said = run_search(images, done[0], "--resume", "--storage", url, expect=2).output
    assert "which belongs to the study 'search' in journal.log" in said
    said = run_search(images, done[0], "--resume", "--seed", "4", expect=2).output
    assert "study: got seed 4, expected the value of the existing study 'search', 3" in said
    other = write_images(tmp_path / "other", per_class=40)
    assert "study: got images" in run_search(other, done[0], "--resume", expect=2).output


def test_classes_may_have_any_name_that_a_folder_may_have(images: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for old, new in (("cat", "cost_$5_$10"), ("dog", "<b>&")):
        shutil.copytree(images / old, tmp_path / "in" / new)
    run_search(tmp_path / "in", tmp_path / "out", "--trials", "1", "--workers", "1")
    assert "&lt;b&gt;&amp;" in (tmp_path / "out" / "report.html").read_text()
