"""What importing costs: the core alone needs torch and annotated-types, and imports downwards only."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import mlp_core

PACKAGE = Path(mlp_core.__file__).parent
ABOVE_THE_CORE = ("experiment", "testing", "cli")


def test_the_core_imports_neither_the_battery_nor_its_libraries() -> None:
    command = [sys.executable, "-c", "import sys, mlp_core; print(*sys.modules)"]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()  # noqa: S603  (ours)
    unwanted = {"hypothesis", "typer", "rich", "torchvision", "matplotlib", "safetensors", "optuna"}
    assert not unwanted & set(loaded)
    assert not [name for name in loaded if name.startswith(tuple(f"mlp_core.{part}" for part in ABOVE_THE_CORE))]


def test_no_module_of_the_core_names_a_part_above_it() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0].removesuffix(".py") in ABOVE_THE_CORE:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            assert not module.startswith(tuple(f"mlp_core.{part}" for part in ABOVE_THE_CORE)), (path, module)
