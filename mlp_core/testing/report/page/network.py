"""A network drawn as SVG: units with bias and activation, edges with their weights, and marks on wrong gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

ACROSS, DOWN, MARGIN, RADIUS = 170, 92, 52, 28
"""in pixels: the distances between layers and between units, the margin, and the radius of a unit"""

LABELLED = 12
"""the largest number of edges between two layers that are labelled with their weights"""

Wrong = set[tuple[int, ...]]
"""(tensor, index, ...); the tensors are W1, b1, W2, ..."""


def drawn(shown: dict[str, Any]) -> Markup:
    """The network of an exhibit. An edge is marked if the gradient of its weight is wrong, a unit if that of its bias
    is.
    """
    sizes, wrong = shown["sizes"], {tuple(entry) for entry in shown["wrong"]}
    width = 2 * MARGIN + ACROSS * (len(sizes) - 1)
    height = 2 * MARGIN + DOWN * (max(sizes) - 1) + 12
    label = f"network {'-'.join(map(str, sizes))}"
    head = f'<svg class="network" viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{label}">'
    return Markup("".join([head, *_edges(shown, wrong), *_units(shown, wrong), "</svg>"]))  # noqa: S704  (our own words)


def _place(sizes: list[int], layer: int, unit: int) -> tuple[float, float]:
    """The centre of a unit. Layers are centred relative to each other."""
    return MARGIN + ACROSS * layer, MARGIN + 12 + DOWN * (unit + (max(sizes) - sizes[layer]) / 2)


def _edges(shown: dict[str, Any], wrong: Wrong) -> Iterator[str]:
    sizes = shown["sizes"]
    for layer in range(1, len(sizes)):
        n, m = sizes[layer - 1], sizes[layer]
        for i in range(m):
            for j in range(n):
                (x1, y1), (x2, y2) = _place(sizes, layer - 1, j), _place(sizes, layer, i)
                mark = " wrong" if (2 * layer - 2, i, j) in wrong else ""
                yield f'<line class="edge{mark}" x1="{x1 + RADIUS}" y1="{y1:.0f}" x2="{x2 - RADIUS}" y2="{y2:.0f}"/>'
                if n * m <= LABELLED:
                    share = (j + 1) / (n + 1)  # keeps the labels of crossing edges apart
                    x, y = x1 + RADIUS + (ACROSS - 2 * RADIUS) * share, y1 + (y2 - y1) * share - 4
                    weight = short(shown["parameters"][2 * layer - 2][i][j])
                    yield f'<text class="weight{mark}" x="{x:.0f}" y="{y:.0f}">{weight}</text>'


def _units(shown: dict[str, Any], wrong: Wrong) -> Iterator[str]:
    sizes = shown["sizes"]
    for layer, n in enumerate(sizes):
        for unit in range(n):
            x, y = _place(sizes, layer, unit)
            mark = " wrong" if (2 * layer - 1, unit) in wrong else ""
            yield f'<circle class="unit{mark}" cx="{x}" cy="{y:.0f}" r="{RADIUS}"/>'
            yield f'<text class="a" x="{x}" y="{y + 4:.0f}">{short(shown["a"][layer][unit])}</text>'
            if layer:
                bias = short(shown["parameters"][2 * layer - 1][unit])
                yield f'<text class="bias{mark}" x="{x}" y="{y + RADIUS + 13:.0f}">b {bias}</text>'
        name = shown["functions"][layer - 1] if layer else "x"
        yield f'<text class="layer" x="{MARGIN + ACROSS * layer}" y="14">{name}</text>'


def short(value: float) -> str:
    """A number, short enough for a unit.

    >>> short(0.0), short(-0.0625), short(1 / 3), short(-1 / 128), short(1e-9)
    ('0', '-0.062', '0.333', '-0.0078', '1e-09')
    """
    text = f"{value:.3g}" if value else "0"
    return text if len(text) < 7 else f"{value:.2g}"
