"""The pages beside their code: README is short, every figure has its command, every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from follow_documents import blocks

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MADE = {"laws.md", "command-line.md", "every-rule.md", "every-record.md"}
"""pages that the build of the documents makes of the code"""
PAGES = [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")), *sorted(DOCS.glob("*.md"))]

LINK = re.compile(r"\]\((?!https?:)([^()#\s]*)(?:#([\w-]+))?\)")
COMMAND = re.compile(r"`(?:mlp-core|nox|python|pytest|pip|wc)\b[^`]*`|in `report.html` of")


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    text = page.read_text(encoding="utf-8")
    for block in blocks(page):
        text = text.replace(block.text, "")
    return text


def anchors(page: Path) -> set[str]:
    """Its headings, as GitHub and the documents name them."""
    heads = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_readme_begins_with_the_two_commands() -> None:
    first = next(blocks(ROOT / "README.md"))
    assert first.text == 'pip install . && mlp-core verify\npip install "nox[uv]" && nox\n'


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    for name, anchor in LINK.findall(prose(page)):
        target = page.parent / name if name else page
        if target.name in MADE:
            assert page.parent == DOCS, f"{page.name}: GitHub does not have {name}"
            continue
        assert target.exists(), f"{page.name}: {name} does not exist"
        assert not anchor or anchor in anchors(target), f"{page.name}: {name}#{anchor}"


def test_every_page_is_in_the_table_of_contents() -> None:
    listed = re.findall(r"^([\w/-]+)$", (DOCS / "index.md").read_text(encoding="utf-8"), re.MULTILINE)
    pages = {page.stem for page in DOCS.glob("*.md")} | {"laws"}  # which the build makes
    assert {name for name in listed if "/" not in name} == pages - {"index"}


@pytest.mark.parametrize("form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[0-9]*.yml")), ids=lambda f: f.stem)
def test_an_issue_asks_for_the_line_to_repeat(form: Path) -> None:
    fields = {field.get("id") for field in yaml.safe_load(form.read_text(encoding="utf-8"))["body"]}
    assert {"repeat", "versions"} <= fields


def test_every_measured_figure_has_its_command_and_its_commit() -> None:
    text = (DOCS / "measured.md").read_text(encoding="utf-8").partition("\n## Waiting")[0]
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    figures = [row for row in rows if row[0] != "| what"]
    assert len(figures) > 20
    for _, _, commit, command in figures:
        assert re.fullmatch(r"[0-9a-f]{7}", commit), commit
        assert COMMAND.search(command), command


def test_every_finding_is_told_and_can_fail() -> None:
    """Each script is a row of the page on numerics, ends with an error where something fails, and checks a value."""
    told = (DOCS / "numerics.md").read_text(encoding="utf-8")
    scripts = sorted((ROOT / "findings").glob("*.sh"))
    assert scripts
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert f"`findings/{script.name}`" in told, f"{script.name} is not in docs/numerics.md"
        assert "set -euo pipefail" in text, f"{script.name} goes on after an error"
        assert "sys.exit(" in text, f"{script.name} checks nothing"
    assert re.findall(r"findings/(\w+\.sh)", told) == list(dict.fromkeys(re.findall(r"findings/(\w+\.sh)", told)))
