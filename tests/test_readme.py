"""README's Python runs, and says what it prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlp_core.testing import engine

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```(.*?)(?=```python|\Z)", README, re.DOTALL)
"""each block of Python, and the text from there to the next"""


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_runs_and_prints_what_stands_below_it(
    number: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    block, below = BLOCKS[number]
    found = re.search(r"```text\n(.*?)\.\.\.\n```", below, re.DOTALL)
    shown = found[1] if found else ""
    if "smallest" not in shown:
        monkeypatch.setattr(engine, "SHRINKS", 5)  # most of the time, where nothing is said of the example
    exec(compile(block, "README.md", "exec", dont_inherit=True), {"__name__": "readme"})  # noqa: S102  (our own README)
    assert capsys.readouterr().out.startswith(shown)
