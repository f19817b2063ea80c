"""What importing costs: the core alone needs torch and annotated-types, and imports downwards only."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import mlp_core
from mlp_core import rules

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
import mlp_core
print(*set(sys.modules) - before)
"""
"""imports mlp_core where the libraries on the command line are missing, and prints what it loads beyond torch's own"""

NOT_OF_THE_CORE = (
    "hypothesis", "jinja2", "matplotlib", "nbformat", "optuna", "rich", "safetensors", "torchvision", "typer",
)  # fmt: skip


def test_the_core_imports_no_more_than_it_needs_and_stands_without_the_rest() -> None:
    """What importing mlp_core costs beyond torch: its own modules, the rules' not among them, and annotated_types."""
    command = [sys.executable, "-c", IMPORTED, *NOT_OF_THE_CORE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (ours)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    beyond = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert beyond == {"mlp_core", "annotated_types"}
    own = {name for name in loaded if name.startswith("mlp_core.")}
    assert not [name for name in own if name.startswith(tuple(f"mlp_core.{part}" for part in ABOVE_THE_CORE))]
    assert not {f"mlp_core.rules.{name}" for name in rules.names()} & own


def test_no_module_of_the_core_names_a_part_above_it() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0].removesuffix(".py") in ABOVE_THE_CORE:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            assert not module.startswith(tuple(f"mlp_core.{part}" for part in ABOVE_THE_CORE)), (path, module)
