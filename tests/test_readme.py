"""README's Python runs, and says what it prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_block_runs(block: str) -> None:
    exec(compile(block, "README.md", "exec", dont_inherit=True), {"__name__": "readme"})  # noqa: S102  (our own README)


def test_the_report_shown_is_the_report_printed(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(BLOCKS[0], "README.md", "exec", dont_inherit=True), {"__name__": "readme"})  # noqa: S102  (our own README)
    shown = re.findall(r"```text\n(.*?)\.\.\.\n```", README, re.DOTALL)[0]
    assert capsys.readouterr().out.startswith(shown)
