"""Runs statements of a file in a separate module, as part of the package that the file is in."""

from __future__ import annotations

import ast
import asyncio
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType

from mlp_core.testing.engine.source import FILE
from mlp_core.testing.foreign.reading.cell import FLAGS


def module_for(path: Path, written: Mapping[str, str], relative: bool) -> ModuleType:
    """An empty module for a file. It can import the modules in the file's folder, and those that the file's cells
    write.

    relative: whether the file uses `from .helpers import f`; it is then run as part of its folder's package.
    """
    name = path.stem if path.stem not in sys.modules else f"{path.stem} (a hand-in)"
    module = ModuleType(name)
    module.__file__ = module.__dict__[FILE] = str(path)
    sys.modules[name] = module
    folder = path.resolve().parent
    sys.path.insert(0, str(folder))
    if relative:
        root, package = folder.parent, folder.name
        while (root / "__init__.py").is_file():
            root, package = root.parent, f"{root.name}.{package}"
        module.__dict__["__package__"] = package
        sys.path.append(str(root))
    if written:
        sys.meta_path.insert(0, Written(written))
    module.__dict__["get_ipython"] = lambda: None
    module.__dict__["display"] = print
    return module


def run(node: ast.stmt, label: str, module: ModuleType) -> None:
    """Run one top-level statement; `await` in it is awaited, as in a notebook."""
    tree = ast.Module([_AsMain().visit(node)], type_ignores=[])
    code: CodeType = compile(tree, label, "exec", FLAGS, dont_inherit=True)  # not this module's __future__
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, module.__dict__))  # noqa: S307  (as below)
    else:
        exec(code, module.__dict__)  # noqa: S102  (this is what a hand-in is for; in a process of its own)
    if _imports(node, "jax"):
        sys.modules["jax"].config.update("jax_enable_x64", True)  # else float32; a file that says so itself still can


def _imports(node: ast.stmt, package: str) -> bool:
    """Whether a statement imports a package, or something of it."""
    match node:
        case ast.Import(names=several):
            return any(one.name.partition(".")[0] == package for one in several)
        case ast.ImportFrom(module=str(module), level=0):
            return module.partition(".")[0] == package
    return False


class _AsMain(ast.NodeTransformer):
    """Runs `if __name__ == "__main__"` if a name that it binds is needed."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return node  # definitions are unchanged

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        named = node.id == "__name__" and isinstance(node.ctx, ast.Load)
        return ast.copy_location(ast.Constant("__main__"), node) if named else node


class Written(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Importable modules that a cell writes to a file beside the notebook, with their written text."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        file = name.replace(".", "/")
        package = f"{file}/__init__.py" in self.files or (
            any(one.startswith(f"{file}/") for one in self.files) and path is None and not _elsewhere(name)
        )
        if package or f"{file}.py" in self.files:
            return importlib.util.spec_from_loader(name, self, is_package=package)
        return None

    def exec_module(self, module: ModuleType) -> None:
        file = module.__name__.replace(".", "/")
        text = self.files.get(f"{file}.py", self.files.get(f"{file}/__init__.py", ""))
        exec(compile(text, f"{file}.py", "exec", dont_inherit=True), module.__dict__)  # noqa: S102  (as above)


def _elsewhere(name: str) -> bool:
    """Whether a folder with that name exists beside the notebook."""
    return importlib.machinery.PathFinder.find_spec(name) is not None
