"""Soak: every law on every right subject, the core's and those written differently, over many examples.

python benchmarks/soak.py --examples 1000000     goes on where it stopped; Ctrl-C keeps what is done
python benchmarks/soak.py --report               what is known so far

A failure is a false alarm, or a right subject that is not right. Exit status: 0, or 1 where something failed, 2 where
the folder holds another soak, 130 where it was stopped.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from soaking import report, units
from soaking.folder import Folder, Refused, made_of

from mlp_core.testing.differently import subjects as written_differently
from mlp_core.testing.resolve import core_subjects

FAILED, REFUSED, STOPPED = 1, 2, 130

EVERY = 60.0
"""seconds between two lines where no progress bar can be shown"""


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
    """Everything that must never be accused."""
    return {**core_subjects(), **written_differently()}


def soak(
    subjects: Mapping[str, Any], folder: Folder, console: Console, *, examples: int, shards: int, jobs: int,
    seed: int = 0, only: str = "", stopping: Any = lambda: False,
) -> int:  # fmt: skip
    """Run what is not yet done, and report; the exit status. Raises Refused for the folder of another soak."""
    folder.begin(made_of({"examples": examples, "shards": shards, "seed": seed, "only": only}))
    planned = units.plan(subjects, examples=examples, shards=shards, seed=seed, only=only)
    if not planned:
        console.print(f"no law and no subject has {only!r} in its name")
        return REFUSED
    torch.optim.SGD([torch.zeros(1)])  # the first optimizer imports torch's compiler: once, not in every worker
    done = {f"{r['shard']}/{r['subject']}/{r['law']}": r for r in folder.records()}
    missing = [unit for unit in planned if unit.key not in done]
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("examples, {task.fields[failures]} failures"),
        TimeRemainingColumn(),
    )
    failures, told = sum(r["verdict"] == "FAIL" for r in done.values()), time.monotonic()
    # refreshed by hand: a thread of its own would be there when processes are copied
    with Progress(*columns, console=console, auto_refresh=False, speed_estimate_period=600) as progress:
        task = progress.add_task("", total=planned[0].examples * len(planned), failures=failures)
        progress.update(task, completed=planned[0].examples * len(done))
        for record in units.run(missing, jobs, stopping):
            folder.add(record)
            if record["verdict"] == "FAIL":
                failures += 1
                console.print(
                    f"FAILED: {record['subject']}: {record['law']} (shard {record['shard']})", highlight=False
                )
            progress.update(task, advance=planned[0].examples, failures=failures, refresh=console.is_terminal)
            if not console.is_terminal and time.monotonic() - told > EVERY:
                told, left = time.monotonic(), progress.tasks[0].time_remaining
                hours = f"about {left / 3600:.1f} hours left" if left is not None else ""
                console.print(
                    f"{progress.tasks[0].completed:,.0f} examples, {failures} failures, {hours}", highlight=False
                )
    records = folder.records()
    tell(console, folder, report.markdown(records, len(planned)))
    if len(records) < len(planned):
        console.print(f"stopped: {len(records):,} units of {len(planned):,} are kept in {folder.path}; "
                      "the same command goes on from there", highlight=False)  # fmt: skip
        return STOPPED
    return FAILED if failures else 0


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
