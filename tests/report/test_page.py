"""The page for people: whole by itself, well formed, with what is wrong marked in the smallest example."""

from __future__ import annotations

import math
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from mlp_core import MLP, Trace, activations, backprop, losses
from mlp_core.base.extras import MissingExtra
from mlp_core.cli import app
from mlp_core.testing import Report, verify
from mlp_core.testing.diagnosis.picture import LARGEST, exhibit
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.engine.result import Result
from mlp_core.testing.examples.problem import Problem
from mlp_core.testing.report.formats import diagnoses
from mlp_core.testing.report.page import view
from mlp_core.testing.subjects.gradients import GradientSubject


def of_the_first_sample(model: MLP, trace: Trace, dL_dy: torch.Tensor) -> None:
    """Right except for the bias gradients, which are delta of the first sample."""
    backprop(model, trace, dL_dy)
    rows = slice(0, 1)
    first = Trace(tuple(z[rows] for z in trace.z), tuple(a[rows] for a in trace.a))
    weights = [w.grad.clone() for w in model.weights]
    backprop(model, first, dL_dy[rows])
    for w, g in zip(model.weights, weights, strict=True):
        w.grad.copy_(g)


def raises(model: MLP, trace: Trace, dL_dy: torch.Tensor) -> None:
    raise ValueError("<b>no</b>")


def with_a_column_too_many(model: MLP, trace: Trace, dL_dy: torch.Tensor) -> None:
    """The last layer's weight gradient has one."""
    backprop(model, trace, dL_dy)
    model._parameters[f"W{model.L}"] = wide = torch.nn.Parameter(torch.zeros(1, 4, dtype=torch.float64))
    wide.grad = torch.zeros(1, 4, dtype=torch.float64)


def problem(sizes: tuple[int, ...] = (2, 3, 1), batch: int = 2) -> Problem:
    """Every number 1, but x, whose rows differ."""
    f = activations.get("tanh")
    shapes = [shape for n, m in pairwise(sizes) for shape in ((m, n), (m,))]
    x = torch.arange(batch * sizes[0], dtype=torch.float64).reshape(batch, sizes[0]) / 8
    ones = tuple(torch.ones(shape, dtype=torch.float64) / 4 for shape in shapes)
    y = torch.ones(batch, sizes[-1], dtype=torch.float64)
    return Problem(sizes, (f,) * (len(sizes) - 1), ones, x, y, losses.get("squared_error"))


def shown(function: Any, example: Problem) -> dict[str, Any]:
    found = exhibit(GradientSubject(function, function.__name__), example)
    assert found is not None
    return found


def test_an_exhibit_marks_the_entries_that_rounding_does_not_explain() -> None:
    wrong = shown(of_the_first_sample, problem())
    assert [entry[0] for entry in wrong["wrong"]] == [1, 1, 1, 3]  # all of b1, b2
    fine = [name for name, error in zip(wrong["names"], wrong["errors"], strict=True) if error < 1e-12]
    assert fine == ["W1", "W2"]
    assert min(wrong["curve"]) > 1e-2
    assert min(wrong["reference"]) < 1e-9
    assert wrong["a"][0] == [0.0, 0.125]
    assert wrong["samples"] == 2


def test_nothing_is_marked_where_the_gradient_is_right() -> None:
    right = shown(backprop, problem())
    assert not right["wrong"]
    assert right["curve"] == right["reference"]


def test_it_is_told_where_a_pre_activation_lies_on_a_kink() -> None:
    assert not shown(backprop, problem())["kink"]
    at_zero = problem((1, 1))
    at_zero.parameters[1].zero_()
    relu = replace(at_zero, activations=(activations.get("relu"),))
    assert shown(backprop, relu)["kink"]


def test_a_mistake_is_said_once_with_the_first_entry_that_shows_it() -> None:
    words = [f"f' is left out ({where}: 1 instead of 0)" for where in ("b1, entry (0,)", "W2, entry (0, 1)")] + ["it"]
    named = [replace(result("a", "b", "FAIL"), diagnosis=one) for one in words]
    assert diagnoses(named) == [words[0], words[2]]


def test_a_mistake_of_a_rule_is_named_once() -> None:
    words = [f"the velocity: an average (step {k}: params[0], entry (0,): {k}, as observed)" for k in (1, 2)]
    named = [Result("a", "", "f", verdict="FAIL", diagnosis=one) for one in words]
    assert diagnoses(named) == words[:1]


def test_an_exhibit_of_a_function_that_raises_has_no_gradients() -> None:
    none = shown(raises, problem())
    assert (none["got"], none["curve"], none["wrong"], none["errors"]) == ([], [], [], [])


def test_a_tensor_of_a_wrong_shape_is_marked_whole() -> None:
    wrong = shown(with_a_column_too_many, problem())
    assert [g is None for g in wrong["got"]] == [False, False, True, False]
    assert wrong["wrong"] == [[2, 0, j] for j in range(3)]
    assert wrong["errors"][2] == math.inf
    assert set(wrong["curve"]) == {math.inf}


