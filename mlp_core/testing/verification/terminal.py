"""verify in a terminal: a table that grows while the laws are checked."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from mlp_core.base.ticker import Ticker
from mlp_core.testing.engine.database import in_folder
from mlp_core.testing.engine.result import EXAMPLES, Result
from mlp_core.testing.engine.uncompiled import without_compiler
from mlp_core.testing.report.brief import brief
from mlp_core.testing.report.findings import NOT_SHOWN, VERDICTS, no_formula, not_shown
from mlp_core.testing.report.report import Report, failures, table
from mlp_core.testing.verification import parallel
from mlp_core.testing.verification.asked import FORKS, check_positive, seed_of
from mlp_core.testing.verification.names import core_subjects, default_subjects, resolve
from mlp_core.testing.verification.verify import checked, verify


def verify_live(
    console: Console, subjects: Sequence[str], *, examples: int | None, seed: int | str, jobs: int = 1,
    database: Path | None = None, all_of_it: bool = False,
) -> Report:  # fmt: skip
    """Verify several subjects by name and show each law as it runs. Then show each failing subject on one screen, or
    with all_of_it every law and every failure. If interrupted, keep the laws done so far.

    Raises ArgumentError for a subject that is not recognised, before any is verified.
    """
    check_positive("jobs", jobs)
    report = Report(seed=seed_of(seed), examples=examples or EXAMPLES)
    if set(subjects) <= core_subjects().keys():
        without_compiler()
    resolved = [resolve(name) for name in subjects]
    laws = sum(len(checked(subject)) for subject in resolved)
    console.print(Text(f"verifying: {_counted(laws, 'law')} of {_counted(len(resolved), 'subject')}", style="dim"))
    try:
        if jobs == 1 or not FORKS:
            for subject in resolved:
                _one(
                    console, subject, report.results, laws, all_of_it, examples=examples, seed=report.seed,
                    database=database,
                )  # fmt: skip
        else:
            found = parallel.check(subjects, examples=examples, seed=report.seed, jobs=jobs, database=database)
            _several(console, subjects, found, report.results, laws, all_of_it)
    except KeyboardInterrupt:
        report.interrupted = f"{len(report.results)} of {laws} laws done"
        console.print(f"interrupted: {report.interrupted}", style="bold red")
    given = "".join(f", {k}={v}" for k, v in {"examples": examples, "seed": report.seed or None}.items() if v)
    if all_of_it:
        for text in failures(report.results):
            console.print(text, soft_wrap=True)
    else:
        for name, subject in zip(subjects, resolved, strict=True):
            own = [r for r in report.results if r.subject == subject.name]
            if _fails(own):
                console.print(brief(own, name, given, console.width), soft_wrap=True)
    _summary(console, report)
    options = f" --examples {examples}" if examples is not None else ""
    options += f" --database {shlex.quote(str(database))}" if database is not None else ""
    console.print(
        Text(f"to repeat: mlp-core verify {' '.join(subjects)}{options} --seed {report.seed}", style="dim"),
        soft_wrap=True,
    )
    return report


def list_subjects(console: Console) -> None:
    """The names that `verify` knows, each with its number of laws; a star marks those verified by default."""
    without_compiler()
    for name, thing in core_subjects().items():
        star = "*" if name in default_subjects() else " "
        console.print(f"{star} {name:<18} {len(checked(resolve(thing)))} laws", highlight=False)
    console.print("* verified by default; verify your own code with package.module:Name or a file", highlight=False)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


@contextmanager
def _shown(console: Console, done: list[Result], laws: int) -> Iterator[Live | None]:
    """A growing table in a terminal; otherwise a line from time to time, and None."""
    if console.is_terminal:
        with Live(console=console, refresh_per_second=8, transient=True) as live:
            yield live
    else:
        with Ticker(console, lambda: f"verifying: {len(done)} of {laws} laws begun"):
            yield None


def _complete(console: Console, results: list[Result], all_of_it: bool) -> None:
    """The table of a subject, without one that fails and is shown on one screen."""
    if all_of_it or not _fails(results):
        console.print(table(results))


def _fails(results: Sequence[Result]) -> bool:
    return any(r.verdict == "FAIL" for r in results)


def _one(
    console: Console, subject: Any, done: list[Result], laws: int, all_of_it: bool, *, database: Path | None,
    **options: Any,
) -> None:  # fmt: skip
    """The laws of a subject, added to those done. The last of these is the running one."""
    before = len(done)
    with _shown(console, done, laws) as live:

        def progress(result: Result) -> None:
            if len(done) == before or done[-1] is not result:
                done.append(result)
            if live is not None:
                live.update(table(done[before:][-20:], running=result))

        try:
            verify(subject, progress=progress, database=in_folder(database), **options)
        except KeyboardInterrupt:
            del done[max(before, len(done) - 1) :]  # the one that ran
            raise
    _complete(console, done[before:], all_of_it)


def _several(
    console: Console, subjects: Sequence[str], found: Iterator[Result], done: list[Result], laws: int, all_of_it: bool
) -> None:
    """The table of each subject as soon as it is complete; meanwhile, the laws done so far."""
    counts = [len(parallel.laws_of(name)) for name in subjects]
    first = next(found)  # this starts the workers, before any thread starts
    with _shown(console, done, laws) as live:
        shown = 0
        for result in chain([first], found):
            done.append(result)
            if live is not None:
                live.update(table(done[shown:]))
            if counts and len(done) - shown == counts[0]:
                if live is not None:
                    live.update("")
                _complete(console, done[shown:], all_of_it)
                shown += counts.pop(0)


def _summary(console: Console, report: Report) -> None:
    counts = {v: sum(r.verdict == v for r in report.results) for v in VERDICTS}
    examples = sum(r.examples for r in report.results)
    words, style = "not all laws ran", "bold red"
    if report.ok:
        words, style = "all lawful", "bold green"
    elif counts["FAIL"]:
        words = "not lawful"
    elif report.untested:
        words, style = NOT_SHOWN, "bold yellow"
    untested = f"{counts['UNTESTED']} could not be tested, " if counts["UNTESTED"] else ""
    console.print(
        Text(f"\n{words}", style=style)
        + Text(f": {counts['PASS']} laws hold, {counts['FAIL']} broken, {untested}{counts['SKIP']} skipped; ")
        + Text(f"{examples} examples")
    )
    for subject, results in report.by_subject().items():
        if report.untested and (why := not_shown(results)):
            console.print(f"{subject}: {why}", style="yellow", soft_wrap=True, highlight=False, markup=False)
    bare = [subject for subject, results in report.by_subject().items() if no_formula(results)]
    if bare and report.ok:
        words = f"the formula of {', '.join(bare)} was not checked: no reference was given"
        console.print(words, style="yellow", soft_wrap=True)
