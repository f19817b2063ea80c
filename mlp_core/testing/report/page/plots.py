"""The gradient check as inline SVG: the error of every tensor, and the largest error by step size."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from mlp_core.gradcheck import BANDS, STEP, band

LEAST, MOST = 1e-17, 2.0
"""the range of the axes: the relative error is at most 1, and below the roundoff of float64 it is meaningless"""

COLOURS = {"#000001": "--ink", "#000002": "--quiet", "#000003": "--wrong", "#000004": "--right", "#000005": "--edge"}
"""placeholders for the page's colours while matplotlib draws, because the reader chooses light or dark mode"""

INK, QUIET, WRONG, RIGHT, EDGE = COLOURS

STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "mlp_core", "font.family": "sans-serif", "font.size": 9, "text.color": INK,
    "axes.labelcolor": INK, "axes.edgecolor": EDGE, "xtick.color": QUIET, "ytick.color": QUIET, "xtick.minor.size": 0,
    "ytick.minor.size": 0,
}  # fmt: skip


def by_tensor(shown: dict[str, Any], name: str) -> Markup:
    """The relative error of every tensor of an exhibit, as bars."""
    names, values = shown["names"], shown["errors"]
    with rc_context(STYLE):
        figure, axes = _axes(3.2, 0.7 + 0.24 * max(4, len(names)), left=0.4)
        colours = [RIGHT if band(value) == "fine" else WRONG for value in values]
        axes.barh(range(len(values)), [_within(v) for v in values], left=LEAST, color=colours, height=0.6)
        axes.set_yticks(range(len(values)), names[: len(values)])
        axes.invert_yaxis()
        axes.set_xscale("log")
        axes.set_xlim(LEAST, MOST)
        _ticks(axes.xaxis, [1e-16, 1e-12, 1e-8, 1e-4, 1.0])
        for limit, _ in BANDS:
            axes.axvline(limit, color=QUIET, linewidth=0.9, linestyle=":")
        axes.set_title("relative error by tensor", fontsize=9)
        return _inline(figure, name, "relative error by tensor")


def by_step(shown: dict[str, Any], name: str) -> Markup:
    """The relative error of an exhibit's gradient, and of autograd's, to central differences by their step size."""
    with rc_context(STYLE):
        figure, axes = _axes(3.7, 2.3, left=0.6)
        for values, style, colour, label in (
            (shown["curve"], "o-", WRONG, "this gradient"), (shown["reference"], ".--", QUIET, "autograd"),
        ):  # fmt: skip
            drawn = [_within(value) for value in values]
            axes.plot(
                shown["steps"][: len(drawn)], drawn, style, color=colour, markersize=3, linewidth=1.2, label=label
            )
        axes.axvline(STEP, color=QUIET, linewidth=0.9, linestyle=":")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(LEAST, 1e4 * MOST)  # leaves room for the legend
        _ticks(axes.yaxis, [1e-16, 1e-12, 1e-8, 1e-4, 1.0])
        _ticks(axes.xaxis, [1e-12, 1e-9, 1e-6, 1e-3])
        axes.set_title("error to central differences, by step h", fontsize=9)
        axes.legend(frameon=False, fontsize=8, loc="upper left", ncols=2, columnspacing=1)
        return _inline(figure, name, "error to central differences by step")


def by_update(shown: dict[str, Any], name: str, *, first: int = 0) -> Markup:
    """One number after every step beside the reference's, from the step `first` on."""
    with rc_context(STYLE):
        figure, axes = _axes(3.7, 2.3, left=0.6)
        for values, style, colour, label in (
            (shown["expected"], ".--", QUIET, "reference"), (shown["got"], "o-", WRONG, "this one"),
        ):  # fmt: skip
            finite = [value if math.isfinite(value) else math.nan for value in values]
            if finite:
                steps = range(first, first + len(finite))
                axes.plot(steps, finite, style, color=colour, markersize=3, linewidth=1.2, label=label)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.set_title(f"{shown['name']}, by step", fontsize=9)
        axes.margins(y=0.25)  # leaves room for the legend
        axes.legend(frameon=False, fontsize=8, loc="upper left", ncols=2, columnspacing=1)
        return _inline(figure, name, f"{shown['name']} by step")


def _axes(width: float, height: float, *, left: float) -> tuple[Figure, Axes]:
    """Axes on a new figure, in inches; `left`: the space for labels. An automatic layout of matplotlib would draw every
    plot three times.
    """
    figure = Figure(figsize=(width, height))
    room = (left / width, 0.3 / height, 1 - (left + 0.1) / width, 1 - 0.55 / height)
    return figure, figure.add_axes(room)


def _ticks(axis: Axis, values: Sequence[float]) -> None:
    """Only these ticks on a logarithmic axis, in plain text, which matplotlib draws ten times faster than formulas."""
    axis.set_minor_locator(NullLocator())
    axis.set_ticks(values, [f"{value:.0e}".replace("e+00", "") for value in values])


def _within(value: float) -> float:
    """Where an error is drawn: its value, limited to the range of the axes."""
    return MOST / 2 if math.isnan(value) else min(max(value, LEAST * 2), MOST / 2)


def _inline(figure: Figure, name: str, label: str) -> Markup:
    """A figure for embedding in the page: with the page's colours, and with ids that no other figure has."""
    written = io.StringIO()
    figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = written.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<(metadata|style).*?</\1>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    for placeholder, variable in COLOURS.items():
        svg = svg.replace(placeholder, f"var({variable})")
    svg = svg.replace("<svg ", f'<svg class="plot" role="img" aria-label="{label}" ', 1)
    return Markup(svg)  # noqa: S704  (drawn from numbers and names of ours)
