"""The documents: every block of code runs and says what is shown below it; every command there is can be given."""

from __future__ import annotations

import re
import shlex
import sys
from itertools import zip_longest
from pathlib import Path

import pytest
import warm_processes
from follow_documents import Reader, blocks

from mlp_core.testing import faults
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.laws.books import laws_of

SHRINKS = engine.SHRINKS
ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MADE = [*DOCS.glob("_build/**/*.md"), DOCS / "laws.md", DOCS / "api/command-line.md", *DOCS.glob("api/every-*.md")]
"""made of the code by the build"""
SPAN = re.compile(r"(?<!`)(?P<marks>`+)(?!`)(?P<code>[^\n]+?)(?<!`)(?P=marks)(?!`)")
"""code in a line of Markdown: as many backticks end it as began it (CommonMark 0.31, 6.1)"""
DOCUMENTS = [ROOT / "README.md", *sorted(set(DOCS.rglob("*.md")) - set(MADE))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_block_runs_and_says_what_is_shown(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    reader = Reader(tmp_path)
    monkeypatch.setitem(sys.modules, reader.module.__name__, reader.module)
    found = list(blocks(document))
    try:
        for block, below in zip_longest(found, found[1:]):
            if below is None or "smallest" not in below.text:
                monkeypatch.setattr(engine, "SHRINKS", 5)  # most of the time, where nothing is said of the example
            reader.read(block)
            monkeypatch.setattr(engine, "SHRINKS", SHRINKS)
    finally:
        for written in tmp_path.glob("*.py"):
            sys.modules.pop(written.stem, None)


def commands() -> list[str]:
    """Every command line in a document, in a block or in the text."""
    documents = [*DOCUMENTS, ROOT / "CONTRIBUTING.md"]
    lines = [line for document in documents for block in blocks(document) for line in block.text.splitlines()]
    mentioned = [match["code"] for document in documents for match in SPAN.finditer(document.read_text("utf-8"))]
    lines += [code for code in mentioned if " -" in code]  # else it is but a name
    starts = r"(?:^|&& |\$ |run: )((?:mlp-core|nox|python) .*?)(?= && |  +#|$)"
    return list(dict.fromkeys(found for line in lines for found in re.findall(starts, line.strip())))


def test_commands_are_found() -> None:
    assert len(commands()) > 30


def parsed(lines: list[str]) -> None:
    """Give each command to the command line's own parser, and run none."""
    import typer

    from mlp_core.cli import app

    program = typer.main.get_command(app)
    for line in lines:
        name, *options = shlex.split(line.replace("...", ""))[1:]
        if not name.startswith("-"):
            assert isinstance(program, typer.core.TyperGroup)
            command = program.commands[name]
            print(line, flush=True)
            command.make_context(name, options, resilient_parsing="--help" in options)
    print("all can be given")


def test_the_commands_can_be_given(tmp_path: Path) -> None:
    lines = [line for line in commands() if line.startswith("mlp-core")]
    _, said = warm_processes.Copy(parsed, lines, folder=tmp_path).ended()
    assert said.endswith("all can be given\n"), said


def test_sessions_and_scripts_named_are_there() -> None:
    sessions = re.findall(r"@nox\.session.*\ndef (\w+)", (ROOT / "noxfile.py").read_text("utf-8"))
    for line in commands():
        words = shlex.split(line)
        if words[0] == "nox" and "-s" in words:
            own = words[words.index("-s") + 1 :]
            own = own[: own.index("--")] if "--" in own else own
            assert set(own) <= set(sessions), line
        elif words[0] == "python" and words[1].endswith(".py"):
            assert (ROOT / words[1]).is_file(), line


def test_every_law_says_why_it_matters() -> None:
    laws = {law.name: law for fault in faults.every() for law in laws_of(fault.subject)}
    for law in laws.values():
        assert law.statement, law.name
        assert law.why, f"{law.name}: the second paragraph of its docstring says why it matters"
    assert len({law.why for law in laws.values()}) == len({law.function for law in laws.values()})
