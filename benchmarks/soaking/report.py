"""The report of a soak: examples, failures and the worst error by law, and a bound on the rate of false alarms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, log1p

from soaking.units import Record

CONFIDENCE = 0.95


@dataclass
class Row:
    """Sums over the units of a law, or over all."""

    units: int = 0
    examples: int = 0
    counted: int = 0
    entries: int = 0
    skipped: int = 0
    failures: int = 0
    ratio: float = 0.0
    seconds: float = 0.0

    def add(self, record: Record) -> None:
        self.units += 1
        self.examples += record["examples"]
        self.counted += record["counted"]
        self.entries += record["entries"]
        self.skipped += record["skipped"]
        self.failures += record["verdict"] == "FAIL"
        self.ratio = max(self.ratio, record["ratio"])
        self.seconds += record["seconds"]

    def cells(self) -> str:
        share = self.skipped / max(1, self.entries + self.skipped)
        ratio = f"{self.ratio:.2g}" if self.ratio else "-"
        ms = 1000 * self.seconds / max(1, self.examples)
        return f"{self.examples:,} | {self.counted:,} | {share:.2%} | {self.failures} | {ratio} | {ms:.1f}"


def upper_bound(failures: int, examples: int, confidence: float = CONFIDENCE) -> float:
    """The largest rate of failure p under which `failures` or fewer among `examples` have probability 1 - confidence:
    sum_{k <= failures} C(n, k) p^k (1 - p)^(n - k) = 1 - confidence (Clopper and Pearson 1934, one-sided).

    >>> round(upper_bound(0, 1_000_000) * 1e6, 3)  # about 3 / n
    2.996
    """
    if failures >= examples:
        return 1.0
    if failures == 0:
        return 1 - (1 - confidence) ** (1 / examples)  # (1 - p)^n = 1 - confidence

    def at_most(p: float) -> float:
        n = examples
        logs = (
            lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log1p(-p)
            for k in range(failures + 1)
        )
        return sum(map(exp, logs))

    low, high = failures / examples, 1 - 1e-12
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(middle) > 1 - confidence else (low, middle)
    return high


def markdown(records: Iterable[Record], planned: int | None = None) -> str:
    """The report: one row per law, the sum, the bound, and in full every failure and everything that was not tested."""
    every = list(records)
    laws: dict[str, Row] = {}
    total = Row()
    for record in every:
        laws.setdefault(record["law"], Row()).add(record)
        total.add(record)
    lines = [
        "| law | examples | that counted | entries skipped | failures | worst error / bound (-: none) | ms each |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(f"| {law} | {row.cells()} |" for law, row in laws.items()),
        f"| **all** | {total.cells()} |",
        "",
        *_bound(total),
    ]
    subjects, shards = len({r["subject"] for r in every}), len({r["shard"] for r in every})
    of = f" of {planned:,}" if planned is not None else ""
    lines.append(f"{total.units:,}{of} units: {len(laws)} laws, {subjects} subjects, {shards} shards")
    return "\n".join([*lines, *_of("UNTESTED", every), *_of("FAIL", every)])


def _bound(total: Row) -> Sequence[str]:
    if not total.counted:
        return ["no example counted: nothing is known of false alarms"]
    bound = upper_bound(total.failures, total.counted)
    formula = (
        "1 - 0.05^(1/n)" if total.failures == 0 else "Clopper-Pearson: the p with P(at most k failures in n) = 0.05"
    )
    what = f"{total.failures} failures in n = {total.counted:,} examples that counted"
    return [f"{what}: at most {bound:.2e} false alarms an example, with 95% confidence ({formula})"]


def _of(verdict: str, records: Sequence[Record]) -> Sequence[str]:
    """Every unit of this verdict in full. A unit that could not be tested is no failure, but needs a look."""
    found = []
    for r in records:
        if r["verdict"] == verdict:
            unit = f"## {r['subject']}: {r['law']} (shard {r['shard']}, seed {r['seed']}, {r['asked']} examples)"
            found += ["", unit, "", "```", r["text"], "```"]
    return found
