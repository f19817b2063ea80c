"""README's picture of a terminal, docs/terminal.svg, of a report on its own function: `python docs/terminal.py`."""

from __future__ import annotations

import io
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

from page_picture import hand_in
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

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


def draw() -> str:
    """The picture of a terminal with this output, as SVG."""
    console = Console(record=True, width=92, file=io.StringIO(), force_terminal=True)
    with TemporaryDirectory() as folder, chdir(folder):
        hand_in(Path(folder))
        report = verify("hand_in.py")
    console.print(brief(report.results, "hand_in.py", "", console.width))
    return console.export_svg(theme=DEFAULT_TERMINAL_THEME, code_format=FRAME, unique_id="t")


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
