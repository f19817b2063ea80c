"""The report as one self-contained page and as the output of a notebook cell. Neither loads anything from elsewhere."""

from __future__ import annotations

from typing import Any

import torch

import mlp_core
from mlp_core.base.extras import need
from mlp_core.testing.report.findings import Findings
from mlp_core.testing.report.formats import told


def page(report: Findings) -> str:
    """The HTML. Raises MissingExtra without jinja2 or matplotlib (the extra `report`)."""
    environment = _environment()
    need("matplotlib.figure", "report")
    from mlp_core.testing.report.page import network, plots, view

    environment.filters.update(
        network=network.drawn, by_tensor=plots.by_tensor, by_step=plots.by_step, by_update=plots.by_update,
        short=network.short, lines=view.lines,
    )
    subjects = view.subjects(report)
    html: str = environment.get_template("page.html.jinja").render(
        report=report, subjects=subjects, tables=view.tables(subjects), counts=view.counts(report),
        versions=f"mlp_core {mlp_core.__version__}, torch {torch.__version__}",
    )  # fmt: skip
    return html


def in_a_cell(report: Findings) -> str:
    """The output of a notebook cell: each verdict, its laws, and a drawing of the first failing network. Raises
    MissingExtra without jinja2.
    """
    environment = _environment()
    from mlp_core.testing.report.page import network, view

    environment.filters.update(network=network.drawn, lines=view.lines)
    html: str = environment.get_template("cell.html.jinja").render(
        report=report, subjects=view.subjects(report), counts=view.counts(report), told=told
    )
    return html


def _environment() -> Any:
    jinja2 = need("jinja2", "report")
    return jinja2.Environment(
        loader=jinja2.PackageLoader("mlp_core.testing.report", "page"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
