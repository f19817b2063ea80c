"""Which module of a package imports which, and the imports that the ranks of the folders forbid."""

from __future__ import annotations

import ast
from pathlib import Path

RANKS = {
    "base": 0, "": 1, "experiment": 2,
    "testing/engine": 2, "testing/examples": 3, "testing/bounds": 4, "testing/subjects": 5,
    "testing/exact": 6, "testing/faults": 6, "testing/oracles": 6, "testing/report": 6,
    "testing/diagnosis": 7, "testing/foreign": 7, "testing/laws": 7, "testing/right": 7,
    "testing/verification": 8, "testing": 9, "cli": 10,
}  # fmt: skip
"""The folders that a file's folder may import: folders of a lower rank, and itself. "" is the core, with rules/."""

APART = {"experiment", "testing"}
"""neither imports the other"""


def names_of(root: Path) -> dict[str, Path]:
    """The modules below the folder of a package, by their dotted names."""
    paths = {path: path.relative_to(root.parent).with_suffix("").parts for path in sorted(root.rglob("*.py"))}
    return {".".join(parts[:-1] if parts[-1] == "__init__" else parts): path for path, parts in paths.items()}


def imports_of(modules: dict[str, Path]) -> dict[str, set[str]]:
    """Which of the modules each imports, lazily, by `later`, or for types alone, too."""
    found: dict[str, set[str]] = {}
    for name, path in modules.items():
        imported = set[str]()
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Constant) and "import later" in source:
                imported |= {node.value} & modules.keys() if isinstance(node.value, str) else set()
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


def planted(source: str, where: str, what: str, how: str) -> str:
    """The source of a module that imports one more."""
    if how == "relative":
        package, _, name = what.removeprefix("mlp_core.").rpartition(".")
        dots = "." * (where.count("/") + 1)
        return f"{source}\nfrom {dots}{package} import {name}\n"
    line = f"import {what}"
    if how == "by later":
        return f'{source}\nfrom mlp_core.base.lazy import later\nlate = later("{what}", "name")\n'
    if how == "at the top":
        return f"{source}\n{line}\n"
    head = "def late():" if how == "in a function" else "from typing import TYPE_CHECKING\nif TYPE_CHECKING:"
    return f"{source}\n{head}\n    {line}\n"
