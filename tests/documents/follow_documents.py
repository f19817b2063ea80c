"""A document as its reader would follow it: files written, changes made, Python and commands run, in one folder."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from types import ModuleType

import warm_processes
from markdown_it import MarkdownIt

from mlp_core.testing.engine import runner as engine

FILE = re.compile(r"# ([\w/]+\.\w+)\n")
"""the first line of a block that is a file"""


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its text, the line of the document on which it begins."""

    language: str
    text: str
    line: int


def blocks(document: Path) -> Iterator[Block]:
    """All blocks of a document, in order; the language of an indented one is empty."""
    for token in MarkdownIt().parse(document.read_text(encoding="utf-8")):
        if token.type in ("fence", "code_block"):
            assert token.map is not None
            yield Block(token.info.strip(), token.content, token.map[0] + 1)


@dataclass
class Reader:
    """Follows a document in a folder."""

    folder: Path
    module: ModuleType = field(default_factory=lambda: ModuleType("document"))
    """where the document's Python runs; dataclasses look their module up by its name"""
    printed: str = ""

    def read(self, block: Block) -> None:
        """Do what a block says; a language nobody knows what to do with is an error."""
        if block.language.startswith("{"):
            return  # a directive: the build of the documents runs it
        getattr(self, f"read_{block.language or 'indented'}")(block)

    def read_python(self, block: Block) -> None:
        named = FILE.match(block.text)
        if named:
            file = self.folder / named[1]
            file.parent.mkdir(exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
            return
        said = StringIO()
        with redirect_stdout(said):
            exec(compile(block.text, f"line {block.line}", "exec", dont_inherit=True), vars(self.module))  # noqa: S102  ours
        self.printed = said.getvalue()

    def read_text(self, block: Block) -> None:
        """Output of the Python before it, or an excerpt of a report that is not repeated here."""
        if self.printed:
            check_said(block.text, self.printed)
        self.printed = ""

    def read_diff(self, block: Block) -> None:
        head, _, change = block.text.partition("\n")
        file = self.folder / head.removeprefix("--- ")
        lines = change.splitlines(keepends=True)
        old, new = ("".join(line[1:] for line in lines if line[0] in kept) for kept in (" -", " +"))
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, (old, text)
        file.write_text(text.replace(old, new), encoding="utf-8")

    def read_console(self, block: Block) -> None:
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            check_said(expected, self.said_by(shlex.split(command), numbers="  got  " in expected))

    def said_by(self, command: list[str], *, numbers: bool) -> str:
        if command[0] == "mlp-core":
            main = warm_processes.command_line if numbers else hardly_shrinking
            return warm_processes.Copy(main, *command[1:], folder=self.folder).ended()[1]
        assert command[0] == "python"
        done = subprocess.run(  # noqa: S603  (our own interpreter)
            [sys.executable, *command[1:]], cwd=self.folder, capture_output=True, text=True, check=False
        )  # fmt: skip
        return done.stdout + done.stderr

    def read_yaml(self, block: Block) -> None:
        import yaml

        assert yaml.safe_load(block.text)

    def read_markdown(self, block: Block) -> None:
        """Text that a reader pastes into a document."""

    def read_indented(self, block: Block) -> None:
        """Commands that install, download or take minutes, and formulas: test_documents.py looks at the former."""


def hardly_shrinking(*arguments: str) -> None:
    """The command line, which spends most of its time on the smallest example where a law is broken."""
    engine.SHRINKS = 5
    warm_processes.command_line(*arguments)


VARIES = re.compile(r"\S+ \(\d+%\)")
"""what another activation changes: the worst error of all examples"""


def check_said(expected: str, said: str) -> None:
    """Lines as shown: a line ... matches any lines, and ... in a line matches any part of it."""
    expected = VARIES.sub("...", expected)
    lines = [re.escape(line.rstrip()).replace(r"\.\.\.", ".*") + r" *\n" for line in expected.splitlines()]
    pattern = "".join(r"(?:.*\n)*?" if line == r".* *\n" else line for line in lines)
    assert re.match(pattern + (r"\Z" if lines[-1] != r".* *\n" else ""), said), f"expected:\n{expected}\ngot:\n{said}"
