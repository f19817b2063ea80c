"""Reports for machines never call a run lawful that was interrupted."""

from __future__ import annotations

import csv
import io
from xml.etree import ElementTree

from mlp_core.testing import Report, Result
from mlp_core.testing.report.formats import junit, table

DONE = [Result("a", "", "f"), Result("b", "", "f", verdict="SKIP", reason="not claimed")]


def test_an_interrupted_run_is_an_error_and_no_subject_of_it_is_ok() -> None:
    report = Report(DONE, interrupted="2 of 17 laws done")
    rows = list(csv.DictReader(io.StringIO(table(report))))
    assert [row["ok"] for row in rows] == ["no", "no"]
    assert [row["verdict"] for row in rows] == ["interrupted", "interrupted: 2 of 17 laws done"]
    (error,) = ElementTree.fromstring(junit(report)).iter("error")
    assert error.get("message") == "interrupted: 2 of 17 laws done"


def test_hand_ins_that_were_done_keep_their_verdicts() -> None:
    report = Report(DONE, headlines={"f": "lawful"}, interrupted="1 of 2 done")
    rows = list(csv.DictReader(io.StringIO(table(report))))
    assert [(row["ok"], row["verdict"]) for row in rows] == [("yes", "lawful"), ("no", "interrupted: 1 of 2 done")]


def test_a_run_to_the_end_has_neither() -> None:
    report = Report(DONE)
    assert len(table(report).splitlines()) == 2
    assert not list(ElementTree.fromstring(junit(report)).iter("error"))
