"""What verify found: verdicts in a table, and as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlp_core.testing.engine import Result

COLOURS = {"PASS": "green", "FAIL": "bold red", "SKIP": "yellow", "...": "dim"}


@dataclass
class Report:
    """The results of one run over one or more subjects.

    ok: no law is broken, and at least one was run.
    """

    results: list[Result] = field(default_factory=list)
    seed: int = 0
    examples: int = 0

    @property
    def ok(self) -> bool:
        verdicts = [result.verdict for result in self.results]
        return "PASS" in verdicts and "FAIL" not in verdicts

    def to_json(self) -> str:
        """{"ok": ..., "seed": ..., "results": [{"law": ..., "verdict": ...}, ...]}."""
        keys = (
            "subject", "law", "statement", "group", "verdict", "reason", "examples", "counted", "entries", "skipped",
            "tensors", "by_bound", "error", "ratio", "where", "got", "expected", "counterexample", "diagnosis", "snippet",
        )  # fmt: skip
        rows: list[dict[str, Any]] = [{key: _plain(getattr(r, key)) for key in keys} for r in self.results]
        return json.dumps({"ok": self.ok, "seed": self.seed, "examples": self.examples, "results": rows}, indent=2)

    def __rich__(self) -> RenderableType:
        return Group(table(self.results), *failures(self.results))


def failures(results: list[Result]) -> list[Text]:
    """Every broken law in words; lines are never wrapped, so that snippets can be pasted."""
    return [Text("\n" + r.text(), no_wrap=True, overflow="ignore") for r in results if r.verdict == "FAIL"]


def _plain(value: Any) -> Any:
    """JSON has no infinity and no NaN."""
    return str(value) if isinstance(value, float) and not abs(value) < float("inf") else value


def table(results: list[Result], running: Result | None = None) -> Table:
    """Laws with examples, the worst error against its bound, and the verdict."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in (("law", "left"), ("examples", "right"), ("error / bound", "right"), ("verdict", "left")):
        shown.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]  # rich's literal type
    subject = ""
    for result in [*results, *([running] if running else [])]:
        if result.subject != subject:
            subject = result.subject
            shown.add_row(Text(subject, style="bold cyan"))
        verdict = "..." if result is running else result.verdict
        reason = f" {result.reason}" if result.verdict != "PASS" and result.reason not in ("", "broken") else ""
        shown.add_row(
            f"  {result.law}", str(result.examples) if verdict != "SKIP" else "",
            f"{result.error:.2g} ({result.ratio:.1%})" if result.ratio else "0" if result.entries else "",
            Text(verdict, style=COLOURS[verdict]) + Text(reason, style="dim"),
        )  # fmt: skip
    return shown
