"""The report as one self-contained page: no script, style, font or picture is fetched from anywhere."""

from __future__ import annotations

import torch

import mlp_core
from mlp_core.base.extras import need
from mlp_core.testing.report.findings import Findings


def page(report: Findings) -> str:
    """The HTML. Raises MissingExtra without jinja2 or matplotlib (the extra `report`)."""
    jinja2 = need("jinja2", "report")
    need("matplotlib.figure", "report")
    from mlp_core.testing.report.page import network, plots, view

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mlp_core.testing.report", "page"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.filters.update(
        network=network.drawn, by_tensor=plots.by_tensor, by_step=plots.by_step, short=network.short
    )
    subjects = view.subjects(report)
    html: str = environment.get_template("page.html.jinja").render(
        report=report, subjects=subjects, tables=view.tables(subjects), counts=view.counts(report),
        versions=f"mlp_core {mlp_core.__version__}, torch {torch.__version__}",
    )  # fmt: skip
    return html
