"""A failing subject on one screen: the mistake, the place, the lines at fault, and how to reproduce it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from rich.text import Text

from mlp_core.testing.engine.result import Result
from mlp_core.testing.report.escape import escaped
from mlp_core.testing.report.findings import VERDICTS
from mlp_core.testing.report.names import is_in_file

NAMED = 3
"""the number of other failing laws that are named"""

NOT_REQUIRED = "about batches broken, not required without --batch-size"
"""said about failing laws that do not affect the verdict"""

LINES = 9
"""the number of lines of a function that are shown"""

MARKS = {"writes": ">", "raises": ">", "feeds": ":"}
"""marks before lines that write the wrong value or raise, and before lines whose results went into it and are not known
to be correct"""

SAME_WORDS = {
    "writes": "> writes the wrong value", "raises": "> raises", "feeds": ": contributed to it, may be wrong",
}  # fmt: skip


def first_of(results: Sequence[Result]) -> Result:
    """The failure to show: among the laws that affect the verdict, the first failure with lines at fault, otherwise the
    first.
    """
    broken = [r for r in results if r.verdict == "FAIL"]
    asked = [r for r in broken if r.asked] or broken
    return next((r for r in asked if r.lines), asked[0])


def brief(results: Sequence[Result], subject: str, options: str, width: int, *, named: bool = False) -> Text:
    """The known facts about the failure of one subject, in a few lines. subject, options: the subject that reproduces
    it, and the further arguments in Python; named: whether its mistake is already named elsewhere on the screen.
    """
    one = first_of(results)
    rows = [
        ("law", one.statement), ("note", one.reason if one.reason != "broken" else ""), ("where", one.where),
        ("got", one.got), ("expected", one.expected), ("diagnosis", "" if named else one.diagnosis or ""),
        ("smallest", one.counterexample), ("numbers", one.numbers),
    ]  # fmt: skip
    told = [_headed(one)]
    told += [line for name, value in rows if value for line in row(name, value, width)]
    told += ["", *at_fault(one, width)] if one.lines else []
    told += ["", *repeated(one.law, subject, options)] if one.snippet else []
    return Text(escaped("\n".join(["", *told, "", *others(results, one)])))


def _headed(one: Result) -> str:
    return f"BROKEN{'' if one.asked else ' (not required)'}: {one.subject}: {one.law}"


def row(name: str, value: str, width: int) -> list[str]:
    """A name and its content, in at most two lines."""
    return textwrap.wrap(
        " ".join(value.split()), width - 1, initial_indent=f"  {name:<10} ", subsequent_indent=" " * 13, max_lines=2,
        placeholder=" ...",
    )  # fmt: skip


def repeated(law: str, subject: str, options: str) -> list[str]:
    """Lines to paste into Python that fail as the law did. For a file, which runs in a separate process, they print its
    script; for anything that can be imported, they check the law alone.
    """
    if is_in_file(subject):
        return [
            "# paste this to reproduce it", "from mlp_core.testing import verify",
            f"report = verify({subject!r}{options})",
            f"failure = next(r for r in report.results if r.law == {law!r})",
            "print(failure.snippet)  # a script with all its numbers", "exec(failure.snippet)",
        ]  # fmt: skip
    module, colon, name = subject.partition(":")
    known = [f"from {module} import {name.partition('.')[0]}"] if colon else []
    return [
        "# paste this to reproduce it", *known, "from mlp_core.testing import laws",
        f"law = next(law for law in laws({name if colon else repr(subject)}) if law.name == {law!r})",
        f"law.check({options.removeprefix(', ')})  # its message ends with a script that has all numbers",
    ]  # fmt: skip


def others(results: Sequence[Result], shown: Result) -> list[str]:
    """The names of the other failing laws, and how many laws hold."""
    broken = [r for r in results if r.verdict == "FAIL" and r is not shown]
    named = [_headed(r) for r in broken[:NAMED]]
    named += [f"and {len(broken) - NAMED} more"] if len(broken) > NAMED else []
    counts = {v: sum(r.verdict == v for r in results) for v in VERDICTS}
    words = f"FAIL: {counts['FAIL']} of {len(results)} laws broken, {counts['PASS']} hold"
    if not any(r.asked for r in results if r.verdict == "FAIL"):
        failing = f"{counts['FAIL']} law{'s' * (counts['FAIL'] > 1)} {NOT_REQUIRED}"
        words = f"PASS: {counts['PASS']} of {len(results)} laws hold; {failing}"
    words += f", {counts['UNTESTED']} could not be tested" if counts["UNTESTED"] else ""
    words += f", {counts['SKIP']} skipped" if counts["SKIP"] else ""
    return [*named, f"{words}; more: --all, --html FILE, --json FILE"]


def at_fault(result: Result, width: int, most: int = LINES) -> list[str]:
    """The function at fault with its lines marked; got and expected are shown beside the last line that writes the
    wrong value.
    """
    if result.lines is None:
        return []
    found, marks = result.lines, marks_of(result.lines)
    numbered = list(enumerate(found["source"], start=found["first"]))
    last = max((line for line, mark in marks.items() if mark != "feeds"), default=0)
    indent = min((len(s) - len(s.lstrip()) for _, s in numbered if s.strip()), default=0)
    shown = chosen([line for line, _ in numbered], marks, most)
    legend = ", ".join(words for mark, words in SAME_WORDS.items() if mark in marks.values())
    head = f"  {place(found)}  ({legend})"
    told, before = [head] if len(head) <= width else [f"  {place(found)}", f"  ({legend})"], None
    for line, text in numbered:
        if line not in shown:
            continue
        told += ["       ..."] if before is not None and line != before + 1 else []
        code = f"  {MARKS.get(marks.get(line, ''), ' ')} {line:>4}  {text[indent:]}"
        told.append(code if len(code) < width else f"{code[: width - 5]} ...")
        if line == last:
            told.append(f"{'':<10}got {result.got}, expected {result.expected}"[: width - 1])
        before = line
    elsewhere = [f"{file}, line{'s' * (len(n) > 1)} {', '.join(map(str, n))}" for file, n in found["elsewhere"]]
    also = f"{'; '.join(elsewhere)} (contributed to it, may be wrong)"
    return [*told, *(row("also", also, width) if elsewhere else [])]


def place(found: dict[str, Any]) -> str:
    """The file, and the function in it."""
    return f"{found['file']}, {found['function']}" if found["function"] else str(found["file"])


def marks_of(found: dict[str, Any]) -> dict[int, str]:
    return dict(found["marks"])


def chosen(lines: Sequence[int], marks: dict[int, str], most: int) -> set[int]:
    """The lines that are shown if there is no room for all: the marked ones, strongest first, then their neighbours."""
    if len(lines) <= most:
        return set(lines)
    strong = [line for line in lines if marks.get(line) not in (None, "feeds")]
    weak = [line for line in lines if marks.get(line) == "feeds"]
    ordered = [*strong[-most:], *sorted(weak, key=lambda line: min(abs(line - s) for s in strong or [line]))]
    near = [line + by for line in strong for by in (-1, 1) if line + by in lines]
    return set(list(dict.fromkeys([*ordered, *near]))[:most])
