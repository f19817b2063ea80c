"""Hand-ins in a terminal: one in full, several as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from mlp_core.testing.foreign.load import expanded
from mlp_core.testing.foreign.process import HandIn
from mlp_core.testing.foreign.several import BATCHES, as_report, subjects_in, verify_files
from mlp_core.testing.report.formats import told
from mlp_core.testing.report.names import short_names
from mlp_core.testing.report.report import Report, failures, table
from mlp_core.testing.verification.verify import checked


def verify_hand_ins(
    console: Console, files: Sequence[str], *, examples: int | None, seed: int, jobs: int, batch_size: int | None
) -> Report:
    """Verify what is in files and folders, and show it. Raises ArgumentError for a file that is not there.

    batch_size: the largest batch that must be right; where None is given 1 for functions of the course.
    """
    found, done = subjects_in(expanded(files))
    refused, interrupted = len(done), False
    try:
        options = {"examples": examples, "seed": seed, "largest": max(BATCHES, batch_size or 1), "laws": checked}
        with _bar(console, len(found)) as bar:
            task = bar.add_task("hand-ins", total=len(found))
            for hand_in in verify_files(found, jobs=jobs, **options):
                done.append(hand_in)
                bar.advance(task)
    except KeyboardInterrupt:
        interrupted = True
    done.sort(key=lambda h: h.name)
    report = as_report(done, seed=seed, examples=examples, batch_size=batch_size)
    _print(console, done, report)
    if interrupted:
        report.interrupted = f"{len(done) - refused} of {len(found)} done"
        console.print(f"interrupted: {report.interrupted}", style="bold red")
    return report


def _bar(console: Console, several: int) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console, transient=True, disable=several < 2 or not console.is_terminal)


def _print(console: Console, done: Sequence[HandIn], report: Report) -> None:
    if len(done) == 1:
        (one,) = done
        console.print(table(one.results))
        for text in failures(one.results):
            console.print(text, soft_wrap=True)
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=len(done) > 1)
    for title in ("hand-in", "verdict", "what is wrong"):
        shown.add_column(title, overflow="fold")
    for name, hand_in in zip(short_names([h.name for h in done]), done, strict=True):
        words, verdicts = report.verdict(hand_in.name), {r.verdict for r in hand_in.results}
        style = "red" if "FAIL" in verdicts else "yellow" if "UNTESTED" in verdicts else "green"
        style = "yellow" if style == "red" and words.startswith(("right", "lawful")) else style
        wrong = "\n".join([*told(hand_in.results), *(f"note: {note}" for note in hand_in.notes)])
        shown.add_row(Text(name, style="bold"), Text(words, style=style), Text(wrong))
    console.print(shown)
