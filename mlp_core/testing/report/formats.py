"""A report for machines: JUnit XML for CI, and a table with one row per subject for a teacher's spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.result import Result
from mlp_core.testing.report.escape import escaped
from mlp_core.testing.report.findings import VERDICTS, Findings, lawful, not_shown

COLUMNS = (
    "subject", "ok", "verdict", "hold", "broken", "untested", "skipped", "broken laws", "what is wrong", "notes",
)  # fmt: skip

ENDINGS = {"JSON": (".json",), "JUnit XML": (".xml",), "CSV": (".csv",), "HTML": (".html", ".htm")}
"""the formats of a report, and how their file names end"""

OTHERS = {".pdf", ".xlsx", ".xls", ".ods", ".docx", ".md", ".txt", ".png", ".svg", ".py", ".ipynb"}
"""ends of file names that mean a format which no report has; a name with an unknown end is accepted"""

SHOWN = re.compile(r" \([^()]*\bentry .*\)$| \(step .*, as observed\)$")
"""the end of a diagnosis, which names the entry that shows the mistake: of a gradient, or of an update rule"""


def check_name(argument: str, path: Path | str, form: str) -> None:
    """Raise ArgumentError if the file's name ends like that of another format than `form`, a key of ENDINGS."""
    ending = Path(path).suffix.lower()
    if ending in OTHERS.union(*ENDINGS.values()) - {*ENDINGS[form]}:
        expected = f"a name that ends with {' or '.join(ENDINGS[form])}: the report is {form}"
        raise ArgumentError(argument, Path(path).name if len(str(path)) > 60 else str(path), expected)


def junit(report: Findings) -> bytes:
    """One suite per subject, one case per law. A law that does not affect the verdict becomes a skipped case with its
    finding. So does an untested law, but a further case then keeps the suite from passing.
    """
    root = ElementTree.Element("testsuites", name="mlp-core verify")
    for subject, results in report.by_subject().items():
        words = not_shown(results)
        counts = {
            "tests": len(results) + bool(words), "failures": sum(r.verdict == "FAIL" and r.asked for r in results),
            "skipped": sum(r.verdict in ("SKIP", "UNTESTED") or not r.asked for r in results),
            "errors": int(words != ""),
        }  # fmt: skip
        named = {"name": escaped(subject), **{k: str(n) for k, n in counts.items()}}
        suite = ElementTree.SubElement(root, "testsuite", named)
        for result in results:
            _case(suite, result)
        if words:
            case = ElementTree.SubElement(
                suite, "testcase", classname=escaped(subject), name="every law could be tested"
            )  # fmt: skip
            ElementTree.SubElement(case, "error", message=escaped(words))
    if report.interrupted:
        suite = ElementTree.SubElement(root, "testsuite", name="interrupted", tests="1", failures="0", errors="1")
        case = ElementTree.SubElement(suite, "testcase", classname="mlp-core verify", name="all laws are checked")
        ElementTree.SubElement(case, "error", message=f"interrupted: {report.interrupted}")
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def table(report: Findings) -> str:
    """Comma-separated values: COLUMNS, and one row per subject. A value that a spreadsheet would read as a formula is
    quoted.
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    for subject, results in report.by_subject().items():
        broken = [r for r in results if r.verdict == "FAIL"]
        counts = [sum(r.verdict == verdict for r in results) for verdict in VERDICTS]
        partly = bool(report.interrupted) and subject not in report.headlines  # those of files are complete
        ok = "yes" if lawful(results) and not partly else "no"
        row = [
            subject, ok, "interrupted" if partly and not broken else report.verdict(subject), *counts,
            "; ".join(r.law for r in broken), " | ".join(told(broken)),
            "; ".join(report.notes.get(subject, ())),
        ]  # fmt: skip
        writer.writerow([_cell(value) for value in row])
    if report.interrupted:
        writer.writerow(["", "no", f"interrupted: {report.interrupted}"])
    return written.getvalue()


def _cell(value: Any) -> Any:
    text = escaped(value)
    return f"'{text}" if isinstance(text, str) and text.lstrip().startswith(("=", "+", "-", "@")) else text


def _case(suite: ElementTree.Element, result: Result) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=escaped(result.subject), name=escaped(result.law))
    if result.verdict == "FAIL" and result.asked:
        message = escaped(f"{result.where}: got {result.got}, expected {result.expected}")
        ElementTree.SubElement(case, "failure", message=message).text = escaped(result.text())
    elif result.verdict in ("SKIP", "UNTESTED"):
        untested = "untested: " if result.verdict == "UNTESTED" else ""
        ElementTree.SubElement(case, "skipped", message=escaped(f"{untested}{result.reason}"))
    elif not result.asked:
        ElementTree.SubElement(case, "skipped", message=f"does not affect the verdict: {result.verdict}")


def diagnoses(results: Sequence[Result]) -> list[str]:
    """The named mistakes, each once; each ends with the entry of the first example that shows it."""
    named: dict[str, str] = {}
    for words in (r.diagnosis for r in results if r.diagnosis):
        named.setdefault(SHOWN.sub("", words), words)
    return list(named.values())


def told(results: Sequence[Result]) -> list[str]:
    """The mistake in words: the named mistakes, or if there are none, the observation of the first failing law."""
    named, broken = diagnoses(results), [r for r in results if r.verdict == "FAIL"]
    if named or not broken:
        return named
    first = broken[0]
    reason = "" if first.reason == "broken" else f" ({first.reason})"
    return [f"{first.where}: got {first.got}, expected {first.expected}{reason}"] if first.where else [first.reason]
