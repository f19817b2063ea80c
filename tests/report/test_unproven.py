"""The words for a subject with an untested law, or with an unchecked formula: never "lawful"."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch
from rich.console import Console

from mlp_core.testing import Report, Result, assert_lawful, subjects, verify
from mlp_core.testing.report.findings import NO_FORMULA
from mlp_core.testing.report.formats import junit, table
from mlp_core.testing.report.page import view
from mlp_core.testing.report.report import table as printed


def result(law: str, verdict: str = "PASS", reason: str = "", **options: Any) -> Result:
    options = {"judges": True, **options}
    return Result(law, f"what {law} says", "f", verdict=verdict, reason=reason, **options)


FEW = "none of 20 examples counted; run more: examples=100"
UNTESTED = result("b", "UNTESTED", FEW)
SKIPPED = result("c", "SKIP", "not claimed")
UNJUDGED = "not shown to be right: no law could check its numbers"
UNPROVEN = f"not shown to be right: 1 law could not be tested, because {FEW}"
BARE = [result("purity", judges=False), result("equals its reference", "SKIP", "no reference")]
"""the results of an optimizer without a reference"""


def shown(report: Report) -> str:
    console = Console(width=120, file=io.StringIO(), force_terminal=False)
    console.print(report)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_reason_that_several_laws_share_is_printed_once_per_subject() -> None:
    both = [UNTESTED, result("d", "UNTESTED", FEW)]
    other = [replace(one, subject="g") for one in both]
    assert shown(Report([*both, SKIPPED, *other])).count("none of 20 examples") == 2 + 2  # and in the verdicts
    lines = [line.strip() for line in shown(Report(both)).splitlines()]
    assert lines.count("for the same reason") == 1


@pytest.mark.parametrize(("results", "ok", "verdict"), [
    ([result("a"), SKIPPED], True, "lawful"),
    ([result("a"), UNTESTED], False, UNPROVEN),
    ([result("a"), UNTESTED, UNTESTED], False, UNPROVEN.replace("1 law", "2 laws")),
    ([result("a", "FAIL"), UNTESTED], False, "1 law broken"),
    ([result("a", "FAIL"), result("b", "FAIL"), UNTESTED], False, "2 laws broken"),
    (BARE, True, f"lawful; {NO_FORMULA}"),
    ([result("purity", judges=False)], True, "lawful"),
    ([result("purity", judges=False), result("a", "SKIP", "not run: too late", disputed=1)], False, UNJUDGED),
    ([SKIPPED], False, "nothing was checked"),
    ([result("a"), result("b", "UNTESTED", FEW, asked=False)], True, "lawful"),
])  # fmt: skip
def test_ok_and_the_headline(results: list[Result], ok: bool, verdict: str) -> None:
    report = Report(results)
    assert (report.ok, report.verdict("f")) == (ok, verdict)


def test_one_subject_that_is_not_shown_to_be_right_is_enough() -> None:
    other = Result("a", "", "another", judges=True)
    assert Report([other, result("a")]).ok
    assert not Report([other, UNTESTED]).ok
    assert not Report([other, SKIPPED]).ok


def test_an_untested_row_shows_its_reason_and_an_exhausted_one_what_was_tried() -> None:
    tried = result("a", reason="all 4 examples there are were tried", exhausted=True)
    lines = [line.strip() for line in shown(Report([tried, UNTESTED])).splitlines()]
    words = " ".join(lines)
    assert "UNTESTED" in words
    assert "none of 20 examples counted; run more: examples=100" in words
    assert "all 4 examples there are were tried" in words


def test_the_json_says_it() -> None:
    whole = json.loads(Report([result("a", exhausted=True), UNTESTED]).to_json())
    assert (whole["ok"], whole["verdicts"]) == (False, {"f": UNPROVEN})
    assert [(r["verdict"], r["exhausted"], r["judges"]) for r in whole["results"]] == [
        ("PASS", True, True), ("UNTESTED", False, True),
    ]  # fmt: skip


def test_junit_skips_the_case_and_is_not_green() -> None:
    (suite,) = ElementTree.fromstring(junit(Report([result("a"), UNTESTED, SKIPPED])))
    assert {k: suite.get(k) for k in ("tests", "failures", "skipped", "errors")} == {
        "tests": "4", "failures": "0", "skipped": "2", "errors": "1",
    }  # fmt: skip
    assert [s.get("message") for s in suite.iter("skipped")] == [f"untested: {FEW}", "not claimed"]
    (case,) = (case for case in suite if case.find("error") is not None)
    assert case.get("name") == "every law could be tested"
    (suite,) = ElementTree.fromstring(junit(Report([result("a"), result("b", "UNTESTED", FEW, asked=False)])))
    assert (suite.get("errors"), suite.get("skipped"), len(suite)) == ("0", "1", 2)


def test_csv_counts_it_and_says_no() -> None:
    (row,) = csv.DictReader(io.StringIO(table(Report([result("a"), UNTESTED, SKIPPED]))))
    counts = {name: row[name] for name in ("ok", "verdict", "hold", "broken", "untested", "skipped")}
    assert counts == {
        "ok": "no", "verdict": UNPROVEN, "hold": "1", "broken": "0", "untested": "1", "skipped": "1",
    }  # fmt: skip


@pytest.mark.parametrize("width", [80, 120])
def test_the_word_is_never_broken(width: int) -> None:
    console = Console(width=width, file=(out := io.StringIO()))
    console.print(printed([result("a"), UNTESTED, SKIPPED]))
    lines = out.getvalue().splitlines()
    assert [word for line in lines for word in line.split() if word in {"PASS", "UNTESTED", "SKIP"}] == [
        "PASS", "UNTESTED", "SKIP",
    ]  # fmt: skip


def test_the_page_marks_it(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra report is not installed")
    report = Report([result("a"), UNTESTED, Result("a", "", "another", judges=True)])
    assert [subject.mark for subject in view.subjects(report)] == ["untested", "right"]
    report.to_html(tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert '<span class="untested">1 not shown to be right</span>' in html
    assert "wrong</span>" not in html
    assert "1 could not be tested" in html
    assert html.count(FEW) >= 3  # the headline, the table of laws, the cell of the matrix
    assert "?" in html
    Report([result("a"), UNTESTED]).to_html(tmp_path / "page.html")
    assert "mlp-core verify: not shown to be right" in (tmp_path / "page.html").read_text(encoding="utf-8")


def steps(params: Any, lr: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.SGD(params, lr=lr)


def test_an_optimizer_without_a_reference_stays_ok_and_is_said_to_have_no_formula() -> None:
    report = verify(subjects.optimizer(steps), examples=10)
    assert report.ok, [r.text() for r in report.results if r.verdict in ("FAIL", "UNTESTED")]
    assert report.verdict(report.results[0].subject) == f"lawful; {NO_FORMULA}"


def test_assert_lawful_lists_what_could_not_be_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlp_core.testing.verification.verify.verify", lambda subject, **_: Report([UNTESTED]))
    with pytest.raises(AssertionError) as caught:
        assert_lawful("f")
    assert str(caught.value).startswith(f"{UNPROVEN}\n\nUNTESTED: f: b\n")
