"""A soak that cannot fail is worse than none: it reports what is wrong, goes on where it stopped, mixes nothing up."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from torch import Tensor
from warm_processes import Copy

from mlp_core.testing.faults.gradients.products import bias_gradient_of_the_first_sample
from mlp_core.testing.faults.gradients.upstream import clips_what_flows_back

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import soak as command
from soaking import folder, report, units
from soaking.folder import Folder, Refused

from mlp_core import MLP, Trace, activations, losses
from mlp_core.testing import subjects
from mlp_core.testing.engine import runner as engine

RIGHT = {"mse": losses.get("mse"), "relu": activations.get("relu")}


def run(path: Path, things: dict[str, Any], *, examples: int = 240, **options: Any) -> tuple[int, str]:
    """Exit status and what was printed."""
    console = Console(file=io.StringIO(), width=120)
    options = {"shards": 2, "jobs": 2, **options}
    status = command.soak(things, Folder(path), console, examples=examples, **options)
    return status, console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO


def found(path: Path) -> list[dict[str, Any]]:
    """The records of a soak without what the clock says, in one order."""
    records = [{k: v for k, v in record.items() if k != "seconds"} for record in Folder(path).records()]
    return sorted(records, key=lambda r: (r["shard"], r["subject"], r["law"]))


def test_what_is_right_passes_and_every_example_is_counted(tmp_path: Path) -> None:
    status, text = run(tmp_path, RIGHT)
    records = found(tmp_path)
    total = sum(r["counted"] for r in records)
    assert (status, {r["verdict"] for r in records}) == (0, {"PASS"})
    assert len({r["seed"] for r in records}) == len(records)
    assert f"0 failures in n = {total:,} examples that counted" in text
    assert f"at most {1 - 0.05 ** (1 / total):.2e} false alarms an example" in text
    assert (tmp_path / "report.md").read_text() in text


def test_what_is_wrong_is_reported_in_full_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SHRINKS", 5)
    wrong = {"wrong": subjects.backprop(clips_what_flows_back), **RIGHT}
    status, text = run(tmp_path, wrong, only="scales with the loss", examples=40, shards=1)
    assert status == 1
    (record,) = found(tmp_path)
    assert record["verdict"] == "FAIL"
    assert "FAILED: wrong: scales with the loss (shard 0)" in text
    assert f"## wrong: scales with the loss (shard 0, seed {record['seed']}, 40 examples)" in text
    assert "BROKEN: clips_what_flows_back: scales with the loss" in text
    assert "dL_dy = " in text
    assert "1 failures in n = " in text
    again = units.plan(wrong, examples=40, shards=1, seed=0, only="scales with the loss")
    assert units.check(again[0])["text"] == record["text"]  # the seed brings it back


def test_an_interrupted_soak_goes_on_and_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run(whole, RIGHT)

    def after(count: int) -> Iterator[bool]:
        for k in range(1000):
            yield k >= count

    asked = after(6)
    status, text = run(parts, RIGHT, jobs=1, stopping=lambda: next(asked))
    kept = len(found(parts))
    assert (status, 0 < kept < len(found(whole))) == (130, True)
    assert f"stopped: {kept} units of {len(found(whole))} are kept in" in text
    with (parts / "units.jsonl").open("a") as file:
        file.write('{"shard": 0, "subject": "mse", "la')  # as when the machine stops in the middle of a line
    status, text = run(parts, RIGHT)
    assert status == 0
    assert found(parts) == found(whole)


def test_what_is_done_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, RIGHT)
    before = (tmp_path / "units.jsonl").read_bytes()
    monkeypatch.setattr(units, "check", None)
    assert run(tmp_path, RIGHT)[0] == 0
    assert (tmp_path / "units.jsonl").read_bytes() == before


def test_a_changed_source_or_option_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = tmp_path / "package"
    sources.mkdir()
    (sources / "references.py").write_text("FARTHER = 32\n")
    (sources / "laws.py").write_text("")
    monkeypatch.setattr(folder, "DECISIVE", (sources,))
    run(tmp_path / "soak", RIGHT)
    (sources / "references.py").write_text("FARTHER = 3200\n")
    with pytest.raises(Refused, match=r"source changed: package/references\.py") as caught:
        run(tmp_path / "soak", RIGHT)
    assert "laws.py" not in str(caught.value)
    (sources / "references.py").write_text("FARTHER = 32\n")
    with pytest.raises(Refused, match="examples: 240, now 480"):
        run(tmp_path / "soak", RIGHT, examples=480)
    monkeypatch.setattr(folder, "version", lambda name: "0.1")
    with pytest.raises(Refused, match=r"torch: '.*', now '0.1'"):
        run(tmp_path / "soak", RIGHT)


def dies(model: MLP, trace: Trace, dL_dy: Tensor) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_dies_is_a_failure_and_the_rest_goes_on(tmp_path: Path) -> None:
    status, text = run(tmp_path, {"dies": subjects.backprop(dies), **RIGHT}, only="autograd", shards=1, examples=40)
    verdicts = {name: {r["verdict"] for r in found(tmp_path) if r["subject"] == name} for name in ("dies", *RIGHT)}
    assert status == 1
    assert verdicts == {"dies": {"FAIL"}, "mse": {"PASS"}, "relu": {"PASS"}}
    assert "the process that ran it died" in text


def test_shards_have_seeds_of_their_own_and_so_have_soaks() -> None:
    seeds = [units.derived(soak, shard, "adam", "a law") for soak in range(3) for shard in range(5)]
    assert len(set(seeds)) == 15
    planned = units.plan(RIGHT, examples=1000, shards=3, seed=1)
    assert {unit.examples for unit in planned} == {-(-1000 // len(planned))}
    assert [unit.shard for unit in planned] == sorted(unit.shard for unit in planned)


@pytest.mark.parametrize(
    ("failures", "n", "expected"),
    # zero: the formula; the others from tables of the binomial distribution (Clopper and Pearson, one-sided 95%)
    [(0, 10, 0.2589), (1, 10, 0.3942), (5, 10, 0.7776), (10, 10, 1.0), (2, 100, 0.0616), (3, 1_000_000, 7.754e-6)],
)
def test_the_bound_is_clopper_and_pearson_s(failures: int, n: int, expected: float) -> None:
    assert f"{report.upper_bound(failures, n):.3g}" == f"{expected:.3g}"


def test_what_did_not_count_does_not_count_for_the_bound() -> None:
    record = {**dict.fromkeys(units.COUNTERS, 0), "examples": 500, "law": "l", "subject": "s", "shard": 0}
    nothing = {**record, "verdict": "SKIP", "seconds": 1.0}
    assert "nothing is known of false alarms" in report.markdown([nothing])
    one = {**nothing, "counted": 20, "verdict": "PASS"}
    assert "n = 20 examples that counted" in report.markdown([one])
    assert "| l | 500 | 20 |" in report.markdown([one])


def test_what_could_not_be_tested_is_told_and_is_no_failure() -> None:
    record = {**dict.fromkeys(units.COUNTERS, 0), "examples": 60, "law": "l", "subject": "s", "shard": 0, "seed": 3}
    untested = {**record, "asked": 60, "verdict": "UNTESTED", "seconds": 1.0, "text": "UNTESTED: s: l"}
    text = report.markdown([untested])
    assert "## s: l (shard 0, seed 3, 60 examples)\n\n```\nUNTESTED: s: l\n```" in text
    assert "| l | 60 | 0 | 0.00% | 0 |" in text


def soaked(*arguments: str) -> None:
    sys.argv = ["soak.py", *arguments]
    typer.run(command.main)


def test_ctrl_c_keeps_what_is_done_and_says_so(tmp_path: Path) -> None:
    options = ["--out", str(tmp_path), "--only", "tanh", "--shards", "400"]
    process = Copy(soaked, *options, "--examples", "40000", folder=tmp_path)
    while not (tmp_path / "units.jsonl").exists():
        assert process.process.is_alive(), process.said()
    process.interrupt()
    status, text = process.ended()
    assert status == 130, text
    lines = (tmp_path / "units.jsonl").read_text().splitlines()
    assert [json.loads(line)["verdict"] for line in lines] == ["PASS"] * len(lines)
    assert re.search(rf"stopped: {len(lines)} units of [\d,]+ are kept in {tmp_path}", text)
    status, only = Copy(soaked, *options[:2], "--report", folder=tmp_path).ended()
    assert (status, f"{len(lines)} units: " in only) == (0, True)


def test_the_wrong_backprop_fails_in_a_full_soak_of_its_laws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SHRINKS", 0)
    wrong = {"wrong": subjects.backprop(bias_gradient_of_the_first_sample)}
    status, text = run(tmp_path, wrong, examples=400, shards=1)
    broken = {r["law"] for r in found(tmp_path) if r["verdict"] == "FAIL"}
    assert status == 1
    assert {"equals autograd for a batch", "adds up over the batch"} <= broken
    assert "equals autograd for one sample" not in broken
    assert f"{len(broken)} failures in n = " in text
