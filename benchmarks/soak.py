"""Soak: every law on every right subject, the core's and those written differently, over many examples.

python benchmarks/soak.py --examples 1000000     goes on where it stopped; Ctrl-C keeps what is done
python benchmarks/soak.py --report               what is known so far

A failure is a false alarm, or a right subject that is not right. Exit status: 0, or 1 where something failed, 2 where
the folder holds another soak, 130 where it was stopped.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from soaking import report, units
from soaking.folder import Folder, Refused, made_of

from mlp_core.testing.right import subjects as written_differently
from mlp_core.testing.verification.names import core_subjects

FAILED, REFUSED, STOPPED = 1, 2, 130

EVERY = 60.0
"""seconds between two lines if no progress bar can be shown"""

SPEED = 600.0
"""seconds over which the speed is averaged: some laws take a hundred times as long as others"""


class Stop:
    """Set by Ctrl-C or SIGTERM; the second Ctrl-C ends at once."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: object) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def __call__(self) -> bool:
        return self.asked


def right_subjects() -> dict[str, Any]:
    """All subjects that must never fail."""
    return {**core_subjects(), **written_differently()}


def soak(
    subjects: Mapping[str, Any], folder: Folder, console: Console, *, examples: int, shards: int, jobs: int,
    seed: int = 0, only: str = "", stopping: Callable[[], bool] = lambda: False,
) -> int:  # fmt: skip
    """Run what is not yet done, and report; the exit status. Raises Refused for the folder of another soak."""
    folder.begin(made_of({"examples": examples, "shards": shards, "seed": seed, "only": only}))
    planned = units.plan(subjects, examples=examples, shards=shards, seed=seed, only=only)
    if not planned:
        console.print(f"no law and no subject has {only!r} in its name")
        return REFUSED
    torch.optim.SGD([torch.zeros(1)])  # the first optimizer imports torch's compiler: once, not in every worker
    before = folder.records()
    done = {units.key(record) for record in before}
    missing = [unit for unit in planned if unit.key not in done]
    with Watched(console, len(planned) * planned[0].examples, before) as watched:
        for record in units.run(missing, jobs, stopping):
            folder.add(record)
            watched.add(record)
    records = folder.records()
    tell(console, folder, report.markdown(records, len(planned)))
    if len(records) < len(planned):
        kept = f"stopped: {len(records):,} units of {len(planned):,} are kept in {folder.path}"
        console.print(f"{kept}; the same command goes on from there", highlight=False, soft_wrap=True)
        return STOPPED
    return FAILED if watched.failures else 0


class Watched:
    """A progress bar with the time left, or, without a terminal, a line from time to time."""

    def __init__(self, console: Console, total: int, before: Sequence[units.Record]) -> None:
        columns = (
            BarColumn(), MofNCompleteColumn(), TextColumn("examples, {task.fields[failures]} failures"),
            TimeRemainingColumn(),
        )  # fmt: skip
        self.console, self.told = console, time.monotonic()
        self.failures = sum(record["verdict"] == "FAIL" for record in before)
        # refreshed by hand: a thread of its own would be there when processes are copied
        self.bar = Progress(*columns, console=console, auto_refresh=False, speed_estimate_period=SPEED)
        done = sum(record["asked"] for record in before)
        self.task = self.bar.add_task("", total=total, completed=done, failures=self.failures)

    def __enter__(self) -> Watched:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def add(self, record: units.Record) -> None:
        """One more unit is done."""
        if record["verdict"] == "FAIL":
            self.failures += 1
            where = f"{record['subject']}: {record['law']} (shard {record['shard']})"
            self.console.print(f"FAILED: {where}", highlight=False, soft_wrap=True)
        self.bar.update(
            self.task, advance=record["asked"], failures=self.failures, refresh=self.console.is_terminal
        )  # fmt: skip
        if not self.console.is_terminal and time.monotonic() - self.told > EVERY:
            self.told = time.monotonic()
            task = self.bar.tasks[0]
            left = f"about {task.time_remaining / 3600:.1f} hours left" if task.time_remaining else ""
            words = f"{task.completed:,.0f} of {task.total:,.0f} examples, {self.failures} failures, {left}"
            self.console.print(words, highlight=False)


def tell(console: Console, folder: Folder, text: str) -> None:
    """Print the report, and keep it beside the records."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    scratch = folder.path / "report.part"
    scratch.write_text(text + "\n")
    scratch.replace(folder.path / "report.md")


def main(
    examples: Annotated[
        int, typer.Option(min=1, help="in all, shared out evenly over subjects, laws and shards")
    ] = 1_000_000,
    shards: Annotated[int, typer.Option(min=1, help="parts of the soak, each with seeds of its own")] = 6,
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 2,
    out: Annotated[Path, typer.Option(help="folder of the soak, where it goes on")] = Path(".soak"),
    seed: Annotated[int, typer.Option(help="every unit's seed is derived from it")] = 0,
    only: Annotated[str, typer.Option(help="what the name of a law or of a subject must contain")] = "",
    report_only: Annotated[bool, typer.Option("--report", help="run nothing, report what is in the folder")] = False,
) -> None:
    """Every law on every right subject; a failure is a false alarm, or a subject that is not right."""
    console, folder = Console(), Folder(out)
    if report_only:
        records = folder.records()
        tell(console, folder, report.markdown(records))
        raise typer.Exit(FAILED if any(r["verdict"] == "FAIL" for r in records) else 0)
    try:
        status = soak(
            right_subjects(), folder, console, examples=examples, shards=shards, jobs=jobs, seed=seed, only=only,
            stopping=Stop(),
        )  # fmt: skip
    except Refused as refused:
        console.print(str(refused), highlight=False)
        status = REFUSED
    raise typer.Exit(status)


if __name__ == "__main__":
    typer.run(main)
