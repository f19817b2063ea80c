"""verify(...) as the last expression of a cell: what the notebook shows, and the bar while it runs."""

from __future__ import annotations

import builtins
import json
import os
import sys
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from mlp_core.testing import Report, laws, verify
from mlp_core.testing.engine.evidence import place_of
from mlp_core.testing.engine.guards import replaced
from mlp_core.testing.engine.result import Result
from mlp_core.testing.verification import notebook
from mlp_core.testing.verification.verify import run


def wrong_sign(model: Any, y_true: Any, y_pred: Any) -> None:
    with torch.no_grad():
        delta = 2 * (y_true - y_pred) * model.df[model.L](model.z[model.L])
        for layer in range(model.L, 0, -1):
            model.dL_dw[layer], model.dL_db[layer] = delta.T @ model.a[layer - 1], delta.sum(0)
            if layer > 1:
                delta = (delta @ model.fc[str(layer)].weight) * model.df[layer - 1](model.z[layer - 1])


class Balanced(HTMLParser):
    """The tags of a page, and whether each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in ("br", "line", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def html_of(report: Report) -> str:
    html = report._repr_html_()
    assert html is not None
    assert Balanced(html).open == []
    return html


def test_a_failure_is_shown_with_its_network_its_mistake_and_its_laws() -> None:
    report = Report([run(law, examples=5, seed=0) for law in laws(wrong_sign, batch_sizes=(1, 1))[:1]])
    html = html_of(report)
    assert '<svg class="network"' in html
    assert "the loss gradient has the wrong sign" in html
    assert html.count("<tr>") == len(report.results) + 1
    assert 'class="verdict wrong"' in html
    assert "lines that show the first failure again" in html
    assert {"script", "link", "img"}.isdisjoint(Balanced(html).seen)  # nothing is fetched, nothing runs
    assert html.lstrip().startswith('<div class="mlp-core">')


def test_every_verdict_has_its_words() -> None:
    results = [Result(v, "a statement", "f", verdict=v, reason=f"because {v}") for v in ("PASS", "UNTESTED", "SKIP")]
    html = html_of(Report(results, notes={"f": ["a note"]}))
    for words in ("✓ holds", "? untested", " skipped", "because UNTESTED", "because SKIP", "note: a note"):
        assert words in html
    assert "not shown to be right" in html
    assert 'class="verdict untested"' in html


def test_what_is_foreign_is_escaped() -> None:
    bad = "<script>alert(1)</script>"
    said = dict.fromkeys(("reason", "where", "got", "expected", "snippet", "diagnosis"), bad)
    result = Result(bad, bad, bad, verdict="FAIL", **said)  # type: ignore[arg-type]
    html = html_of(Report([result], notes={bad: [bad]}))
    assert "<script" not in html


def test_without_jinja2_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert Report([Result("a", "", "f")])._repr_html_() is None


class Handle:
    def __init__(self, first: Any, shown: list[Any]) -> None:
        self.shown = shown
        shown.append(first)

    def update(self, now: Any) -> None:
        self.shown.append(now._repr_mimebundle_([], []) if hasattr(now, "_repr_mimebundle_") else now.data)


@pytest.fixture
def in_a_kernel(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The display of a cell meanwhile."""
    import IPython.display

    shown: list[Any] = []
    named = SimpleNamespace(format_code_name=lambda name: ("Cell", "In[3]") if "ipykernel" in name else None)
    shell = SimpleNamespace(kernel=object(), compile=named)
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: shell)
    monkeypatch.setattr(IPython.display, "display", lambda thing, **_: Handle(thing, shown))
    monkeypatch.setattr(notebook, "MOMENT", 0.0)
    return shown


def test_a_bar_is_shown_while_it_runs_and_gone_at_the_end(in_a_kernel: list[Any]) -> None:
    report = verify("relu", examples=5)
    assert len(report.results) == 3
    assert len(in_a_kernel) > 10
    texts = [shown["text/plain"] for shown in in_a_kernel[1:-1]]
    assert "0/3" in texts[0]
    assert "2/3" in texts[-1]
    assert report.results[-1].law[:20] in texts[-1]
    assert in_a_kernel[-1] == ""


def test_a_bar_is_gone_after_an_interrupt(in_a_kernel: list[Any]) -> None:
    bar = notebook.bar(3, None)
    assert bar.__enter__() is not None
    assert not bar.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)  # it goes on
    assert in_a_kernel[-1] == ""


def test_nobody_is_shown_a_bar_who_watches_or_is_no_notebook(
    in_a_kernel: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Result] = []
    verify("relu", examples=5, progress=seen.append)
    assert seen
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: None)
    verify("relu", examples=5)
    assert in_a_kernel == []


def test_a_line_of_a_cell_is_named_by_the_cell(in_a_kernel: list[Any]) -> None:
    code = compile("\n1/0", f"{os.sep}tmp{os.sep}ipykernel_12{os.sep}345.py", "exec")
    with pytest.raises(ZeroDivisionError) as caught:
        exec(code)  # noqa: S102  (ours)
    assert place_of(caught.value).startswith("In[3], line 2")
    assert in_a_kernel == []


def test_the_input_of_a_kernel_is_nobody_s_doing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is another for every cell."""

    def raw_input(*_: object) -> str:
        return ""

    raw_input.__module__ = "ipykernel.kernelbase"
    monkeypatch.setattr(builtins, "input", raw_input)
    assert replaced() == []
    assert builtins.input is raw_input
    monkeypatch.setattr(builtins, "input", lambda *_: "")
    assert replaced() == ["builtins.input"]


@pytest.mark.parametrize(("files", "words"), [
    ([], ""),
    (["a.R", "b.zip"], "not read: a.R, b.zip"),
    ([f"{k}.p" for k in range(20)], f"not read: {', '.join(f'{k}.p' for k in range(12))} and 8 more"),
])  # fmt: skip
def test_files_that_were_not_read_are_listed(files: list[str], words: str) -> None:
    report = Report([Result("a", "", "f")], not_read=files)
    assert report.passed_over == words
    assert words in html_of(report)
    assert json.loads(report.to_json())["not_read"] == files
