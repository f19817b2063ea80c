"""README's Python runs, and says what it prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```(.*?)(?=```python|\Z)", README, re.DOTALL)
"""each block of Python, and the text from there to the next"""


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_runs_and_prints_what_stands_below_it(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    block, below = BLOCKS[number]
    exec(compile(block, "README.md", "exec", dont_inherit=True), {"__name__": "readme"})  # noqa: S102  (our own README)
    shown = re.search(r"```text\n(.*?)\.\.\.\n```", below, re.DOTALL)
    assert capsys.readouterr().out.startswith(shown[1] if shown else "")
