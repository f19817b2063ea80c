"""Adding a rule touches one file: docs/adding-a-rule.md is followed, in a copy of the package."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "adding-a-rule.md").read_text(encoding="utf-8"), re.DOTALL)

EVERYWHERE = """
import json
import sys
import pytest
pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "tests/test_laws_hold.py", "tests/test_properties.py"])
from mlp_core import rules
from mlp_core.cli import main
from mlp_core.testing.resolve import core_subjects, default_subjects
print("EVERYWHERE", json.dumps([list(rules.names()), list(core_subjects()), default_subjects()]))
sys.argv = ["mlp-core", "verify", "signum", "--examples", "50"]
main()
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package and its tests, with one file more."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("mlp_core", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "mlp_core" / "rules" / "signum.py").write_text(BLOCKS[0], encoding="utf-8")
    return folder


def test_one_file_more_and_the_rule_is_everywhere(copy: Path) -> None:
    added = {p.relative_to(copy / "mlp_core") for p in (copy / "mlp_core").rglob("*.py")} - {
        p.relative_to(ROOT / "mlp_core") for p in (ROOT / "mlp_core").rglob("*.py")
    }
    assert added == {Path("rules/signum.py")}
    environment = {**os.environ, "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", EVERYWHERE], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    names, subjects, defaults = json.loads(done.stdout.partition("EVERYWHERE ")[2].splitlines()[0])
    assert "signum" in names
    assert "signum" in subjects
    assert "signum" in defaults
    assert "test_law[signum-equals-its-reference]" in done.stdout
    assert "test_every_rule_equals_torch_or_the_textbook[signum]" in done.stdout
    assert "all lawful: 16 laws hold, 0 broken, 1 skipped" in done.stdout


def test_the_other_blocks_run() -> None:
    for block in BLOCKS[1:]:
        exec(compile(block, "adding-a-rule.md", "exec", dont_inherit=True), {"__name__": "docs"})  # noqa: S102  our own
