"""What importing costs, and which way imports go: downwards, by the rank of a file's folder, and never in a circle."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from multiprocessing import forkserver
from pathlib import Path

import pytest

import mlp_core
from mlp_core import cli, rules

PACKAGE = Path(mlp_core.__file__).parent
ABOVE_THE_CORE = ("experiment", "testing", "cli")


IMPORTED = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1:]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
import torch
before = set(sys.modules)
from mlp_core import *
print(*set(sys.modules) - before)
from mlp_core import MLP, fit, rules
x, model = torch.ones(4, 1), MLP([1, 1])
options = {"loss": "mse", "rule": rules.get("adam")(), "epochs": 1, "batch_size": 2}
fit(model, x, x, start=fit(model, x, x, **options).checkpoint, **options)
print("torch._dynamo" in sys.modules)
"""
"""Imports mlp_core where the libraries on the command line are missing, and prints what it loads beyond torch's own.

Then it trains, and prints whether that has loaded torch's compiler, which takes seconds."""

NOT_OF_THE_CORE = (
    "hypothesis", "jinja2", "matplotlib", "nbformat", "optuna", "rich", "safetensors", "torchvision", "typer",
)  # fmt: skip


def test_the_core_imports_no_more_than_it_needs_and_stands_without_the_rest() -> None:
    """What importing mlp_core costs beyond torch: its own modules, the rules' not among them, and annotated_types."""
    command = [sys.executable, "-c", IMPORTED, *NOT_OF_THE_CORE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (ours)
    assert done.returncode == 0, done.stderr
    modules, compiler = done.stdout.splitlines()
    loaded = set(modules.split())
    beyond = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert beyond == {"mlp_core", "annotated_types"}
    own = {name for name in loaded if name.startswith("mlp_core.")}
    assert not [name for name in own if name.startswith(tuple(f"mlp_core.{part}" for part in ABOVE_THE_CORE))]
    assert not {f"mlp_core.rules.{name}" for name in rules.names()} & own
    assert compiler == "False"


HELP = """
import sys
from mlp_core.cli import app
for asked in ("--version", "--help", "verify --help", "train --help", "search --help"):
    app(asked.split(), standalone_mode=False)
print(*sys.modules)
"""


def test_help_waits_for_no_library() -> None:
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)  # noqa: S603  (ours)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "mlp_core.experiment.options" in loaded
    assert not {"torch", "numpy", *NOT_OF_THE_CORE} - {"rich", "typer"} & loaded


