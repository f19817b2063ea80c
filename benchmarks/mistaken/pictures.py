"""Small multiples: one cell per mistake, the correct loss in gray and the wrong one in red, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mistaken.problem import Curves

COLUMNS, WIDTH, HEIGHT, LEFT, TOP = 6, 150, 92, 6, 18

HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"
font-family="sans-serif" font-size="11"><title>{title}</title><rect width="100%" height="100%" fill="#fff"/>
"""


def svg(cells: Sequence[tuple[int, Curves]], title: str) -> str:
    """The cells of one kind of mistake, with their numbers."""
    rows = -(-len(cells) // COLUMNS)
    parts = [HEAD.format(width=min(len(cells), COLUMNS) * WIDTH, height=rows * HEIGHT, title=title)]
    for index, (number, curves) in enumerate(cells):
        row, column = divmod(index, COLUMNS)
        parts.append(f'<g transform="translate({column * WIDTH} {row * HEIGHT})">{_cell(number, curves)}</g>\n')
    return "".join(parts) + "</svg>\n"


def _cell(number: int, curves: Curves) -> str:
    shown = [v for v in curves.right if v > 0]
    high, low = max(shown) * 2, min(shown) / 1.5
    label = f"{number}  {curves.setting}".rstrip()
    frame = f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH - 12}" height="{HEIGHT - TOP - 6}" fill="none" stroke="#ddd"/>'
    lines = [_line(curves.right, low, high, "#bbb", 3), _line(curves.wrong, low, high, "#c00", 1.3)]
    stopped = f'<text x="{LEFT + 6}" y="{TOP + 16}" fill="#c00">{curves.raised}</text>' if curves.raised else ""
    return f'<text x="{LEFT}" y="13" fill="#333">{label}</text>{frame}{"".join(lines)}{stopped}'


def _line(values: Sequence[float], low: float, high: float, colour: str, width: float) -> str:
    points = []
    for index, value in enumerate(values):
        if not math.isfinite(value):
            break
        share = (math.log(high) - math.log(min(max(value, low), high))) / (math.log(high) - math.log(low))
        x = LEFT + (WIDTH - 12) * index / max(len(values) - 1, 1)
        points.append(f"{x:.0f},{TOP + (HEIGHT - TOP - 6) * share:.0f}")
    if not points:
        return ""
    return f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="{width}"/>'
