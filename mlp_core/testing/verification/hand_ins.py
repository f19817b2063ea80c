"""Hand-ins in a terminal: a single one in full, several as a table."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.base.ticker import Ticker
from mlp_core.testing.foreign import sandbox
from mlp_core.testing.foreign.folders import expanded, unread
from mlp_core.testing.foreign.looking import looked_at
from mlp_core.testing.foreign.several import BATCHES, as_report, kept, verify_files
from mlp_core.testing.foreign.told import HandIn
from mlp_core.testing.report.brief import brief
from mlp_core.testing.report.escape import escaped
from mlp_core.testing.report.formats import told
from mlp_core.testing.report.names import short_names
from mlp_core.testing.report.report import Report, failures, table
from mlp_core.testing.verification.asked import checked_there
from mlp_core.testing.verification.ledger import Ledger
from mlp_core.testing.verification.progress import Progress


def verify_hand_ins(
    console: Console, files: Sequence[str], *, examples: int | None, seed: int, jobs: int, batch_size: int | None,
    isolated: bool = False, resume: Path | None = None, all_of_it: bool = False, shapes: str | None = None,
) -> Report:  # fmt: skip
    """Verify the definitions in files and folders, and show the results. Raises ArgumentError for a file that does not
    exist; for a single file in which nothing is recognised; for `isolated` without a sandbox; and for a `resume` file
    of another command.

    batch_size: the largest batch that must be correct; None means 1 for functions of the course. isolated: run each
    hand-in in a sandbox. resume: a file of finished hand-ins, which are not verified again. all_of_it: show every law
    and every failure of a single hand-in, instead of one screen. shapes: the argument shapes of the only definition.
    """
    if isolated:
        sandbox.check()
    options = {
        "examples": examples, "seed": seed, "largest": max(BATCHES, batch_size or 1), "isolated": isolated,
        **({} if shapes is None else {"shapes": shapes}),
    }  # fmt: skip
    ledger = None if resume is None else Ledger(resume, options)
    looked = looked_at(expanded(files), shapes)
    found, done = looked.names, looked.without
    known, left = len(done), list[HandIn]()
    interrupted = ""
    progress = Progress(len(found))
    for hand_in in ledger.known(found) if ledger else ():
        done.append(hand_in)
        progress.done(hand_in.name)
    names = {hand_in.name for hand_in in done[known:]}
    to_do = [name for name in found if name not in names]
    with Ticker(console, progress.words):
        try:
            every = verify_files(
                to_do, jobs=jobs, notes=looked.notes, left=left, heard=progress.heard, laws=checked_there, **options
            )
            for hand_in in every:
                if ledger:
                    ledger.add(hand_in)
                done.append(hand_in)
                progress.done(hand_in.name)
        except KeyboardInterrupt:
            interrupted = f"{len(done) - known} of {len(found)} done"
            done += left
    if len(done) == 1 and done[0].refused:
        name, why = escaped(done[0].name), done[0].refused
        raise ArgumentError(
            "subject", Described(name), f"what can be verified; {why}", brief=f"{name} cannot be verified: {why}",
            paste=done[0].paste,
        )  # fmt: skip
    done = sorted(kept(done), key=lambda h: h.name)
    report = as_report(done, seed=seed, examples=examples, batch_size=batch_size)
    report.interrupted, report.not_read = interrupted, escaped(unread(files))
    _print(console, done, report, None if all_of_it else _again(examples, seed, batch_size, shapes))
    if report.passed_over:
        console.print(Text(report.passed_over, style="yellow"), soft_wrap=True)
    if interrupted:
        console.print(f"interrupted: {report.interrupted}", style="bold red")
    again = "".join(
        f" --{name} {value}" for name, value in {"batch-size": batch_size, "examples": examples}.items() if value
    )  # fmt: skip
    again += " --isolated" * isolated + (f" --shapes {shlex.quote(shapes)}" if shapes else "")
    command = f"mlp-core verify {escaped(' '.join(map(shlex.quote, files)))}{again} --seed {seed}"
    if interrupted and resume is not None:
        console.print(Text(f"to go on: {command} --resume {shlex.quote(str(resume))}", style="bold"), soft_wrap=True)
    console.print(Text(f"to repeat: {command}", style="dim"), soft_wrap=True)
    return report


def _again(examples: int | None, seed: int, batch_size: int | None, shapes: str | None) -> str:
    """The options of `verify` in Python that do the same."""
    given = {"examples": examples, "seed": seed or None, "shapes": shapes}
    words = "".join(f", {name}={value!r}" for name, value in given.items() if value is not None)
    return words + (f", batch_sizes=(1, {batch_size})" if (batch_size or 0) > BATCHES else "")


def _print(console: Console, done: Sequence[HandIn], report: Report, again: str | None) -> None:
    """Print the laws and failures of a single hand-in (one line if it could not be loaded), or a table of several.
    again: options to repeat it; with them, a failing hand-in is shown on one screen.
    """
    alone = done[0] if len(done) == 1 and len(done[0].results) > 1 else None
    short = alone is not None and again is not None and any(r.verdict == "FAIL" for r in alone.results)
    if alone is not None and not short:
        console.print(table(alone.results))
        for text in failures(alone.results):
            console.print(text, soft_wrap=True)
    if alone is not None and short:
        console.print(brief(alone.results, alone.name, again or "", console.width, named=True), soft_wrap=True)
    console.print(_verdicts(done, report, most=1 if short else None))


def _verdicts(done: Sequence[HandIn], report: Report, most: int | None = None) -> Table:
    """One row per hand-in; most: the largest number of mistakes that are named in a row."""
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=len(done) > 1)
    for title in ("subject", "verdict", "what is wrong"):
        shown.add_column(title, overflow="fold")
    for name, hand_in in zip(short_names([h.name for h in done]), done, strict=True):
        words, verdicts = report.verdict(hand_in.name), {r.verdict for r in hand_in.results}
        style = "red" if "FAIL" in verdicts else "yellow" if "UNTESTED" in verdicts else "green"
        style = "yellow" if style == "red" and words.startswith(("right", "lawful")) else style
        wrong = "\n".join([*told(hand_in.results)[:most], *(f"note: {note}" for note in hand_in.notes)])
        shown.add_row(Text(escaped(name), style="bold"), Text(words, style=style), Text(wrong))
    return shown
