"""README's picture of a terminal, docs/terminal.svg, drawn anew: `python docs/terminal.py`."""

from __future__ import annotations

import io
from pathlib import Path

import torch
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

from mlp_core import MLP, Trace, backprop
from mlp_core.testing import verify
from mlp_core.testing.report.brief import brief

PICTURE = Path(__file__).parent / "terminal.svg"
FRAME = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {terminal_width} {terminal_height}">
<style>{styles} .{unique_id}-matrix {{ font-family: monospace; font-size: {char_height}px; }}</style>
<defs>{lines}</defs><rect width="100%" height="100%" rx="6" fill="#fff" stroke="#ccc"/>
<g transform="translate(8, 4) scale(0.98)">{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""
"""rich's own asks another server for a font"""


def my_backprop(model: MLP, trace: Trace, dL_dy: torch.Tensor) -> None:
    """The bias gradient of the last layer is that of the first sample."""
    backprop(model, trace, dL_dy)
    model.biases[-1].grad.copy_((dL_dy * model.activations[-1].df(trace.z[-1], trace.a[-1]))[0])


def draw() -> str:
    """The picture of a terminal with this output, as SVG."""
    console = Console(record=True, width=92, file=io.StringIO(), force_terminal=True)
    console.print(brief(verify(my_backprop).results, "my_backprop:my_backprop", "", console.width))
    return console.export_svg(theme=DEFAULT_TERMINAL_THEME, code_format=FRAME, unique_id="t")


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
