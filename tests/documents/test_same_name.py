"""docs/same-name.md is what its data say, and the data are what the libraries that are installed do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlp_core.testing.diagnosis.dialects import DIALECTS
from mlp_core.testing.report.escape import in_markdown

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT / "docs"), str(ROOT / "benchmarks")]
try:
    import same_name
    import same_name_page
finally:
    del sys.path[:2]

REPEATED = {row["row"]: row for row in same_name_page.rows("same_name.jsonl")}


def test_the_page_is_made_of_its_data() -> None:
    """Otherwise: python docs/same_name_page.py."""
    page = (ROOT / "docs" / "same-name.md").read_text(encoding="utf-8")
    assert page == same_name_page.page()
    for dialect in DIALECTS:
        assert in_markdown(dialect.words) in page


def test_sixty_rows_have_a_command_that_repeats_them_and_every_one_that_differs_says_how() -> None:
    assert REPEATED.keys() == same_name.ROWS.keys()
    assert len(REPEATED) >= 60
    for cells in same_name_page.repeated():
        assert all(cells[:3])
        assert cells[3], cells
        assert cells[5].startswith("`python benchmarks/same_name.py ")


@pytest.mark.parametrize("library", sorted({name.split()[0] for name in REPEATED}))
def test_rows_say_what_the_library_does(library: str) -> None:
    there = [name for name in same_name.installed() if name.split()[0] == library]
    if not there:
        pytest.skip(f"{library} is not installed: see docs/same-name.md")
    for name in there:
        found, told = same_name.compared(name), REPEATED[name]
        for what in ("torch", "translation"):
            assert found.get(f"{what}: first step") == told.get(f"{what}: first step"), name


def test_a_misspelt_row_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert same_name.main(["optax", "sdg"]) == 2
    said = capsys.readouterr()
    assert said.err == "error: no row 'optax sdg'; without a name, the command lists them; did you mean 'optax sgd'?\n"
    assert not said.out