@pytest.mark.parametrize(
    ("names", "starts"),
    [("here.py", True), ("here.py:f", True), (". here.py", True), ("", False), ("adam", False), ("no.py:f .", False)],
)
def test_files_are_imported_for_before_anything_else_is(
    names: str, starts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(forkserver, "set_forkserver_preload", started.extend)
    monkeypatch.setattr(forkserver, "ensure_running", lambda: None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.py").touch()
    cli._import_for_files(names.split())
    assert started == ["mlp_core.testing.verification.preloaded"] * starts


RANKS = {
    "base": 0, "": 1, "experiment": 2,
    "testing/engine": 2, "testing/examples": 3, "testing/bounds": 4, "testing/subjects": 5,
    "testing/exact": 6, "testing/faults": 6, "testing/oracles": 6, "testing/report": 6,
    "testing/diagnosis": 7, "testing/foreign": 7, "testing/laws": 7, "testing/right": 7,
    "testing/verification": 8, "testing": 9, "cli": 10,
}  # fmt: skip
"""What a file's folder may import: folders of a lower rank, and itself. "" is the core, with rules/."""

APART = {"experiment", "testing"}
"""neither imports the other"""


def names_of(root: Path) -> dict[str, Path]:
    """The modules below the folder of a package, by their dotted names."""
    paths = {path: path.relative_to(root.parent).with_suffix("").parts for path in sorted(root.rglob("*.py"))}
    return {".".join(parts[:-1] if parts[-1] == "__init__" else parts): path for path, parts in paths.items()}


def imports_of(modules: dict[str, Path]) -> dict[str, set[str]]:
    """Which of the modules each imports, lazily or for types alone, too."""
    found: dict[str, set[str]] = {}
    for name, path in modules.items():
        imported = set[str]()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
                    base = ".".join([*package[: len(package) - node.level + 1], *([base] if base else [])])
                parts = {alias.name: f"{base}.{alias.name}" for alias in node.names}
                imported |= {whole if whole in modules and defines(modules, base, part) else base
                             for part, whole in parts.items()}  # fmt: skip
        found[name] = (imported & set(modules)) - {name}
    return found


def defines(modules: dict[str, Path], package: str, part: str) -> bool:
    """Whether `from package import part` gives the module: the package's own file does not define that name.

    `mlp_core.backprop` and `mlp_core.testing.laws` are functions there, although modules have these names.
    """
    path = modules.get(package)
    if path is None:
        return True
    named = (n for n in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(n, ast.ImportFrom))
    return not any(alias.name == part and node.module != package for node in named for alias in node.names)


def folder_of(root: Path, path: Path) -> str:
    """The folder that RANKS has a row for; "cli" for the command line."""
    parts = path.relative_to(root).parts
    if parts == ("cli.py",) or parts[0] == "rules":
        return parts[0].removesuffix(".py").replace("rules", "")
    return "/".join(parts[:-1][: 2 if parts[0] == "testing" else 1])


def upward(root: Path) -> list[str]:
    """Imports that go to a folder of the same rank, or a higher one."""
    modules = names_of(root)
    folders = {name: folder_of(root, path) for name, path in modules.items()}
    return [
        f"{name} ({folders[name] or 'core'}) imports {imported} ({folders[imported] or 'core'})"
        for name, several in imports_of(modules).items() for imported in sorted(several)
        if folders[name] != folders[imported]
        if RANKS[folders[name]] <= RANKS[folders[imported]]
        or {folder.partition("/")[0] for folder in (folders[name], folders[imported])} == APART
    ]  # fmt: skip


def circles(root: Path) -> list[list[str]]:
    """The modules that import each other, directly or through others: a list for each such set."""
    edges, found = imports_of(names_of(root)), list[list[str]]()
    reached: dict[str, set[str]] = {}
    for name in edges:
        seen, ahead = set[str](), [name]
        while ahead:
            new = edges[ahead.pop()] - seen
            seen |= new
            ahead += new
        reached[name] = seen
    for name in sorted(edges):
        circle = sorted(other for other in reached[name] if name in reached[other])
        if circle and circle not in found:
            found.append(circle)
    return found


def test_every_import_goes_to_a_lower_rank_or_stays_in_its_folder() -> None:
    assert not (found := upward(PACKAGE)), "\n".join(["these imports go upwards (RANKS says what may):", *found])


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert not (found := circles(PACKAGE)), "\n".join(["circles:", *map(" ".join, found)])


@pytest.mark.parametrize("how", ["at the top", "in a function", "for types alone", "relative"])
@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("testing/engine/law.py", "mlp_core.testing.laws.books"),
        ("testing/subjects/gradients.py", "mlp_core.testing.diagnosis.explain"),
        ("testing/oracles/gradients.py", "mlp_core.testing.faults.catalogue"),  # the same rank
        ("testing/report/report.py", "mlp_core.testing"),
        ("quotients.py", "mlp_core.testing.engine.law"),
        ("base/errors.py", "mlp_core.equality"),
        ("testing/report/formats.py", "mlp_core.experiment.usage"),  # a lower rank, and not of its house
    ],
)
def test_an_import_planted_upwards_is_found(tmp_path: Path, where: str, what: str, how: str) -> None:
    root = shutil.copytree(PACKAGE, tmp_path / "mlp_core", ignore=shutil.ignore_patterns("__pycache__"))
    (root / where).write_text(planted((root / where).read_text(encoding="utf-8"), where, what, how), encoding="utf-8")
    assert any(f"imports {what} " in line for line in upward(root)), upward(root)


def planted(source: str, where: str, what: str, how: str) -> str:
    """The source of a module that imports one more."""
    if how == "relative":
        package, _, name = what.removeprefix("mlp_core.").rpartition(".")
        dots = "." * (where.count("/") + 1)
        return f"{source}\nfrom {dots}{package} import {name}\n"
    line = f"import {what}"
    if how == "at the top":
        return f"{source}\n{line}\n"
    head = "def late():" if how == "in a function" else "from typing import TYPE_CHECKING\nif TYPE_CHECKING:"
    return f"{source}\n{head}\n    {line}\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mlp_core.testing.engine.evidence", "mlp_core.testing.engine.runner"),  # through law.py
        ("mlp_core.testing.laws.gradients.shared", "mlp_core.testing.laws.gradients.equality"),
        ("mlp_core.rules._segment", "mlp_core.rules._rule"),
    ],
)
def test_a_planted_circle_is_found(tmp_path: Path, one: str, other: str) -> None:
    root = shutil.copytree(PACKAGE, tmp_path / "mlp_core", ignore=shutil.ignore_patterns("__pycache__"))
    path = names_of(root)[one]
    path.write_text(f"{path.read_text(encoding='utf-8')}\ndef late():\n    import {other}\n", encoding="utf-8")
    assert any({one, other} <= set(circle) for circle in circles(root)), circles(root)


def test_the_function_laws_is_not_replaced_by_the_folder_of_its_name() -> None:
    code = "import mlp_core.testing as t; import mlp_core.testing.laws.books; print(callable(t.laws))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603  (ours)
    assert done.stdout == "True\n", done.stderr


def test_a_public_name_is_what_it_was_however_its_file_was_imported() -> None:
    """backprop.py is a file and a function; the package imports both late."""
    import mlp_core.backprop as first
    from mlp_core import backprop, training

    assert first is backprop is mlp_core.backprop
    assert backprop is vars(sys.modules["mlp_core.backprop"])["backprop"]
    assert callable(backprop)
    assert training is sys.modules["mlp_core.training"]
    assert set(mlp_core.__all__) <= set(dir(mlp_core))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        mlp_core.nothing  # type: ignore[attr-defined]  # noqa: B018
