"""Sphinx: `nox -s docs` builds these pages into docs/_build; a warning ends it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))  # the modules beside this file

import docstrings
import figures
import laws_page
import records_page

import mlp_core

project = "mlp_core"
author = "mlp_core contributors"
project_copyright = "mlp_core contributors, MIT license"
version = release = mlp_core.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
default_role = "code"

autodoc_inherit_docstrings = False  # those of torch are not ours
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
nitpicky = True
# names of torch, Hypothesis and Python have no pages here, nor have the types that only annotate
nitpick_ignore_regex = [("py:.*", r"(?!mlp_core\.).*"), ("py:class", r"mlp_core\.(?:.*\.)?(_\w+|[A-Z]\w*)")]

html_theme = "furo"
html_title = f"mlp_core {release}"
html_static_path: list[str] = []


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the generated pages before Sphinx reads them."""
    here = Path(__file__).parent
    laws_page.write(here / "laws.md")
    records_page.write(here / "api")
    help_page = ["utils", "docs", "--name", "mlp-core", "--title", "The command line"]
    output = ["--output", str(here / "api" / "command-line.md")]
    subprocess.run([sys.executable, "-m", "typer", "mlp_core.cli", *help_page, *output], check=True)  # noqa: S603
    figures.write(here / "figures")
    app.connect("autodoc-process-docstring", docstrings.as_rest)
    return {"parallel_read_safe": True}
