"""Where a library is missing, a command says in one line how to get it, before it does or writes anything."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from warm_processes import Copy, command_line, pasted

import mlp_core

EXTRAS = {
    "experiment": ("torchvision", "safetensors", "matplotlib", "jinja2", "optuna"),
    "report": ("jinja2", "matplotlib"),
}
COMMANDS = {
    "train": ("experiment", ("torchvision", "safetensors", "matplotlib")),
    "search": ("experiment", EXTRAS["experiment"]),
    "verify": ("report", EXTRAS["report"]),
}
"""by command: the extra it needs, and what it needs of it, in the order in which it looks"""

ARGUMENTS = {
    "train": ("--data", "cifar2", "--out", "out"),
    "search": ("--data", "cifar2", "--out", "out"),
    "verify": ("relu", "--examples", "5", "--html", "out/report.html", "--json", "out/report.json"),
}


class Missing:
    """Finds none of these libraries."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def without(names: Sequence[str], main: Callable[..., object], *arguments: Any) -> None:
    """main(*arguments) where these libraries are missing."""
    for name in list(sys.modules):  # the copied process has imported them, and mlp_core with them
        if name.partition(".")[0] in (*names, "mlp_core"):
            del sys.modules[name]
    sys.meta_path.insert(0, Missing(names))  # type: ignore[arg-type]
    main(*arguments)


def said_without(names: Sequence[str], folder: Path, command: str, *arguments: str) -> str:
    """The message of a command that ends with 2 and leaves nothing behind."""
    status, said = Copy(without, names, command_line, command, *arguments, folder=folder).ended()
    assert status == 2, said
    assert [path.name for path in folder.iterdir()] == ["said.txt"]
    return said.removeprefix(f"mlp-core {command}: loading\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_without_its_extra_a_command_names_it(command: str, tmp_path: Path) -> None:
    extra, needed = COMMANDS[command]
    said = said_without(EXTRAS[extra], tmp_path, command, *ARGUMENTS[command])
    assert said.startswith(f"error: {needed[0]}")
    assert said.endswith(f'); pip install "mlp_core[{extra}]"\n')
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "library"),
    [(command, library) for command, (_, needed) in COMMANDS.items() for library in needed[1:]],
)
def test_each_library_of_an_extra_is_missed_by_name(command: str, library: str, tmp_path: Path) -> None:
    extra, needed = COMMANDS[command]
    if not all(map(find_spec, needed)):
        pytest.skip(f"the extra {extra} is not installed: another library is missed before {library}")
    said = said_without([library], tmp_path, command, *ARGUMENTS[command])
    assert said.startswith(f"error: {library}")
    assert said.endswith(f"(No module named '{library}'); pip install \"mlp_core[{extra}]\"\n")
    assert said.count("\n") == 1


def missed(library: str) -> str:
    return f"{library} is needed here and does not import (No module named '{library}'); pip install mlp_core\n"


def test_what_every_installation_brings_is_missed_in_a_line_too(tmp_path: Path) -> None:
    assert said_without(["hypothesis"], tmp_path, "verify", "relu") == "error: " + missed("hypothesis")


def test_a_notebook_is_missed_its_reader(tmp_path: Path) -> None:
    """The process that looks into the file is the one that misses it, and the command says so."""
    (tmp_path / "hand_in.ipynb").write_text("{}", encoding="utf-8")
    (tmp_path / "missing").mkdir()
    lines = 'raise ModuleNotFoundError("No module named \'nbformat\'", name="nbformat")'
    (tmp_path / "missing" / "nbformat.py").write_text(lines, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path / "missing"), str(Path(mlp_core.__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, "-c", "from mlp_core.cli import main; main()", "verify", "hand_in.ipynb"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout.startswith("mlp_core ")
    assert done.stderr.endswith("error: " + missed("nbformat"))


@pytest.mark.parametrize("library", ["hypothesis", "rich"])
def test_the_battery_says_what_it_misses(library: str, tmp_path: Path) -> None:
    lines = "try:\n    import mlp_core.testing\nexcept ImportError as error:\n    print(error)"
    status, said = Copy(without, [library], pasted, lines, folder=tmp_path).ended()
    assert (status, said) == (0, missed(library))


def test_the_version_is_told_without_the_battery_and_without_the_experiment(tmp_path: Path) -> None:
    """torch is imported all the same: every module of mlp_core imports mlp_core itself, which is the core."""
    libraries = ["hypothesis", "nbformat", "numpy", *EXTRAS["experiment"]]
    status, said = Copy(without, libraries, command_line, "--version", folder=tmp_path).ended()
    assert status == 0, said
    assert said.startswith("mlp_core ")
    assert said.count("\n") == 1
