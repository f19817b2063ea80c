"""verify(subject), laws(subject), assert_lawful(subject): every law of a subject, by name or as it is."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike, fspath
from typing import Any

from hypothesis.database import ExampleDatabase

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine import runner
from mlp_core.testing.engine.database import Memory
from mlp_core.testing.engine.evidence import Broken
from mlp_core.testing.engine.law import Law
from mlp_core.testing.engine.result import EXAMPLES, Result
from mlp_core.testing.foreign.folders import expanded, unread
from mlp_core.testing.foreign.found import looked
from mlp_core.testing.foreign.several import as_report, verify_files
from mlp_core.testing.report.escape import escaped
from mlp_core.testing.report.findings import lawful
from mlp_core.testing.report.names import is_in_file
from mlp_core.testing.report.report import Report
from mlp_core.testing.subjects.recognise import BATCH_SIZES
from mlp_core.testing.verification.asked import FILES_KEEP_NONE, check_examples, seed_of
from mlp_core.testing.verification.names import resolve
from mlp_core.testing.verification.notebook import bar


def run(law: Law, **options: Any) -> Result:
    """Check a law, and if it fails, look for the known mistake that explains it. Options as for `engine.runner.run`."""
    return runner.run(law, explain=_explain, at_fault=_at_fault, **options)


def _explain(subject: Any, example: Any, broken: Broken) -> tuple[str | None, dict[str, Any] | None]:
    from mlp_core.testing.diagnosis.explain import explain  # with the catalogue, which only a failure needs

    named, exhibit = explain(subject, example, broken)
    swapped = getattr(subject, "reading", "")  # the order of two parameters may be swapped: then no mistake is named
    return None if swapped else named, exhibit


def _at_fault(law: Law, example: Any, broken: Broken) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    from mlp_core.testing.diagnosis.lines.at_fault import at_fault  # needed for a failure only
    from mlp_core.testing.diagnosis.trajectory import trajectory

    return at_fault(law, example, broken), trajectory(law.subject, example, broken)


def checked(subject: Any) -> list[Law]:
    """The laws of a subject, each with the functions that explain a failure."""
    from mlp_core.testing.laws.books import laws_of  # all laws: importing the battery need not wait for them

    return laws_of(subject, run)


def laws(subject: Any, *, batch_sizes: tuple[int, int] = BATCH_SIZES) -> list[Law]:
    """The laws of a subject, each with name, statement, why and check(), for example for pytest.mark.parametrize.

    Raises ArgumentError for a subject that is not recognised: see `resolve`.

    >>> import torch
    >>> [law.name for law in laws(torch.optim.SGD)][0]
    'equals its reference'
    """
    return checked(resolve(subject, batch_sizes))


def verify(
    subject: Any, *, examples: int | None = None, seed: int | str = 0, batch_sizes: tuple[int, int] = BATCH_SIZES,
    progress: Callable[[Result], object] | None = None, database: ExampleDatabase | None = None,
    shapes: str | None = None,
) -> Report:  # fmt: skip
    """Run every law on `subject` and return the report. Nothing is written to the working folder.

    subject: see `resolve`; or a script, a notebook or a folder, with ":name" for one definition of a file. Files run in
    separate processes with limits. examples: number of generated examples per law, 100 by default. seed: an integer, or
    "random". batch_sizes: the smallest and largest tested batch. progress: called with the current Result after each
    example and each law (for files, after each definition); without it, a notebook shows a bar. database: a Hypothesis
    database; failing examples in it run first, and the smallest failing example is saved in it. shapes: shapes of
    the arguments of the only definition in a file, as for `subjects.arrays`, instead of trying. Raises ArgumentError
    for a subject that is not recognised and for bad options.

    >>> from mlp_core import backprop
    >>> verify(backprop, examples=10).ok
    True
    """
    check_examples(examples)
    subject = fspath(subject) if isinstance(subject, PathLike) else subject
    pair = isinstance(batch_sizes, (tuple, list)) and len(batch_sizes) == 2 and all(type(n) is int for n in batch_sizes)
    if not pair or not 1 <= batch_sizes[0] <= batch_sizes[1]:
        raise ArgumentError("batch_sizes", batch_sizes, "(smallest, largest) with 1 <= smallest <= largest")
    if database is not None and not isinstance(database, ExampleDatabase):
        raise ArgumentError("database", database, "a database of hypothesis.database")
    if isinstance(subject, str) and is_in_file(subject):
        if database is not None:
            raise ArgumentError("database", database, FILES_KEEP_NONE)
        return _verify_file(subject, examples, seed_of(seed), batch_sizes[1], progress, shapes)
    if shapes is not None:
        raise ArgumentError("shapes", shapes, "None for an object: its subject defines its arguments")
    report, memory = Report(seed=seed_of(seed), examples=examples or EXAMPLES), Memory()
    every = laws(subject, batch_sizes=batch_sizes)
    with bar(len(every), progress) as watch:
        for law in every:
            result = run(law, examples=examples, seed=report.seed, progress=watch, memory=memory, database=database)
            report.results.append(result)
            if watch is not None:
                watch(result)
    reading = getattr(every[0].subject, "reading", "") if every else ""
    if reading:
        name = every[0].subject.name
        report.headlines[name] = f"{report.verdict(name)}; {reading}"
    return report


def _verify_file(
    name: str, examples: int | None, seed: int, largest: int, progress: Callable[[Result], object] | None,
    shapes: str | None,
) -> Report:  # fmt: skip
    """The same for the definitions of a file or a folder, which run in separate processes."""
    found = looked(expanded([name]), shapes)
    done = found.without
    options: dict[str, Any] = {"examples": examples, "seed": seed, "largest": largest, "shapes": shapes}
    with bar(None, progress) as watch:
        for hand_in in verify_files(found.names, jobs=1, notes=found.notes, laws=checked, **options):
            done.append(hand_in)
            if watch is not None:
                for result in hand_in.results:
                    watch(result)
    report = as_report(done, seed=seed, examples=examples, batch_size=largest)
    report.not_read = escaped(unread([name]))
    return report


def assert_lawful(subject: Any, **options: Any) -> None:
    """Raises one AssertionError with the verdict and with every law of `subject` that failed or could not be tested.
    The options are those of `verify`.

    >>> from mlp_core import backprop
    >>> assert_lawful(backprop, examples=10)
    """
    report = verify(subject, **options)
    if not report.ok:
        told = [report.verdict(name) for name, results in report.by_subject().items() if not lawful(results)]
        for verdict in ("FAIL", "UNTESTED"):
            told += [result.text() for result in report.results if result.verdict == verdict]
        raise AssertionError("\n\n".join(told) or "no law was run")
