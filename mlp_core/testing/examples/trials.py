"""Examples for selections: tables of trials."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

SPLITS = ("training", "validation", "test")

ACCURACIES = (0.5, 0.502, 0.504, 0.51, 0.75, 0.0, 1.0)
"""some differ by less than two digits show"""

LOSSES = (0.25, 0.26, 0.5, 2.0, float("inf"))

TIES = ((), (), (), ("validation_accuracy",), ("validation_accuracy", "validation_loss"))
"""the figures that a trial shares with the best one: most share none, and few tables have no tie"""

SPOILED = ("no trial at all", "a NaN accuracy", "a NaN loss", "no accuracy", "no loss")


@dataclass(frozen=True)
class Trials:
    """A table of trials: each has a number, and accuracy and loss on each split."""

    rows: tuple[dict[str, Any], ...]

    def fresh(self) -> list[SimpleNamespace]:
        """New trials for every call."""
        return [SimpleNamespace(**row) for row in self.rows]

    def describe(self) -> str:
        rows = [f"{r['number']}: {r['validation_accuracy']} ({r['validation_loss']})" for r in self.rows]
        return f"trials by number, validation accuracy and (loss): {'; '.join(rows)}"

    def setup(self) -> list[str]:
        rows = [f"    Trial({', '.join(f'{k}={_source(v)}' for k, v in row.items())})," for row in self.rows]
        return ["trials = [", *rows, "]"]


def _source(value: Any) -> str:
    return repr(value) if value == value and value != float("inf") else f'float("{value}")'


@st.composite
def tables(draw: st.DrawFn) -> Trials:
    """1 to 8 trials, not in the order of their numbers, with figures for every split."""
    code = draw(st.lists(st.binary(min_size=6, max_size=6), min_size=1, max_size=8), label="figures")
    numbers = draw(st.permutations(range(8)), label="numbers")
    rows = []
    for number, figures in zip(numbers, code, strict=False):
        row: dict[str, Any] = {"number": number}
        for k, split in enumerate(SPLITS):
            row[f"{split}_accuracy"] = ACCURACIES[figures[2 * k] % len(ACCURACIES)]
            row[f"{split}_loss"] = LOSSES[figures[2 * k + 1] % len(LOSSES)]
        rows.append(row)
    best = max(rows, key=lambda row: (row["validation_accuracy"], -row["validation_loss"]))
    ties = st.lists(st.sampled_from(TIES), min_size=len(rows), max_size=len(rows))
    for row, tied in zip(rows, draw(ties, label="what each has of the best"), strict=True):
        row.update({name: best[name] for name in tied})
    return Trials(tuple(rows))


@dataclass(frozen=True)
class Spoiled:
    """Trials that cannot be compared, and the words that an error must contain."""

    table: Trials
    how: str
    word: str

    def describe(self) -> str:
        return f"{self.how}; {self.table.describe()}"

    def setup(self) -> list[str]:
        return self.table.setup()


def spoiled(drawn: tuple[Trials, int, int]) -> Spoiled:
    """A table with one invalid figure, or without trials."""
    table, how, place = drawn
    if how == 0:
        return Spoiled(Trials(()), SPOILED[how], "trials")
    rows, k = [dict(row) for row in table.rows], place % len(table.rows)
    name = "validation_accuracy" if how % 2 else "validation_loss"
    rows[k][name] = float("nan") if how < 3 else None
    return Spoiled(Trials(tuple(rows)), SPOILED[how], name)
