"""The report of verify: verdicts in a table, as JSON, and in the formats of other programs."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mlp_core.base.extras import MissingExtra
from mlp_core.base.files import write_all
from mlp_core.testing.engine.result import Result
from mlp_core.testing.report import formats
from mlp_core.testing.report.escape import escaped
from mlp_core.testing.report.findings import Findings

COLOURS = {"PASS": "green", "FAIL": "bold red", "UNTESTED": "magenta", "SKIP": "yellow", "...": "dim"}


WIDTH = 100
"""the width of a report that is printed as text, in columns"""


@dataclass(repr=False)
class Report(Findings):
    """The results of one run over one or more subjects.

    ok: no law that counts failed or is untested, a law that checks the numbers holds, and the run was not interrupted.
    untested: no law failed, but the subject is not shown to be right. `print(report)` shows the table and all failures.

    >>> from mlp_core.testing import verify
    >>> report = verify("relu", examples=10)
    >>> report.ok, [result.verdict for result in report.results]
    (True, ['PASS', 'PASS', 'PASS'])
    """

    def to_json(self) -> str:
        """{"ok": ..., "seed": ..., "interrupted": ..., "not_read": [files], "verdicts": {subject: words}, "results":
        [{"law": ..., "verdict": "PASS", "FAIL", "UNTESTED" or "SKIP", ...}, ...]}."""
        keys = (
            "subject", "law", "statement", "group", "verdict", "reason", "examples", "counted", "entries", "skipped",
            "disputed", "tensors", "by_bound", "error", "ratio", "exhausted", "judges", "where", "got", "expected",
            "counterexample", "numbers", "diagnosis", "snippet", "lines", "trajectory",
        )  # fmt: skip
        rows: list[dict[str, Any]] = [{key: _plain(getattr(r, key)) for key in keys} for r in self.results]
        whole = {"ok": self.ok, "seed": self.seed, "examples": self.examples, "interrupted": self.interrupted}
        whole["not_read"] = self.not_read
        verdicts = {subject: self.verdict(subject) for subject in self.by_subject()}
        return json.dumps({**whole, "verdicts": verdicts, "results": rows}, indent=2)

    def to_junit(self, path: Path | str) -> None:
        """Write JUnit XML for CI: one suite per subject and one case per law."""
        self._write(path, "JUnit XML", lambda: formats.junit(self))

    def to_csv(self, path: Path | str) -> None:
        """Write a CSV table with one row per subject."""
        self._write(path, "CSV", lambda: formats.table(self).encode())

    def to_html(self, path: Path | str) -> None:
        """Write one self-contained HTML page. Raises MissingExtra without jinja2 and matplotlib."""
        from mlp_core.testing.report.page import page

        self._write(path, "HTML", lambda: page(self).encode("utf-8", "backslashreplace"))

    @staticmethod
    def _write(path: Path | str, form: str, made: Callable[[], bytes]) -> None:
        formats.check_name("path", path, form)
        content = made()
        write_all(Path(path).parent, {Path(path).name: lambda partial: partial.write_bytes(content)})

    def _repr_html_(self) -> str | None:
        """The HTML that a notebook shows for a cell ending with the report; None without jinja2."""
        from mlp_core.testing.report.page import in_a_cell

        try:
            return in_a_cell(self)
        except MissingExtra:
            return None

    def __rich__(self) -> RenderableType:
        verdicts = [Text(f"{escaped(name)}: {self.verdict(name)}", style="bold") for name in self.by_subject()]
        return Group(table(self.results), *failures(self.results), Text(), *verdicts)

    def __str__(self) -> str:
        """The table of the terminal, without its colours, and every failure in words."""
        console = Console(width=WIDTH, record=True, file=io.StringIO(), color_system=None)
        for part in (table(self.results), *failures(self.results)):
            console.print(part, soft_wrap=isinstance(part, Text))
        verdicts = [f"{escaped(name)}: {self.verdict(name)}" for name in self.by_subject()]
        return "\n".join([console.export_text(styles=False).rstrip(), "", *verdicts])

    def __repr__(self) -> str:
        """Each subject's verdict; print(report) shows more."""
        verdicts = "; ".join(f"{escaped(name)}: {self.verdict(name)}" for name in self.by_subject())
        return f"<Report: {verdicts or 'nothing was verified'}>"


def failures(results: list[Result]) -> list[Text]:
    """The text of every failure, with a snippet only for the first failure of each subject, because one mistake often
    breaks a dozen laws. Print them with soft_wrap=True, so that snippets can be pasted. `Result.text()`, JSON and HTML
    have every snippet.
    """
    shown, broken = set[str](), [r for r in results if r.verdict == "FAIL"]
    texts = []
    for result in broken:
        whole = result if result.subject not in shown else replace(result, snippet="")
        texts.append(Text("\n" + escaped(whole.text())))
        shown.add(result.subject)
    more = len(broken) - len(shown)
    failures = "failure; its script" if more == 1 else "failures; a script for each"
    where = "is in the text() of its result, in report.results, and in the reports of --json and --html"
    note = Text(f"\n{more} more {failures} {where}", style="dim")
    return [*texts, note] if more else texts


def _plain(value: Any) -> Any:
    """JSON has no infinity and no NaN: they become text."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, float) and not abs(value) < float("inf") else value


def table(results: list[Result], running: Result | None = None) -> Table:
    """Laws with examples, the largest error relative to its bound, and the verdict; a heading above each subject. The
    reason why laws of a subject could not be tested is printed once.
    """
    shown = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_header=False)
    name = 47 if any(result.verdict == "UNTESTED" for result in results) else 48  # the longest verdict fits into 80 too
    for width, justify in ((name, "left"), (8, "right"), (14, "right"), (None, "left")):
        shown.add_column(width=width, justify=justify, overflow="fold")  # type: ignore[arg-type]  # rich's literal type
    subject, told = None, set[str]()
    for result in results:
        if result.subject != subject:
            subject, told = result.subject, set()
            dim = [Text(name, style="dim") for name in ("examples", "error (bound)", "verdict")]
            shown.add_row(Text(escaped(subject), style="bold cyan"), *dim)
        shown.add_row(*cells(result, running is result))
        if result.reason and result.verdict != "FAIL":
            reason = "for the same reason" if result.reason in told else escaped(result.reason)
            shown.add_row(Padding(Text(reason, style="dim"), (0, 0, 0, 4)))
            told |= {result.reason} if result.verdict == "UNTESTED" else set()
    return shown


def cells(result: Result, running: bool = False) -> list[str | Text]:
    """The row of one law."""
    verdict = "..." if running else result.verdict
    error = f"{result.error:.2g} ({result.ratio:.0%})" if result.ratio else "0" if result.entries else ""
    return [
        f"  {result.law}", str(result.examples) if verdict != "SKIP" else "",
        error if verdict in ("PASS", "...") else "",
        Text(verdict, style=COLOURS[verdict]),
    ]  # fmt: skip
