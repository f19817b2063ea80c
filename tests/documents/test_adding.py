"""CONTRIBUTING.md, followed: what it adds is added to a copy of the sources, and its command proves it there."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
import warm_processes

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COPIED = ("mlp_core", "tests", "benchmarks", "pyproject.toml")

ENTRY = re.compile(r"`([\w/]+\.py)`:\n\n```python\n(.*?)```", re.DOTALL)
"""a file, and what is written at its end"""
COMMAND = re.compile(r"^    ((?:mlp-core|python|pytest) .*)\n", re.MULTILINE)
MISTAKE = re.compile(
    r"(?:With(?:\s+the\s+mistake)?\s+`(.+?)`\s+instead\s+of|Without\s+the\s+line)\s+`(.+?)`.*?```text\n(.*?)```",
    re.DOTALL,
)
"""the wrong text, the text that it replaces, and the message about it"""


@dataclass(frozen=True)
class Way:
    """One of the ways to add something."""

    title: str
    text: str

    @property
    def entries(self) -> list[tuple[str, str]]:
        """The text to write and its file: as shown here, or first in the document that is linked."""
        linked = re.findall(r"\]\((docs/[\w-]+\.md)\)", self.text)
        shown = [(ROOT / document).read_text(encoding="utf-8") for document in linked]
        return ENTRY.findall(shown[0])[:1] if shown else ENTRY.findall(self.text)

    @property
    def commands(self) -> list[tuple[str, str]]:
        """The commands that prove it, each with the text between it and the next."""
        begins = [(match[1], match.start(), match.end()) for match in COMMAND.finditer(self.text)]
        ends = pairwise([*begins, ("", len(self.text), 0)])
        return [(command, self.text[begin:end]) for (command, _, begin), (_, end, _) in ends]

    def write(self, folder: Path, wrongly: str = "", rightly: str = "") -> None:
        """Into a copy; with `wrongly` for `rightly`, or without the line of `rightly` if nothing is written for it."""
        for file, block in self.entries:
            if wrongly:
                block = block.replace(rightly, wrongly)
            elif rightly:
                block = re.sub(rf"^.*{re.escape(rightly)}.*\n", "", block, flags=re.MULTILINE)
            before = (ROOT / file).read_text(encoding="utf-8") + "\n\n" if (ROOT / file).exists() else ""
            (folder / file).write_text(before + block, encoding="utf-8")


SECTIONS = GUIDE.partition("\n## Adding something\n")[2].partition("\n## ")[0].split("\n### ")[1:]
WAYS = [Way(*section.split("\n", 1)) for section in SECTIONS]
MISTAKES = [
    pytest.param(way, command, *mistake, id=f"{way.title}: {command}")
    for way in WAYS for command, below in way.commands for mistake in MISTAKE.findall(below)
]  # fmt: skip


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources, with what was compiled of them."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)
        else:
            shutil.copy2(ROOT / name, tmp_path)
    return tmp_path


def run(command: str, folder: Path) -> tuple[int | None, str]:
    """The exit status of a command in a copy, and all it says."""
    return warm_processes.Copy(typed, shlex.split(command), folder=folder).ended()


def typed(words: list[str]) -> None:
    """A command in the working folder, which imports mlp_core from there; all else is imported already."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "mlp_core"]:
        del sys.modules[name]
    sys.path.insert(0, str(Path.cwd()))
    if words[0] == "mlp-core":
        from mlp_core.testing.engine import runner as engine

        engine.SHRINKS = 5  # most of the time, for a smaller example than is asked for here
        warm_processes.command_line(*words[1:], *(["--examples", "25"] if "--list" not in words else []))
    elif words[0] == "python":
        sys.argv = words[1:]
        runpy.run_path(words[1], run_name="__main__")
    else:
        sys.exit(pytest.main([*words[1:], "-W", "ignore"]))  # that its plugins are imported already


def files(folder: Path) -> dict[str, bytes]:
    """The copied files, without compiled ones."""
    every = [path for name in COPIED for path in (folder / name, *(folder / name).rglob("*"))]
    return {str(p.relative_to(folder)): p.read_bytes() for p in every if p.is_file() and p.suffix != ".pyc"}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.title)
def test_one_entry_and_the_command_proves_it(way: Way, copy: Path) -> None:
    before = files(copy)
    way.write(copy)
    changed = [file for file, content in files(copy).items() if content != before.get(file)]
    assert changed == [file for file, _ in way.entries]
    assert len(changed) == (2 if way.title == "A law" else 1)  # a law, and the mistake that it catches
    for command, _ in way.commands:
        status, said = run(command, copy)
        assert status == 0, said
        assert re.search(r"^all lawful: [1-9]|[1-9]\d* mistakes?, 0 holes|[1-9]\d* passed", said, re.MULTILINE), said


@pytest.mark.parametrize(("way", "command", "wrongly", "rightly", "shown"), MISTAKES)
def test_the_same_command_tells_a_mistake(
    way: Way, command: str, wrongly: str, rightly: str, shown: str, copy: Path
) -> None:
    assert sum(block.count(rightly) for _, block in way.entries) == 1
    way.write(copy, wrongly, rightly)
    status, said = run(command, copy)
    assert status == 1, said
    lines = iter(said.splitlines())
    for line in shown.splitlines():
        begin = re.split(r"-?\d|\.\.\.", line)[0]  # numbers differ between machines
        assert any(other.startswith(begin) for other in lines), f"{begin!r} is not in its place in\n{said}"


def test_every_command_is_shown_with_a_mistake() -> None:
    assert [way.title for way in WAYS] == ["An activation", "A loss", "An update rule", "A known mistake", "A law"]
    assert len(MISTAKES) == sum(len(way.commands) for way in WAYS) == 6


def test_the_command_line_and_the_tests_find_all_five(copy: Path) -> None:
    for way in WAYS:
        way.write(copy)
    _, listed = run("mlp-core verify --list", copy)
    for line in (r"  arctan +\d+ laws", r"  pseudo_huber +\d+ laws", r"\* signum +\d+ laws"):
        assert re.search(f"^{line}$", listed, re.MULTILINE), listed
    modules = [
        "tests/laws/test_laws_hold.py", "tests/laws/test_laws_bite.py", "tests/test_properties.py",
        "tests/faults/test_catalogue.py",
    ]  # fmt: skip
    _, collected = run(f"pytest --collect-only -q -m '' {' '.join(modules)}", copy)
    for test in (
        "test_law[arctan-maps-every-number-alone]",
        "test_law[pseudo_huber-has-the-gradient-of-autograd]",
        "test_law[signum-equals-its-reference]",
        "test_every_rule_equals_torch_or_the_textbook[signum]",
        "_shows_them_again[maps-every-number-alone:-softmax]",
        "_shows_them_again[equals-autograd-for-one-sample:-sigmoid_as_a_tanh]",
        "test_an_entry_says_what_is_wrong_and_where_that_comes_from[sigmoid_as_a_tanh]",
    ):
        assert f"{test}\n" in collected, test