def test_a_network_too_large_to_draw_is_not_shown() -> None:
    assert exhibit(GradientSubject(backprop, "f"), problem((LARGEST, 1))) is None


def test_the_gradient_of_an_infinite_number_is_marked_nowhere_where_it_is_what_it_must_be() -> None:
    example = problem()
    example.x[0, 0] = math.inf
    assert not shown(backprop, example)["wrong"]


class Page(HTMLParser):
    """The contents of a page: whether its elements are closed in order, its ids, and what it would fetch."""

    VOID = ("meta", "link", "br")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.fetched: list[str] = []
        self.marked: list[str] = []
        self.tags: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            self.ids += [value or ""] if name == "id" else []
            fetches = name in ("src", "href", "xlink:href", "srcset") and not (value or "").startswith(("#", "data:,"))
            self.fetched += [f"{tag} {value}"] if fetches else []
            self.marked += [f"{tag}.{value}"] if name == "class" and "wrong" in (value or "").split() else []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, (tag, self.getpos())


def html_of(report: Report, folder: Path) -> str:
    pytest.importorskip("matplotlib", reason="the extra report is not installed")
    report.to_html(folder / "page.html")
    return (folder / "page.html").read_text(encoding="utf-8")


def test_the_page_of_one_subject_is_whole_and_marks_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SHRINKS", 5)  # how small the example gets is not looked at here
    with globals_kept():
        report = verify(of_the_first_sample, examples=8)
    html = html_of(report, tmp_path)
    page = Page(html)
    assert not page.fetched
    assert "url(http" not in html
    assert len(page.ids) == len(set(page.ids))
    assert "circle.unit wrong" in page.marked
    assert "line.edge wrong" not in page.marked
    assert "the bias gradient is delta of the first sample only" in html
    assert html.count('<div class="broken">') == sum(r.verdict == "FAIL" for r in report.results)
    assert "var(--wrong)" in html  # the plots take the page's colours
    assert "#000003" not in html


def test_what_a_subject_says_is_text_and_no_markup(tmp_path: Path) -> None:
    with globals_kept():
        report = verify(raises, examples=3)
    report.results = report.results[:1]
    html = html_of(report, tmp_path)
    assert "<b>no</b>" not in html
    assert "&lt;b&gt;no&lt;/b&gt;" in html
    Page(html)


def result(subject: str, law: str, verdict: str = "PASS", *, asked: bool = True) -> Result:
    return Result(law, f"what {law} says", subject, verdict=verdict, asked=asked)


def test_several_subjects_are_tables_of_the_laws_they_share(tmp_path: Path) -> None:
    told = [result("c.py:f", "first", "PASS"), result("c.py:f", "second", "FAIL", asked=False)]
    report = Report(
        [
            result("a.py:f", "first"), result("a.py:f", "second", "SKIP"), result("b.py:f", "can be loaded", "FAIL"),
            *told, result("sgd", "steps"), result("sgd", "resumes"), result("adam", "steps"),
        ]
    )  # fmt: skip
    subjects = view.subjects(report)
    assert [s.name for s in subjects] == ["a.py", "b.py", "c.py", "sgd", "adam"]
    assert [s.mark for s in subjects] == ["right", "wrong", "partly", "right", "right"]
    hand_ins, rules = view.tables(subjects)
    assert [s.name for s in hand_ins.subjects] == ["a.py", "b.py", "c.py"]
    assert [law for law, _ in hand_ins.laws] == ["first", "second"]
    assert [s.name for s in rules.subjects] == ["sgd", "adam"]
    page = Page(html_of(report, tmp_path))
    assert page.tags.count("button") == 3 + 2 + 3 + 2
    assert {"s0", "s1", "s2", "s3", "s4"} <= set(page.ids)


def test_one_that_cannot_be_loaded_has_a_page_of_its_own(tmp_path: Path) -> None:
    report = Report([result("a.py:f", "can be loaded", "FAIL")], headlines={"a.py:f": "SyntaxError: no"})
    assert "SyntaxError: no" in html_of(report, tmp_path)


def test_the_command_misses_what_the_page_needs_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    def missing(name: str) -> None:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr("mlp_core.base.extras.import_module", missing)
    done = CliRunner().invoke(app, ["verify", "relu", "--html", str(tmp_path / "page.html")])
    assert done.exit_code == 2
    assert 'pip install "mlp_core[report]"' in done.output
    assert "relu" not in done.output
    with pytest.raises(MissingExtra):
        Report([result("a", "b")]).to_html(tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra report is not installed")
    path = tmp_path / "deep" / "page.html"
    done = CliRunner().invoke(app, ["verify", "relu", "--examples", "10", "--jobs", "1", "--html", str(path)])
    assert done.exit_code == 0, done.output
    assert "relu" in path.read_text(encoding="utf-8")
    assert [p.name for p in path.parent.iterdir()] == ["page.html"]
