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


HOSTED = re.compile(r"(?:github\.com/|uses: )([\w-]+)/mlp_core\b")


def test_all_addresses_of_the_project_name_one_owner() -> None:
    """The place of publication is not known: OWNER means the account in every place until it is, and each page that
    says OWNER says what to put there."""
    files = [*PAGES, *(ROOT / name for name in ("pyproject.toml", "CITATION.cff")), *DOCS.rglob("*.ipynb")]
    files += ROOT.glob(".github/**/*.yml")
    texts = {file: file.read_text(encoding="utf-8") for file in files if "_build" not in file.parts}
    owners = {owner for text in texts.values() for owner in HOSTED.findall(text)} - {"ACCOUNT"}
    assert len(owners) == 1
    assert ("[project.urls]" in texts[ROOT / "pyproject.toml"]) is (owners != {"OWNER"})
    for file, text in texts.items():
        assert "OWNER" not in text or re.search(r"[Rr]eplace `?OWNER|OWNER is", text), f"{file.name} says OWNER"


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


FIGURE = re.compile(
    r"(?:\d ?|half an |\b(?:one|two|three|four|five|six|seven|eight|nine|ten|forty|few) (?:and a half )?)"
    r"(?:ms|us|s|seconds?|minutes?|min|hours?|MB|GB|KiB|MiB|%)(?![\w%])|\d+ of \d+ (?!laws)"
)
"""a time, a size, a share"""

REPEATED = re.compile(r"`(?:mlp-core|nox|python|pytest|pip|wc|du)\b|measured\.md|docs/figures\.py")
"""what says where a figure is from"""

SETTINGS = {"course-contract.md": ("The limits of a hand-in",)}
"""sections whose figures are settings of ours"""

FROM_DATA = {"gallery.md", "power.md", "same-name.md", "optimizer-packages.md", "measured.md", "CHANGELOG.md"}
"""made by a command that the page names, or tested above"""


@pytest.mark.parametrize("page", [p for p in PAGES if p.name not in FROM_DATA], ids=lambda page: page.stem)
def test_no_section_has_a_figure_without_a_command(page: Path) -> None:
    for section in re.split(r"^#+ ", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
        title, _, text = section.partition("\n")
        plain = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        figures = [found[0] for found in FIGURE.finditer(plain)]
        if figures and title not in SETTINGS.get(page.name, ()):
            assert REPEATED.search(plain), f"{page.name}, {title}: {figures}"


def test_the_page_on_architecture_names_every_file() -> None:
    """A file has its name there, or its folder has, if the page says what all files of the folder are."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    files = [f for f in (ROOT / "mlp_core").rglob("*.py") if f.name != "__init__.py"]
    assert len(files) > 200
    assert not [str(f) for f in files if f"`{f.name}`" not in text and f"`{f.parent.name}/`" not in text]


DRAWN_BY_HAND = {"architecture.svg"}


def test_every_picture_has_a_script_that_draws_it() -> None:
    """A picture of numbers or of a page becomes old; its own script, or that of its folder, draws it again."""
    scripts = [*DOCS.glob("*.py"), *(ROOT / "benchmarks").glob("*.py")]
    texts = "\n".join(script.read_text(encoding="utf-8") for script in scripts)
    pictures = {p for kind in ("svg", "png") for p in DOCS.rglob(f"*.{kind}") if "_build" not in p.parts}
    assert len(pictures) > 20
    for picture in pictures:
        name = picture.name if picture.parent == DOCS else picture.parent.name
        assert name in DRAWN_BY_HAND or f'"{name}"' in texts, f"no script writes {picture.relative_to(ROOT)}"


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
