"""The tables of docs/measured.md on speed and waiting, made from new measurements: `nox -s measured` runs this.

    python benchmarks/measured.py FOLDER DOCUMENT [--base COMMIT]

FOLDER has threads-1.json and threads-2.json of pytest-benchmark, and waits.json of waits.py. If one is
missing, the document keeps its table. Two comments in the document enclose the part that a table replaces.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from report import by_shape, rows_of
from rounds import OURS

PEERS = ("torch", "jax", "scikit-learn", "scipy")
THREADS = (1, 2)
KINDS = {
    "a training step": "a whole step of `fit`: forward, loss, backward, momentum and L2",
    "an update": "the update alone", "a gradient check": "a gradient check, every entry, float64",
    "a verdict": "a verdict, imports aside",
}  # fmt: skip
LARGE = 10.0


def cell(ratio: float) -> str:
    """A ratio in two digits; one far below 1 as a fraction.

    >>> cell(0.634), cell(1.52), cell(0.0132), cell(14.8)
    ('0.63', '1.5', '1/76', '14.8')
    """
    if ratio * LARGE < 1:
        return f"1/{1 / ratio:.0f}"
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}"


def table(rows: list[dict[str, Any]], kind: str) -> list[str]:
    """The table of one kind: one line per shape, one column per contender with the ratio to it."""
    shapes = by_shape(rows, kind)
    others = list(dict.fromkeys(name for several in shapes.values() for name in several if name != OURS))
    lines = [f"| {KINDS[kind]} | {' | '.join(others)} |", f"| --- |{' ---: |' * len(others)}"]
    for shape, several in shapes.items():
        cells = [cell(several[name]["ratio"]) if name in several else "-" for name in others]
        lines.append(f"| {shape} | {' | '.join(cells)} |")
    return [*lines, ""]


def speed(folder: Path, commit: str) -> list[str]:
    """The tables of ratios, by the number of threads where it matters."""
    found = {n: rows_of(folder / f"threads-{n}.json") for n in THREADS if (folder / f"threads-{n}.json").exists()}
    lines = [f"Recorded for commit {commit}, with {versions()}.", ""] if found else []
    for threads, rows in found.items():
        lines += [f"With {threads} thread{'s' * (threads > 1)}:", ""]
        for kind in KINDS:
            if any(row["kind"] == kind for row in rows):
                lines += table(rows, kind)
    return lines[:-1]


def waits(rows: list[dict[str, Any]], commit: str, base: str) -> list[str]:
    """The table of commands."""
    other = f" | ratio to commit {base}" if base else ""
    lines = [f"| waiting, commit {commit} | seconds{other} |", f"| --- | ---: |{' ---: |' if base else ''}"]
    for row in rows:
        ratio = f" | {cell(row['ratio'])}" if base else ""
        lines.append(f"| {row['what']} | {row['seconds']:.2g}{ratio} |")
    return lines


def versions() -> str:
    """The versions of torch and of the installed peers."""
    there = []
    for name in PEERS:
        try:
            there.append(f"{name} {version(name).partition('+')[0]}")
        except PackageNotFoundError:
            there.append(f"no {name}")
    return ", ".join(there)


def replaced(text: str, part: str, lines: list[str]) -> str:
    """The document with other lines between the two comments of a part.

    >>> replaced("a\\n<!-- speed -->\\nold\\n<!-- end of speed -->\\nb", "speed", ["new"])
    'a\\n<!-- speed -->\\n\\nnew\\n\\n<!-- end of speed -->\\nb'
    """
    begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"the document has no {begin} ... {end}")
    return "\n".join([before + begin, "", *lines, "", end + after])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("document", type=Path)
    parser.add_argument("--base", default="", help="the commit that waits.py compared with")
    given = parser.parse_args()
    command = ["git", "rev-parse", "--short=7", "HEAD"]
    commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    text = given.document.read_text()
    if lines := speed(given.folder, commit):
        text = replaced(text, "speed", lines)
    if (given.folder / "waits.json").exists():
        rows = json.loads((given.folder / "waits.json").read_text())
        text = replaced(text, "waiting", waits(rows, commit, given.base))
    given.document.write_text(text)


if __name__ == "__main__":
    main()
