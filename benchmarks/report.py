"""The figures of `nox -s bench`, as a table and as pictures: `python benchmarks/report.py FIGURES.json FOLDER`.

A ratio is ours / other, the median over rounds in which both ran: below 1, mlp_core is faster.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from rounds import OURS

Row = dict[str, Any]
SCALING = ("parameters", "depth", "batch")


def rows_of(path: Path) -> list[Row]:
    """The data that pytest-benchmark received: one row per contender of a group."""
    return [bench["extra_info"] for bench in json.loads(path.read_text())["benchmarks"]]


def by_shape(rows: list[Row], kind: str) -> dict[str, dict[str, Row]]:
    """The figures of one kind: by shape, the row of each contender."""
    found: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        if row["kind"] == kind:
            found[row["shape"]][row["contender"]] = row
    return dict(found)


def table(rows: list[Row], kind: str) -> list[str]:
    """Lines of Markdown: a shape a line, our time and the ratio to each other contender."""
    shapes = by_shape(rows, kind)
    others = list(dict.fromkeys(name for several in shapes.values() for name in several if name != OURS))
    lines = [f"## {kind[0].upper()}{kind[1:]}", "", "| | mlp_core | " + " | ".join(others) + " |"]
    lines.append("| --- | ---: |" + " ---: |" * len(others))
    for shape, several in shapes.items():
        cells = [f"{several[name]['ratio']:.3g}" if name in several else "-" for name in others]
        lines.append(f"| {shape} | {several[OURS]['median'] * 1e6:,.0f} us | " + " | ".join(cells) + " |")
    return [*lines, ""]


def text(rows: list[Row]) -> str:
    """All tables."""
    kinds = [kind for kind in dict.fromkeys(row["kind"] for row in rows) if not kind.startswith("scaling")]
    said = "The time of mlp_core, and its ratio to each other: below 1, mlp_core is faster. Made by `nox -s bench`."
    head = ["# Speed", "", said, ""]
    return "\n".join(head + [line for kind in kinds for line in table(rows, kind)])


def ratios_picture(rows: list[Row], path: Path) -> None:
    """The ratio of a training step to the best peer, and to the floor, by the number of parameters."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    points = []
    for several in by_shape(rows, "a training step").values():
        peers = [row["ratio"] for name, row in several.items() if name not in (OURS, "floor")]
        points.append((several[OURS]["parameters"], max(peers), several["floor"]["ratio"], several[OURS]["shape"]))
    points.sort()
    sizes, best, floor, names = zip(*points, strict=True)
    axes.plot(sizes, best, "o-", label="to the fastest peer")
    axes.plot(sizes, floor, "s--", label="to the floor: the bare matrix products and one fused update")
    for size, ratio, name in zip(sizes, best, names, strict=True):
        axes.annotate(name, (size, ratio), fontsize=6, xytext=(0, 6), textcoords="offset points", ha="center")
    axes.axhline(1, color="gray", linewidth=0.8)
    axes.set(xscale="log", xlabel="parameters", ylabel="time of mlp_core / time of the other", title="A training step")
    axes.legend(fontsize=7)
    figure.savefig(path)


def scaling_picture(rows: list[Row], path: Path) -> None:
    """The time of a training step against parameters, depth and batch."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.6), layout="constrained")
    for axes, by in zip(figure.subplots(1, len(SCALING)), SCALING, strict=True):
        lines: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for row in rows:
            if row["kind"] == f"scaling with {by}":
                lines[row["contender"]].append((row[by], row["median"] * 1e6))
        for name, points in lines.items():
            axes.plot(*zip(*sorted(points), strict=True), "o-", markersize=3, label=name)
        axes.set(xscale="log", yscale="log", xlabel=by, ylabel="us a step")
        axes.legend(fontsize=7)
    figure.savefig(path)


def main() -> None:
    figures, folder = map(Path, sys.argv[1:])
    rows = rows_of(figures)
    (folder / "speed.md").write_text(text(rows))
    ratios_picture(rows, folder / "speed.svg")
    scaling_picture(rows, folder / "scaling.svg")


if __name__ == "__main__":
    main()
